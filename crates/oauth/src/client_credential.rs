//! How a client says who it is (RFC 6749 §2.3 and §3.2.1, RFC 7521 §4.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use tidegate_types::{ClientId, SecretString};

use crate::{ClientAssertion, ErrorCode, OAuthError, Parameters, TokenEndpointAuthMethod};

/// The value of `client_assertion_type` (RFC 7523 §2.2).
pub const JWT_BEARER_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Longer headers are refused unread.
const MOST_HEADER: usize = 4096;

/// Who a client says it is, and with what it would prove that. Nothing is proved yet.
#[derive(Debug, Clone)]
pub enum ClientCredential {
    /// A name alone: a public client.
    Public {
        /// Who.
        id: ClientId,
    },
    /// A secret in the header (RFC 6749 §2.3.1).
    Basic {
        /// Who.
        id: ClientId,
        /// The secret.
        secret: SecretString,
    },
    /// A secret in the body (RFC 6749 §2.3.1).
    Post {
        /// Who.
        id: ClientId,
        /// The secret.
        secret: SecretString,
    },
    /// A signed assertion (RFC 7523 §2.2), unchecked.
    Assertion {
        /// Who, as `client_id` and the assertion's `sub` say alike; `client_id` may be absent.
        id: ClientId,
        /// The assertion.
        jwt: SecretString,
    },
}

impl ClientCredential {
    /// Reads the `Authorization` header and the parameters. `client_id` may stand beside a header that says the same.
    ///
    /// # Errors
    /// `invalid_request` when more than one method is used (RFC 6749 §2.3) or they name two clients;
    /// `invalid_client` when none names one, or the header or assertion cannot be read.
    pub fn read(
        authorization_header: Option<&str>,
        parameters: &Parameters,
    ) -> Result<Self, OAuthError> {
        let named = parameters
            .get("client_id")
            .map(str::parse::<ClientId>)
            .transpose()
            .map_err(|_| unreadable("`client_id` is not 1 to 512 visible ASCII characters"))?;
        let secret = parameters.get("client_secret");
        let assertion = parameters.get("client_assertion");
        let assertion_type = parameters.get("client_assertion_type");
        let methods = [
            authorization_header.is_some(),
            secret.is_some(),
            assertion.is_some() || assertion_type.is_some(),
        ];
        if methods.into_iter().filter(|is_used| *is_used).count() > 1 {
            return Err(OAuthError::invalid_request(
                "the client proves itself in more than one way: use one of header, client_secret, client_assertion",
            ));
        }
        let credential = if let Some(header) = authorization_header {
            Self::read_basic(header)?
        } else if let Some(jwt) = assertion {
            if assertion_type != Some(JWT_BEARER_ASSERTION) {
                return Err(OAuthError::invalid_request(
                    "`client_assertion_type` is missing or unknown: use urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ));
            }
            let id = ClientAssertion::claimed_client(jwt)
                .ok_or_else(|| unreadable("`client_assertion` names no client in `sub`"))?;
            Self::Assertion {
                id,
                jwt: jwt.into(),
            }
        } else if assertion_type.is_some() {
            return Err(OAuthError::invalid_request(
                "`client_assertion` is missing beside `client_assertion_type`",
            ));
        } else {
            let id = named
                .clone()
                .ok_or_else(|| unreadable("no client is named: send `client_id`"))?;
            match secret {
                Some(secret) => Self::Post {
                    id,
                    secret: secret.into(),
                },
                None => Self::Public { id },
            }
        };
        if named.is_some_and(|named| named != *credential.id()) {
            return Err(OAuthError::invalid_request(
                "`client_id` and what proves the client name two clients",
            ));
        }
        Ok(credential)
    }

    fn read_basic(header: &str) -> Result<Self, OAuthError> {
        let malformed =
            || unreadable("the Authorization header is not Basic with client id and secret");
        if header.len() > MOST_HEADER {
            return Err(malformed());
        }
        let (scheme, rest) = header.split_once(' ').ok_or_else(malformed)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(malformed());
        }
        let pair = STANDARD.decode(rest.trim()).map_err(|_| malformed())?;
        let pair = String::from_utf8(pair).map_err(|_| malformed())?;
        let (id, secret) = pair.split_once(':').ok_or_else(malformed)?;
        let id = form_decode(id).ok_or_else(malformed)?;
        let secret = form_decode(secret).ok_or_else(malformed)?;
        let id = id.parse().map_err(|_| malformed())?;
        if secret.is_empty() {
            return Ok(Self::Public { id });
        }
        Ok(Self::Basic {
            id,
            secret: secret.into(),
        })
    }

    /// Who the client says it is.
    pub const fn id(&self) -> &ClientId {
        match self {
            Self::Public { id }
            | Self::Basic { id, .. }
            | Self::Post { id, .. }
            | Self::Assertion { id, .. } => id,
        }
    }

    /// By which method.
    pub const fn method(&self) -> TokenEndpointAuthMethod {
        match self {
            Self::Public { .. } => TokenEndpointAuthMethod::None,
            Self::Basic { .. } => TokenEndpointAuthMethod::ClientSecretBasic,
            Self::Post { .. } => TokenEndpointAuthMethod::ClientSecretPost,
            Self::Assertion { .. } => TokenEndpointAuthMethod::PrivateKeyJwt,
        }
    }
}

fn unreadable(why: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClient, why)
}

/// RFC 6749 §2.3.1: both sides are form-encoded before base64.
fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    Some(percent_decode_str(&spaced).decode_utf8().ok()?.into_owned())
}
