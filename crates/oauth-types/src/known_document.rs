//! Client id metadata documents that are known beforehand, for servers that cannot fetch them.

use serde_json::json;
use tidegate_types::ClientId;

use crate::{ClientMetadata, RedirectKind, RedirectUri, presets};

/// What the document at a client's id says, if it is that of a common program ([`presets`]) that codes go to on the
/// person's own machine alone.
///
/// Only for who cannot ask: what the host says counts before it. It lets in nobody whom the host would not: any program
/// of that machine can take such a code, whatever it says that it is, and who forges the document gains nothing by it.
pub fn known_document(client: &ClientId) -> Option<ClientMetadata> {
    let preset = presets()
        .iter()
        .find(|preset| preset.client_id_url.as_deref() == Some(client.as_str()))?;
    let is_local = |uri: &String| {
        RedirectUri::parse(uri).is_ok_and(|uri| uri.kind() == RedirectKind::Loopback)
    };
    if preset.redirect_uris.is_empty() || !preset.redirect_uris.iter().all(is_local) {
        return None;
    }
    let document = json!({
        "client_id": client.as_str(),
        "client_name": preset.title,
        "redirect_uris": preset.redirect_uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    ClientMetadata::from_document(client, document).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenEndpointAuthMethod;

    #[test]
    fn a_program_of_the_person_s_own_machine_is_known() {
        let client = "https://claude.ai/oauth/claude-code-client-metadata";
        let known = known_document(&client.parse().unwrap()).unwrap();
        assert_eq!("Claude Code", known.client_name);
        assert_eq!(
            TokenEndpointAuthMethod::None,
            known.token_endpoint_auth_method
        );
        for uri in [
            "http://localhost:33418/callback",
            "http://127.0.0.1:1/callback",
        ] {
            assert!(known.allows_redirect(&RedirectUri::parse(uri).unwrap()));
        }
        for uri in [
            "http://localhost:33418/other",
            "https://claude.ai/callback",
            "http://192.168.0.1/callback",
        ] {
            assert!(!RedirectUri::parse(uri).is_ok_and(|uri| known.allows_redirect(&uri)));
        }
    }

    #[test]
    fn nothing_else_is() {
        for client in [
            "https://claude.ai/oauth/other",
            "https://claude.ai/oauth/claude-code-client-metadata/",
            "https://evil.example/oauth/claude-code-client-metadata",
            "claude-code",
        ] {
            assert_eq!(None, known_document(&client.parse().unwrap()), "{client}");
        }
        for preset in presets() {
            let Some(url) = &preset.client_id_url else {
                continue;
            };
            let known = known_document(&url.parse().unwrap());
            let is_local = preset.redirect_uris.iter().all(|uri| {
                uri.starts_with("http://127.0.0.1") || uri.starts_with("http://localhost")
            });
            assert_eq!(is_local, known.is_some(), "{}", preset.id);
        }
    }
}
