use serde_json::Value;

use super::ClientMetadata;
use crate::{ErrorCode, OAuthError};

impl ClientMetadata {
    /// Metadata as a client registers it (RFC 7591 §2).
    ///
    /// # Errors
    /// `invalid_redirect_uri`, `invalid_client_metadata`.
    pub fn from_registration(metadata: Value) -> Result<Self, OAuthError> {
        serde_json::from_value(metadata)
            .map_err(|_| OAuthError::new(ErrorCode::InvalidClientMetadata, "not metadata"))
    }
}
