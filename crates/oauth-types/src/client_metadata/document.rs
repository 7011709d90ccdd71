use serde_json::Value;
use tidegate_types::ClientId;
use url::Url;

use super::ClientMetadata;
use super::reader::{Members, Source, invalid};
use crate::OAuthError;

impl ClientMetadata {
    /// The URL that a client id is, if a client id metadata document may be there
    /// (draft-ietf-oauth-client-id-metadata-document §3): https, with a path, without fragment, user information or dot
    /// segments, and written as it is read. To be asked before anything is fetched.
    ///
    /// # Errors
    /// `invalid_client_metadata` with the rule that it breaks.
    pub fn document_url(client: &ClientId) -> Result<Url, OAuthError> {
        let text = client.as_str();
        let url = Url::parse(text).map_err(|_| invalid("`client_id` is not a URL"))?;
        if url.scheme() != "https" {
            return Err(invalid("`client_id` is not an https URL"));
        }
        if url.path() == "/" {
            return Err(invalid("`client_id` has no path"));
        }
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("`client_id` has a fragment or user information"));
        }
        // The parser takes dot segments away, lowers the host, drops :443 and turns backslashes; what it changes is
        // not what was shown, cached and compared. Encoded dots are dots to it as well.
        if url.as_str() != text {
            return Err(invalid(
                "`client_id` is not in its plain form: host in lower case, no default port, no dot segments",
            ));
        }
        if url.host_str().is_none_or(|host| host.ends_with('.')) {
            return Err(invalid("`client_id` has a host that ends with a dot"));
        }
        Ok(url)
    }

    /// Metadata as it stands in the document at the URL that is the client's id
    /// (draft-ietf-oauth-client-id-metadata-document §4). Whoever fetches bounds the body.
    ///
    /// # Errors
    /// `invalid_client_metadata`, `invalid_redirect_uri`: `client_id` is not exactly the URL, name or redirect URIs are
    /// missing, or a shared secret is used.
    pub fn from_document(client: &ClientId, document: Value) -> Result<Self, OAuthError> {
        Self::document_url(client)?;
        let members = Members::of(document)?;
        if members.text("client_id")? != Some(client.as_str()) {
            return Err(invalid(
                "the document's `client_id` is not the URL that it was fetched from",
            ));
        }
        if members.has("client_secret") || members.has("client_secret_expires_at") {
            return Err(invalid(
                "the document holds a `client_secret`: anybody can read it",
            ));
        }
        let metadata = members.read(Source::Document, "")?;
        if metadata.client_name.is_empty() {
            return Err(invalid("the document has no `client_name`"));
        }
        if metadata.redirect_uris.is_empty() {
            return Err(invalid("the document has no `redirect_uris`"));
        }
        Ok(metadata)
    }
}
