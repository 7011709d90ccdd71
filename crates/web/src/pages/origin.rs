//! Where a client comes from, in words.

use tidegate_control_plane::client::ClientKind;
use tidegate_oauth_types::RedirectUri;
use tidegate_pages::UntrustedText;
use tidegate_types::ClientId;
use url::Url;

pub(super) const fn words(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::Registered => "Made by hand",
        ClientKind::Dynamic => "Registered itself",
        ClientKind::Document => "Verified domain",
        ClientKind::Machine => "Machine",
    }
}

/// The host that a client is known by: its document's, or where its answers go.
pub(super) fn host(id: &ClientId, redirect_uris: &[String]) -> UntrustedText {
    if id.is_url() {
        let url = Url::parse(id.as_str()).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        return UntrustedText::bounded(host, 253);
    }
    let mut hosts: Vec<String> = redirect_uris
        .iter()
        .filter_map(|uri| Some(RedirectUri::parse(uri).ok()?.shown_host()))
        .collect();
    hosts.dedup();
    hosts.truncate(3);
    UntrustedText::bounded(&hosts.join(", "), 253)
}
