//! Headers as they came, without secrets.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use tidegate_pages::UntrustedText;

/// Headers that are shown.
const MOST: usize = 64;

/// Characters of a value.
const MOST_CHARS: usize = 400;

/// Values of these are left out as a whole: proxies add credentials of their own under such names.
const SECRET: [&str; 8] = [
    "auth", "cookie", "token", "secret", "key", "session", "jwt", "cert",
];

pub(super) fn shown(headers: &HeaderMap) -> Vec<(UntrustedText, UntrustedText)> {
    headers
        .iter()
        .take(MOST)
        .map(|(name, value)| (UntrustedText::new(name.as_str()), text(name, value)))
        .collect()
}

fn text(name: &HeaderName, value: &HeaderValue) -> UntrustedText {
    let is_named = SECRET.iter().any(|part| name.as_str().contains(part));
    // A JWT, or one of our own secrets, whatever its header is called.
    let looks_secret = value
        .to_str()
        .is_ok_and(|text| text.contains("eyJ") || text.contains("tg_"));
    let is_secret = is_named || looks_secret;
    let length = value.len();
    match value.to_str() {
        _ if is_secret => UntrustedText::new(&format!("[left out, {length} characters]")),
        Ok(text) => UntrustedText::bounded(text, MOST_CHARS),
        Err(_) => UntrustedText::new(&format!("[not ASCII, {length} bytes]")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_whoever_named_them() {
        let mut headers = HeaderMap::new();
        for name in [
            "authorization",
            "proxy-authorization",
            "cookie",
            "x-api-key",
            "x-forwarded-access-token",
            "x-auth-request-user",
            "mcp-session-id",
            "cf-access-jwt-assertion-secret",
        ] {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static("swordfish"),
            );
        }
        headers.insert(
            HeaderName::from_static("user-agent"),
            HeaderValue::from_static("Claude-User"),
        );
        for (name, value) in shown(&headers) {
            let is_shown = name.as_str() == "user-agent";
            assert_eq!(
                !is_shown,
                value.as_str().starts_with("[left out, 9"),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn a_jwt_is_left_out_for_its_look() {
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static("x-assertion"),
            HeaderValue::from_static("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"),
        );
        let (_, value) = shown(&headers).remove(0);
        assert!(!value.as_str().contains("eyJ"), "{value}");
    }
}
