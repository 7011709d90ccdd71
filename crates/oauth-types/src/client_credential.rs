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
        /// The client's id.
        id: ClientId,
    },
    /// A secret in the header (RFC 6749 §2.3.1).
    Basic {
        /// The client's id.
        id: ClientId,
        /// The secret.
        secret: SecretString,
    },
    /// A secret in the body (RFC 6749 §2.3.1).
    Post {
        /// The client's id.
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

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use tidegate_types::ExposeSecret;

    use super::*;

    fn read(header: Option<&str>, query: &str) -> Result<ClientCredential, OAuthError> {
        ClientCredential::read(header, &Parameters::parse_query(query).unwrap())
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    /// An assertion with a subject, unsigned in truth.
    fn assertion_of(subject: &str) -> String {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let header = part(r#"{"alg":"ES256"}"#);
        let claims = part(&serde_json::json!({ "sub": subject }).to_string());
        format!("{header}.{claims}.AAAA")
    }

    fn asserted(jwt: &str) -> String {
        format!("client_assertion_type={JWT_BEARER_ASSERTION}&client_assertion={jwt}")
    }

    #[test]
    fn each_way_is_read() {
        let public = read(None, "client_id=abc").unwrap();
        assert!(matches!(&public, ClientCredential::Public { id } if id.as_str() == "abc"));
        let post = read(None, "client_id=abc&client_secret=s%2B1").unwrap();
        assert!(matches!(&post, ClientCredential::Post { id, secret }
            if id.as_str() == "abc" && secret.expose_secret() == "s+1"));
        let header = read(Some(&basic("abc:s")), "").unwrap();
        assert!(matches!(&header, ClientCredential::Basic { id, secret }
            if id.as_str() == "abc" && secret.expose_secret() == "s"));
        let jwt = read(None, &asserted(&assertion_of("abc"))).unwrap();
        assert!(matches!(&jwt, ClientCredential::Assertion { id, .. } if id.as_str() == "abc"));
        let methods = [public, post, header, jwt].map(|one| one.method());
        assert_eq!(
            [
                TokenEndpointAuthMethod::None,
                TokenEndpointAuthMethod::ClientSecretPost,
                TokenEndpointAuthMethod::ClientSecretBasic,
                TokenEndpointAuthMethod::PrivateKeyJwt,
            ],
            methods
        );
    }

    #[test]
    fn both_sides_of_basic_are_form_decoded() {
        let credential = read(Some(&basic("https%3A%2F%2Fa.example%2Fc:a%3Ab+c%25")), "").unwrap();
        assert!(matches!(&credential, ClientCredential::Basic { id, secret }
            if id.as_str() == "https://a.example/c" && secret.expose_secret() == "a:b c%"));
        // A secret with a colon that was not encoded is still all after the first.
        let credential = read(Some(&basic("abc:d:e")), "").unwrap();
        assert!(
            matches!(&credential, ClientCredential::Basic { secret, .. } if secret.expose_secret() == "d:e")
        );
        assert!(read(Some(&basic("abc:s").replace("Basic ", "bAsIc   ")), "").is_ok());
    }

    #[test]
    fn a_header_without_a_secret_is_a_name_alone() {
        let credential = read(Some(&basic("abc:")), "client_id=abc").unwrap();
        assert_eq!(TokenEndpointAuthMethod::None, credential.method());
    }

    #[test]
    fn the_same_client_may_be_named_twice() {
        assert!(read(Some(&basic("abc:s")), "client_id=abc").is_ok());
        assert!(
            read(
                None,
                &format!("client_id=abc&{}", asserted(&assertion_of("abc")))
            )
            .is_ok()
        );
    }

    #[test]
    fn two_ways_or_two_clients_are_refused() {
        let jwt = asserted(&assertion_of("abc"));
        for (header, query) in [
            (Some(basic("abc:s")), "client_secret=s".to_owned()),
            (
                Some(basic("abc:s")),
                "client_id=abc&client_secret=s".to_owned(),
            ),
            (Some(basic("abc:s")), jwt.clone()),
            (None, format!("client_id=abc&client_secret=s&{jwt}")),
            (
                Some(basic("abc:")),
                "client_id=abc&client_secret=s".to_owned(),
            ),
            (Some(basic("abc:s")), "client_id=other".to_owned()),
            (None, format!("client_id=other&{jwt}")),
            (
                None,
                format!("client_assertion_type={JWT_BEARER_ASSERTION}&client_id=abc"),
            ),
            (
                None,
                format!("client_assertion={}&client_id=abc", assertion_of("abc")),
            ),
            (
                None,
                format!(
                    "client_assertion_type=saml&client_assertion={}",
                    assertion_of("abc")
                ),
            ),
        ] {
            let error = read(header.as_deref(), &query).unwrap_err();
            assert_eq!(ErrorCode::InvalidRequest, error.code, "{header:?} {query}");
        }
    }

    #[test]
    fn what_names_no_client_is_invalid_client() {
        let long = format!("Basic {}", "A".repeat(10_000));
        for (header, query) in [
            (None, String::new()),
            (None, "client_secret=s".to_owned()),
            (None, "client_id=a+b".to_owned()),
            (None, format!("client_id={}", "a".repeat(600))),
            (Some("Basic"), String::new()),
            (Some("Basic "), String::new()),
            (Some("Basic !!!"), String::new()),
            (Some("Bearer abc"), "client_id=abc".to_owned()),
            (Some(&*basic("no colon")), String::new()),
            (Some(&*basic(":secret")), String::new()),
            (Some(&*basic("a\u{0}b:s")), String::new()),
            (Some(&*basic("a%ff:s")), String::new()),
            (Some(&*long), String::new()),
            (None, asserted("not.a.jwt")),
            (None, asserted(&assertion_of(""))),
        ] {
            let error = read(header, &query).unwrap_err();
            let expected =
                if query.contains("client_assertion=&") || query.ends_with("client_assertion=") {
                    ErrorCode::InvalidRequest
                } else {
                    ErrorCode::InvalidClient
                };
            assert_eq!(expected, error.code, "{header:?} {query}");
        }
    }

    #[test]
    fn no_error_and_no_debug_shows_a_secret() {
        let credential = read(Some(&basic("abc:hunter2")), "").unwrap();
        assert!(!format!("{credential:?}").contains("hunter2"));
        for (header, query) in [
            (Some(basic("abc:hunter2")), "client_secret=hunter2"),
            (Some(basic("hunter2")), ""),
        ] {
            let error = read(header.as_deref(), query).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_or_refused(header in "\\PC{0,80}", pair in "\\PC{0,40}") {
            for header in [header.clone(), format!("Basic {header}"), basic(&pair)] {
                let _ = read(Some(&header), "");
            }
        }
    }
}
