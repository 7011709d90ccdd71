use serde_json::Value;
use tidegate_types::ClientId;

use super::ClientMetadata;
use crate::{ErrorCode, OAuthError};

impl ClientMetadata {
    /// Metadata as it stands in the document at the URL that is the client's id.
    ///
    /// # Errors
    /// `invalid_client_metadata`, `invalid_redirect_uri`.
    pub fn from_document(url: &ClientId, document: Value) -> Result<Self, OAuthError> {
        let _ = url;
        serde_json::from_value(document)
            .map_err(|_| OAuthError::new(ErrorCode::InvalidClientMetadata, "not metadata"))
    }
}
