//! Redirect URIs: whatever passes is read alike by a browser, and two match only if a browser goes to the same place,
//! but for a loopback port.
//!
//! Input: two lines, what is registered and what a request brings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_oauth_types::{RedirectKind, RedirectUri};
use url::Url;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (registered, requested) = text.split_once('\n').unwrap_or((text, text));
    let registered = RedirectUri::parse(registered).map(checked);
    let requested = RedirectUri::parse(requested).map(checked);
    let (Ok(registered), Ok(requested)) = (registered, requested) else {
        return;
    };
    let matches = requested.matches_registered(&registered);
    assert_eq!(matches, registered.matches_registered(&requested));
    if requested.kind() != RedirectKind::PrivateScheme {
        let place = |uri: &RedirectUri| {
            let mut url = Url::parse(uri.as_str()).expect("a web URL");
            if uri.kind() == RedirectKind::Loopback {
                url.set_port(None).expect("a web URL has ports");
            }
            url
        };
        assert_eq!(matches, place(&registered) == place(&requested));
    } else if matches {
        let rest = |uri: &RedirectUri| uri.as_str().split_once(':').map(|(_, rest)| rest.to_lowercase());
        assert_eq!(rest(&registered), rest(&requested));
    }
});

fn checked(uri: RedirectUri) -> RedirectUri {
    let text = uri.as_str();
    assert!(text.is_ascii() && !text.contains(['#', '\\', ' ', '"', '<', '>']));
    assert!(!text.bytes().any(|byte| byte.is_ascii_control()));
    let browser = Url::parse(text).expect("browsers read it");
    assert_eq!(browser.scheme(), uri.scheme());
    assert!(!["javascript", "data", "file", "vbscript", "blob", "about"].contains(&browser.scheme()));
    assert!(browser.username().is_empty() && browser.password().is_none() && browser.fragment().is_none());
    if uri.kind() != RedirectKind::PrivateScheme {
        assert_eq!(browser.host_str(), Some(&*uri.shown_host()));
        assert!(browser.scheme() == "https" || uri.kind() == RedirectKind::Loopback);
    }
    assert_eq!(uri.host_parts().to_string(), uri.shown_host());
    let answer = uri.with_parameters(&[("code", "a b&c"), ("state", text)]);
    let pairs: Vec<_> = Url::parse(&answer).expect("still a URL").query_pairs().into_owned().collect();
    let (code, state) = (&pairs[pairs.len() - 2], &pairs[pairs.len() - 1]);
    assert_eq!(("code", "a b&c"), (&*code.0, &*code.1));
    assert_eq!(("state", text), (&*state.0, &*state.1));
    assert_eq!(1, pairs.iter().filter(|(name, _)| name == "code").count());
    uri
}
