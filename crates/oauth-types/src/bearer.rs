/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1), whose scheme is read in any case; `None` for another
/// scheme. The token may be empty.
///
/// ```
/// assert_eq!(Some("abc"), tidegate_oauth_types::bearer_token("bearer abc"));
/// assert_eq!(None, tidegate_oauth_types::bearer_token("Basic abc"));
/// ```
pub fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
