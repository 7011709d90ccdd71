//! Parameters of a request, read as others read them or refused, and every request that is made of them.
//!
//! Input: two lines, the `Authorization` header (an empty line is none) and the form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_oauth_types::{
    AuthorizationRequest, ClientCredential, ErrorCode, OAuthError, Parameters, Resource, ScopeRequest, TokenRequest,
};

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(2, |byte| *byte == b'\n');
    let header = lines.next().unwrap_or_default();
    let form = lines.next().unwrap_or_default();
    let parameters = match Parameters::parse_form(form) {
        Ok(parameters) => parameters,
        Err(error) => return told(&error),
    };
    let pairs: Vec<_> = url::form_urlencoded::parse(form).collect();
    let has_control = |(name, value): &(_, _)| [name, value].into_iter().any(|text: &std::borrow::Cow<str>| text.contains(char::is_control));
    assert!(!pairs.iter().filter(|(_, value)| !value.is_empty()).any(has_control));
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        assert_eq!(Some(&**value), parameters.get(name));
    }
    assert!(parameters.names().all(|name| pairs.iter().any(|(other, _)| other == name)));

    if let Ok(request) = AuthorizationRequest::parse(&parameters) {
        assert_eq!(Some(request.client_id.as_str()), parameters.get("client_id"));
        match request.asked {
            Ok(asked) => {
                assert_eq!(Some("code"), parameters.get("response_type"));
                assert_eq!(Some(&*asked.challenge.to_string()), parameters.get("code_challenge"));
            }
            Err(error) => told(&error),
        }
    }
    if let Err(error) = TokenRequest::parse(&parameters) {
        told(&error);
    }
    let header = std::str::from_utf8(header).ok().filter(|text| !text.is_empty());
    match ClientCredential::read(header, &parameters) {
        Ok(credential) => {
            let named = parameters.get("client_id");
            assert!(named.is_none_or(|id| id == credential.id().as_str()));
        }
        Err(error) => {
            assert!(matches!(error.code, ErrorCode::InvalidClient | ErrorCode::InvalidRequest));
            told(&error);
        }
    }
    for name in ["resource", "scope"] {
        let Some(text) = parameters.get(name) else {
            continue;
        };
        if let Ok(resource) = Resource::parse(text) {
            assert_eq!(Ok(resource.clone()), Resource::parse(resource.as_str()));
            assert!(resource.well_known().contains("/.well-known/oauth-protected-resource"));
        }
        let request = ScopeRequest::parse(text);
        assert!(request.ignored.len() <= 20);
    }
});

fn told(error: &OAuthError) {
    assert!(error.description.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    assert!(error.description.len() <= 400);
}
