//! What clients say of themselves, by registration and by document: refused, or kept in a form that is sound and is
//! taken again unchanged.
//!
//! Input: JSON; its `client_id`, if it is a text, is the URL that the document is at.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tidegate_oauth_types::{
    ClientMetadata, ErrorCode, GrantType, JwkSet, OAuthError, RedirectUri, TokenEndpointAuthMethod, display_name,
};
use tidegate_types::ClientId;

fuzz_target!(|input: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(input) else {
        return;
    };
    let id = value["client_id"].as_str().unwrap_or("https://example.com/client");
    let document = id.parse::<ClientId>().map(|id| ClientMetadata::from_document(&id, value.clone()));
    if let Ok(Ok(metadata)) = &document {
        assert!(!metadata.token_endpoint_auth_method.has_secret());
        assert!(!metadata.redirect_uris.is_empty());
        assert!(id.starts_with("https://") && !id.contains(['#', '\\']));
    }
    let registration = ClientMetadata::from_registration(value.clone());
    if let Ok(metadata) = &registration {
        assert!(!metadata.grant_types.contains(&GrantType::ClientCredentials));
    }
    for read in [Some(registration), Some(ClientMetadata::from_settings(value)), document.ok()] {
        match read {
            Some(Ok(metadata)) => sound(&metadata),
            Some(Err(error)) => told(&error),
            None => {}
        }
    }
});

fn sound(metadata: &ClientMetadata) {
    assert_eq!(Some(&metadata.client_name), display_name(&metadata.client_name).as_ref());
    for uri in &metadata.redirect_uris {
        let uri = RedirectUri::parse(uri).expect("what is kept can be used");
        assert!(metadata.allows_redirect(&uri));
        assert!(metadata.redirect_hosts().contains(&uri.shown_host()));
    }
    let has_code = metadata.grant_types.contains(&GrantType::AuthorizationCode);
    assert!(!has_code || !metadata.redirect_uris.is_empty());
    let has_keys = metadata.jwks_uri.is_some() || metadata.jwks.is_some();
    let proves_by_key = metadata.token_endpoint_auth_method == TokenEndpointAuthMethod::PrivateKeyJwt;
    assert_eq!(has_keys, proves_by_key);
    if let Some(jwks) = &metadata.jwks {
        assert!(!JwkSet::from_value(jwks).expect("a set").is_empty());
    }
    let json = serde_json::to_value(metadata).expect("metadata is JSON");
    assert!(json.as_object().expect("an object").values().all(|member| !member.is_null()));
    let again = ClientMetadata::from_settings(json).expect("it was taken before");
    assert_eq!(*metadata, again);
    assert_eq!(metadata.digest(), again.digest());
}

fn told(error: &OAuthError) {
    assert!(matches!(error.code, ErrorCode::InvalidClientMetadata | ErrorCode::InvalidRedirectUri));
    assert!(error.description.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
}
