use serde_json::Value;

use super::ClientMetadata;
use super::reader::{Members, Source};
use crate::OAuthError;

/// What a client without a name goes by.
const UNNAMED: &str = "Unnamed MCP client";

impl ClientMetadata {
    /// Metadata as anybody registers it (RFC 7591 §2). Tolerant where clients differ: what we do not have is left out
    /// if something usable remains, and the answer says what was kept (RFC 7591 §3.2.1). Whoever calls bounds the body.
    ///
    /// # Errors
    /// `invalid_redirect_uri`, `invalid_client_metadata` (RFC 7591 §3.2.2).
    pub fn from_registration(metadata: Value) -> Result<Self, OAuthError> {
        Members::of(metadata)?.read(Source::Registration, UNNAMED)
    }

    /// Metadata as a person gives it in the settings, or an administrator by command. As a registration, and it may be
    /// a machine's (`client_credentials`).
    ///
    /// # Errors
    /// As [`from_registration`](Self::from_registration).
    pub fn from_settings(metadata: Value) -> Result<Self, OAuthError> {
        Members::of(metadata)?.read(Source::Settings, UNNAMED)
    }
}
