//! What endpoints answer with.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use tidegate_types::{ExposeSecret, ScopeSet, SecretString};

use crate::SwitchedOff;

/// A token response (RFC 6749 §5.1). Serializes with its secrets: send it with `Cache-Control: no-store`.
///
/// ```json
/// {"access_token": "…", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "tg_rt_…", "scope": "mcp:read"}
/// ```
#[derive(Debug)]
pub struct TokenReply {
    /// The access token (RFC 9068).
    pub access_token: SecretString,
    /// Seconds that it is good for.
    pub expires_in: u64,
    /// The refresh token, where the grant is offline.
    pub refresh_token: Option<SecretString>,
    /// What the token allows, always given (clients compare it with what they asked for).
    pub scope: ScopeSet,
}

impl Serialize for TokenReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("access_token", self.access_token.expose_secret())?;
        map.serialize_entry("token_type", "Bearer")?;
        map.serialize_entry("expires_in", &self.expires_in)?;
        if let Some(token) = &self.refresh_token {
            map.serialize_entry("refresh_token", token.expose_secret())?;
        }
        map.serialize_entry("scope", &self.scope)?;
        map.end()
    }
}

/// A device authorization response (RFC 8628 §3.2). Serializes with its secret: send it with `Cache-Control: no-store`.
///
/// ```json
/// {"device_code": "tg_dc_…", "user_code": "XXXX-XXXX", "verification_uri": "https://…/device",
///  "verification_uri_complete": "https://…/device?user_code=XXXX-XXXX", "expires_in": 600, "interval": 5}
/// ```
#[derive(Debug)]
pub struct DeviceReply {
    /// What the device asks the token endpoint with.
    pub device_code: SecretString,
    /// What the person enters: `XXXX-XXXX`.
    pub user_code: String,
    /// Where they enter it.
    pub verification_uri: String,
    /// The same with the code in it, for a QR code.
    pub verification_uri_complete: String,
    /// Seconds that both codes are good for.
    pub expires_in: u64,
    /// Seconds between two requests to the token endpoint.
    pub interval: u64,
}

impl Serialize for DeviceReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("device_code", self.device_code.expose_secret())?;
        map.serialize_entry("user_code", &self.user_code)?;
        map.serialize_entry("verification_uri", &self.verification_uri)?;
        map.serialize_entry("verification_uri_complete", &self.verification_uri_complete)?;
        map.serialize_entry("expires_in", &self.expires_in)?;
        map.serialize_entry("interval", &self.interval)?;
        map.end()
    }
}

/// What an authorization request comes to.
pub enum Authorize {
    /// Show the consent page of this transaction, after sign-in if nobody is signed in.
    Consent {
        /// What the transaction goes by, in the path `/oauth/consent/<transaction>`.
        transaction: String,
    },
    /// Send the browser there: an answer to a client whose redirect URI was checked.
    Redirect(String),
    /// Show a page with this, status 400, and let the person choose whether to go on to the client.
    Withheld(Withheld),
    /// Show a page with this, status 400. Nothing may be sent to the client, since it or its redirect URI is not known.
    Refused(AuthorizeRefusal),
}

/// An error for a client that anybody could have registered, at a web site that nobody vouches for: sent there without a
/// click, it would lead from our address to theirs (RFC 9700 §4.11.2).
#[derive(Clone)]
pub struct Withheld {
    /// What is wrong, for people and the client.
    pub description: String,
    /// A stable code for pages.
    pub code: &'static str,
    /// The web site's host.
    pub host: String,
    /// The redirect that tells the client.
    pub redirect: String,
}

/// Without the client's `state`.
impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Withheld")
            .field("code", &self.code)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// Without transaction and without the code in a redirect.
impl fmt::Debug for Authorize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consent { .. } => f.write_str("Consent([redacted])"),
            Self::Redirect(_) => f.write_str("Redirect([redacted])"),
            Self::Withheld(withheld) => withheld.fmt(f),
            Self::Refused(refusal) => f.debug_tuple("Refused").field(refusal).finish(),
        }
    }
}

/// Why an authorization request ends on a page of ours instead of at the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeRefusal {
    /// A parameter stands twice, or the request is too large.
    #[error("the application sent a malformed request")]
    Malformed,
    /// `client_id` is missing.
    #[error("the application did not say which it is (client_id is missing)")]
    NoClient,
    /// No such client: never registered, or removed since.
    #[error(
        "this application is not registered here, or not any more: remove the connection in it, and connect again"
    )]
    UnknownClient,
    /// This server cannot reach the host of the client's metadata document. Nothing is wrong with the client.
    #[error("this server cannot reach {host}, where this application is described")]
    DocumentUnreachable {
        /// Of the client's id.
        host: String,
    },
    /// There is no metadata document at the client's id, or only by a redirect or in a network that is not asked.
    #[error(
        "the document that describes this application is not there: its client_id must answer by https"
    )]
    DocumentUnavailable,
    /// The client's metadata document is not right.
    #[error("the document that describes this application is not valid")]
    DocumentInvalid,
    /// Clients that are described by documents of this host are not let in.
    #[error("applications of this host are not allowed here: ask an administrator")]
    DocumentHostRefused,
    /// The client does not use the browser: a machine.
    #[error("this application cannot ask people: it gets tokens for itself")]
    NotForPeople,
    /// `redirect_uri` is missing, and the client has several or a local one.
    #[error("the application did not say where to send you back (redirect_uri is missing)")]
    NoRedirectUri,
    /// `redirect_uri` is not one that the client registered.
    #[error(
        "the application wants to send you to an address that it did not register (redirect_uri)"
    )]
    RedirectUriMismatch,
    /// OAuth is off.
    #[error(transparent)]
    SwitchedOff(SwitchedOff),
    /// Too many requests of this address.
    #[error(
        "too many requests: wait a minute, and start again in the application that sent you here"
    )]
    TooMany,
    /// The manager or the shared store cannot be reached.
    #[error("this cannot be done at the moment: try again in a minute")]
    Unavailable,
}

impl AuthorizeRefusal {
    /// A stable code for pages, the audit and tests.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed_request",
            Self::NoClient => "client_id_missing",
            Self::UnknownClient => "unknown_client",
            Self::DocumentUnreachable { .. } => "client_document_unreachable",
            Self::DocumentUnavailable => "client_document_unavailable",
            Self::DocumentInvalid => "client_document_invalid",
            Self::DocumentHostRefused => "client_document_host_refused",
            Self::NotForPeople => "client_not_for_people",
            Self::NoRedirectUri => "redirect_uri_missing",
            Self::RedirectUriMismatch => "redirect_uri_mismatch",
            Self::SwitchedOff(_) => "switched_off",
            Self::TooMany => "too_many_requests",
            Self::Unavailable => "unavailable",
        }
    }
}
