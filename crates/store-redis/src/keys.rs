//! Every key and channel of Redis.
//!
//! Each is `<prefix>:{<workspace>}:<kind>…`. The braces make the workspace the hash tag: all keys of a
//! workspace lie in one slot of a cluster, so that scripts and transactions over several of them work.
//! What belongs to the deployment instead has `~` there, which cannot be a workspace.
//! Parts are joined by `:`; a part that comes from outside goes through [`bounded`], so that no text
//! can name another part's key and no key is longer than about 300 bytes.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use tidegate_store::{CacheKey, LimitScope, Plane, SessionKey, StreamKey, TicketKind, Topic};
use tidegate_types::{TokenId, UserId, WorkspaceSlug};

/// Builds keys under one prefix.
#[derive(Debug)]
pub(crate) struct Keys {
    prefix: String,
}

impl Keys {
    pub(crate) fn new(prefix: &str) -> Result<Self, &'static str> {
        let is_valid = (1..=32).contains(&prefix.len())
            && prefix
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if is_valid {
            Ok(Self {
                prefix: prefix.to_owned(),
            })
        } else {
            Err("the key prefix must have 1 to 32 of a-z, A-Z, 0-9, - and _")
        }
    }

    /// Hash: one legacy session.
    pub(crate) fn session(&self, key: &SessionKey) -> String {
        format!(
            "{}{}",
            self.session_stem(&key.workspace, key.user),
            key.session
        )
    }

    /// What precedes the session id in [`Keys::session`].
    pub(crate) fn session_stem(&self, workspace: &WorkspaceSlug, user: UserId) -> String {
        format!("{}:{{{workspace}}}:session:{user}:", self.prefix)
    }

    /// Sorted set: a user's session ids by last use.
    pub(crate) fn sessions(&self, workspace: &WorkspaceSlug, user: UserId) -> String {
        format!("{}:{{{workspace}}}:sessions:{user}", self.prefix)
    }

    /// Stream: the events of one SSE stream.
    pub(crate) fn events(&self, key: &StreamKey) -> String {
        let SessionKey {
            workspace,
            user,
            session,
        } = &key.session;
        format!(
            "{}:{{{workspace}}}:events:{user}:{session}:{}",
            self.prefix,
            key.stream.as_str()
        )
    }

    /// String: a client's answer to a request of the server.
    pub(crate) fn reply(&self, key: &SessionKey, request: &str) -> String {
        let SessionKey {
            workspace,
            user,
            session,
        } = key;
        format!(
            "{}:{{{workspace}}}:reply:{user}:{session}:{}",
            self.prefix,
            bounded(request)
        )
    }

    /// String: a finished answer.
    pub(crate) fn cache(&self, key: &CacheKey) -> String {
        format!(
            "{}:{{{}}}:cache:{}",
            self.prefix,
            key.workspace,
            hex(&key.digest)
        )
    }

    /// String: the outcome of a token's validation.
    pub(crate) fn validation(&self, workspace: &WorkspaceSlug, token: &TokenId) -> String {
        format!(
            "{}:{{{workspace}}}:validation:{}",
            self.prefix,
            bounded(token.as_str())
        )
    }

    /// String: how often outcomes of validation were forgotten.
    pub(crate) fn generations(&self, workspace: &WorkspaceSlug) -> String {
        format!("{}:{{{workspace}}}:generation", self.prefix)
    }

    /// String: when a bucket's next call is due.
    pub(crate) fn limit(&self, plane: &Plane, scope: &LimitScope) -> String {
        let tag = match plane {
            Plane::Workspace(workspace) => workspace.as_str(),
            Plane::Control => "~",
        };
        let stem = format!("{}:{{{tag}}}:limit", self.prefix);
        match scope {
            LimitScope::Tenant => format!("{stem}:tenant"),
            LimitScope::User(user) => format!("{stem}:user:{user}"),
            LimitScope::Client(client) => format!("{stem}:client:{}", bounded(client)),
            LimitScope::Tool(user, tool) => format!("{stem}:tool:{user}:{}", bounded(tool)),
            LimitScope::Everybody(endpoint) => format!("{stem}:{}:everybody", endpoint.as_str()),
            LimitScope::Address(endpoint, address) => {
                format!("{stem}:{}:address:{}", endpoint.as_str(), bounded(address))
            }
            LimitScope::Account(endpoint, account) => {
                format!("{stem}:{}:account:{account}", endpoint.as_str())
            }
            LimitScope::ClientAt(endpoint, client) => {
                format!(
                    "{stem}:{}:client:{}",
                    endpoint.as_str(),
                    bounded(client.as_str())
                )
            }
        }
    }

    /// String: a ticket.
    pub(crate) fn ticket(&self, kind: TicketKind, key: &str) -> String {
        format!(
            "{}:{{~}}:ticket:{}:{}",
            self.prefix,
            kind.as_str(),
            bounded(key)
        )
    }

    /// String: a count.
    pub(crate) fn counter(&self, name: &str) -> String {
        format!("{}:{{~}}:tally:{}", self.prefix, bounded(name))
    }

    /// Stream: the change log.
    pub(crate) fn changes(&self, workspace: &WorkspaceSlug) -> String {
        format!("{}:{{{workspace}}}:changes", self.prefix)
    }

    /// String: written now and then to see whether the server takes writes. Expires by itself.
    pub(crate) fn primary(&self) -> String {
        format!("{}:{{~}}:primary", self.prefix)
    }

    /// Publish/subscribe channel of a topic.
    pub(crate) fn channel(&self, topic: &Topic) -> String {
        match topic {
            Topic::Workspace(workspace) => format!("{}:{{{workspace}}}:relay", self.prefix),
            Topic::Session(SessionKey {
                workspace,
                user,
                session,
            }) => {
                format!("{}:{{{workspace}}}:relay:{user}:{session}", self.prefix)
            }
        }
    }
}

