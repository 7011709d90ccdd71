//! The `scope` parameter (RFC 6749 §3.3).

use tidegate_types::ScopeSet;

/// What a client asks for. Scopes that we do not have are kept apart, never refused (clients send those of other
/// servers, and refusing breaks them); whoever decides narrows the rest and refuses when nothing is left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScopeRequest {
    /// Those that we have.
    pub scopes: ScopeSet,
    /// `offline_access`: the client wants refresh tokens (OpenID Connect Core §11).
    pub wants_offline: bool,
    /// Others, in their order: at most 20, each cut to 80 characters, printable. For the consent page's notes and the log.
    pub ignored: Vec<String>,
}

/// What a client asks refresh tokens with.
pub const OFFLINE_ACCESS: &str = "offline_access";

const MOST_IGNORED: usize = 20;
const MOST_IGNORED_LENGTH: usize = 80;

impl ScopeRequest {
    /// Reads scopes separated by spaces. Never fails.
    pub fn parse(text: &str) -> Self {
        let mut request = Self::default();
        let mut scopes = Vec::new();
        for word in text.split_ascii_whitespace() {
            if word == OFFLINE_ACCESS {
                request.wants_offline = true;
            } else if let Ok(scope) = word.parse() {
                scopes.push(scope);
            } else if request.ignored.len() < MOST_IGNORED {
                request.ignored.push(
                    word.chars()
                        .map(|char| if char.is_ascii_graphic() { char } else { '?' })
                        .take(MOST_IGNORED_LENGTH)
                        .collect(),
                );
            }
        }
        request.scopes = scopes.into_iter().collect();
        request
    }

    /// Whether it names no scope of ours, so that a default is to be used. `offline_access` alone is none.
    pub fn is_open(&self) -> bool {
        self.scopes.is_empty()
    }

    /// What is granted of `most`: what was asked for, or all of `default` when nothing of ours was asked for.
    /// Empty when nothing is left, which is `invalid_scope`.
    pub fn narrowed(&self, default: ScopeSet, most: ScopeSet) -> ScopeSet {
        let asked = if self.is_open() { default } else { self.scopes };
        asked.narrowed_to(most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidegate_types::Scope;

    use super::*;

    fn scopes(text: &str) -> ScopeSet {
        text.parse().unwrap()
    }

    #[test]
    fn ours_are_kept_others_are_noted() {
        let request =
            ScopeRequest::parse(" mcp:write openid  offline_access mcp:read mcp:write email ");
        assert_eq!(scopes("mcp:read mcp:write"), request.scopes);
        assert!(request.wants_offline);
        assert_eq!(vec!["openid", "email"], request.ignored);
    }

    #[test]
    fn a_request_without_scopes_of_ours_gets_the_default() {
        for text in [
            "",
            "  ",
            "offline_access",
            "openid profile email",
            "MCP:READ",
        ] {
            let request = ScopeRequest::parse(text);
            assert!(request.is_open(), "{text:?}");
            let granted = request.narrowed(scopes("mcp:read mcp:query"), ScopeSet::all());
            assert_eq!("mcp:read mcp:query", granted.to_string());
        }
    }

    #[test]
    fn nothing_is_left_when_all_is_too_much() {
        // What is beyond the most becomes what it includes; what has nothing below it becomes nothing.
        let wide = ScopeRequest::parse("mcp:admin");
        assert_eq!(
            "mcp:read",
            wide.narrowed(ScopeSet::all(), scopes("mcp:read"))
                .to_string()
        );
        assert!(wide.narrowed(ScopeSet::all(), ScopeSet::NONE).is_empty());
    }

    #[test]
    fn a_flood_of_words_is_cut() {
        let flood = format!(
            "{} {}",
            "x".repeat(10_000),
            "y\u{202e}\u{1b} ".repeat(10_000)
        );
        let request = ScopeRequest::parse(&flood);
        assert_eq!(MOST_IGNORED, request.ignored.len());
        assert!(
            request
                .ignored
                .iter()
                .all(|word| word.len() <= MOST_IGNORED_LENGTH
                    && word.bytes().all(|byte| byte.is_ascii_graphic()))
        );
    }

    fn any_set() -> impl Strategy<Value = ScopeSet> {
        proptest::sample::subsequence(Scope::ALL.to_vec(), 0..=4)
            .prop_map(|scopes| scopes.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_they_may_or_asked_for(text in "((mcp:(read|query|write|admin)|offline_access|x) ){0,5}", default in any_set(), most in any_set()) {
            let request = ScopeRequest::parse(&text);
            let granted = request.narrowed(default, most);
            let asked = if request.is_open() { default } else { request.scopes };
            for scope in Scope::ALL {
                prop_assert_eq!(granted.allows(scope), asked.allows(scope) && most.allows(scope));
            }
        }
    }
}
