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