/// Text as a part of a key: as it is when it has up to 64 harmless characters, or else `~` and its
/// SHA-256 in hex. `~` is not harmless, so the two never meet.
fn bounded(text: &str) -> String {
    let is_harmless = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if is_harmless {
        text.to_owned()
    } else {
        format!("~{}", hex(digest(&SHA256, text.as_bytes()).as_ref()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use tidegate_store::LimitedEndpoint;

    use super::*;

    fn keys() -> Keys {
        Keys::new("tg").unwrap()
    }

    fn workspace() -> WorkspaceSlug {
        "acme".parse().unwrap()
    }

    #[test]
    fn harmless_text_stays_readable() {
        let token: TokenId = "jti-1".parse().unwrap();
        assert_eq!(
            "tg:{acme}:validation:jti-1",
            keys().validation(&workspace(), &token)
        );
    }

    #[test]
    fn free_text_is_hashed_and_bounded() {
        for text in ["a:b", "a}b{c", "", "~", "é", &"x".repeat(5_000)] {
            let key = keys().limit(
                &Plane::from(&workspace()),
                &LimitScope::Client(text.to_owned()),
            );
            let part = key.strip_prefix("tg:{acme}:limit:client:~").unwrap();
            assert_eq!(64, part.len(), "{text:.20}");
            assert!(part.bytes().all(|b| b.is_ascii_hexdigit()));
        }
    }

    #[test]
    fn a_hash_in_the_place_of_text_does_not_meet_what_it_hashes() {
        let hashed = bounded("a:b");
        assert_ne!(hashed, bounded(&hashed));
    }

    #[test]
    fn a_prefix_cannot_carry_a_hash_tag() {
        for bad in ["", "{x}", "a:b", "a b", &"x".repeat(33)] {
            assert!(Keys::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn tenants_users_and_scopes_have_own_keys() {
        let keys = keys();
        let mut all = Vec::new();
        for workspace in ["a", "a-b"] {
            let workspace: WorkspaceSlug = workspace.parse().unwrap();
            for user in [1, 11] {
                let session = SessionKey {
                    workspace: workspace.clone(),
                    user: UserId(user),
                    session: "0123456789abcdef".parse().unwrap(),
                };
                let stream = StreamKey {
                    session: session.clone(),
                    stream: "get".parse().unwrap(),
                };
                all.extend([
                    keys.session(&session),
                    keys.sessions(&workspace, UserId(user)),
                    keys.events(&stream),
                    keys.reply(&session, "1"),
                    keys.limit(&Plane::from(&workspace), &LimitScope::User(UserId(user))),
                    keys.limit(
                        &Plane::from(&workspace),
                        &LimitScope::Tool(UserId(user), "1".into()),
                    ),
                    keys.channel(&Topic::Session(session)),
                ]);
            }
            all.extend([
                keys.changes(&workspace),
                keys.generations(&workspace),
                keys.validation(&workspace, &"1".parse().unwrap()),
                keys.limit(&Plane::from(&workspace), &LimitScope::Tenant),
                keys.limit(&Plane::from(&workspace), &LimitScope::Client("1".into())),
                keys.channel(&Topic::Workspace(workspace)),
            ]);
        }
        for endpoint in LimitedEndpoint::ALL {
            let account = LimitScope::Account(endpoint, "client-1".parse().unwrap());
            let client = LimitScope::ClientAt(endpoint, "client-1".parse().unwrap());
            let address = LimitScope::Address(endpoint, "client-1".into());
            for scope in [account, client, address, LimitScope::Everybody(endpoint)] {
                all.push(keys.limit(&Plane::Control, &scope));
            }
        }
        all.extend(TicketKind::ALL.map(|kind| keys.ticket(kind, "client-1")));
        all.push(keys.counter("client-1"));
        all.push(keys.primary());
        let count = all.len();
        assert!(all.iter().all(|key| key.len() < 300));
        all.sort();
        all.dedup();
        assert_eq!(count, all.len());
    }
}
