//! Identifiers. Each is parsed once at the edge and cannot be confused with another.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An identifier that does not have the form that its kind needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {value:?} is not valid: {expected}")]
pub struct InvalidId {
    kind: &'static str,
    value: String,
    expected: &'static str,
}

impl InvalidId {
    fn new(kind: &'static str, value: &str, expected: &'static str) -> Self {
        // What came is shown, but never more than a line of it.
        Self {
            kind,
            value: value.chars().take(80).collect(),
            expected,
        }
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err(InvalidId::new($kind, text, $expected)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

text_id! {
    /// A workspace: one tenant, one metastore. A DNS label, since it may stand in a host name
    /// (RFC 1123 §2.1, lower case only).
    WorkspaceSlug, "workspace", "1 to 63 of a-z, 0-9 and -, not starting or ending with -",
    |text| {
        (1..=63).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
    }
}

text_id! {
    /// A legacy MCP session (revision 2025-11-25, Streamable HTTP, "Session Management"): visible
    /// ASCII. Ours are UUIDs of version 4 without dashes.
    SessionId, "session id", "16 to 64 of 0-9, a-z and -",
    |text| {
        (16..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }
}

text_id! {
    /// What names a token in caches and revocations: its `jti`, or the SHA-256 of the token in hex.
    /// Never the token itself.
    TokenId, "token id", "1 to 128 visible ASCII characters",
    |text| (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

text_id! {
    /// One running Tidegate process.
    NodeId, "node id", "1 to 64 of 0-9, a-z, A-Z, -, _ and .",
    |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    }
}

text_id! {
    /// A person or a service account in the manager. Means the same in every workspace, unlike [`UserId`].
    AccountId, "account id", "8 to 40 of 0-9, a-z and -",
    |text| (8..=40).contains(&text.len()) && text.bytes().all(is_lower_alphanumeric_or_dash)
}

text_id! {
    /// One authorization: an account let a client act in a workspace. Tokens carry it, and ending it ends them.
    GrantId, "grant id", "8 to 40 of 0-9, a-z and -",
    |text| (8..=40).contains(&text.len()) && text.bytes().all(is_lower_alphanumeric_or_dash)
}

text_id! {
    /// An OAuth client (RFC 6749 §2.2): a name that we gave, or the URL of its metadata document.
    ClientId, "client id", "1 to 512 visible ASCII characters",
    |text| (1..=512).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_lower_alphanumeric_or_dash(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'
}

impl AccountId {
    /// A new id; later ones sort after earlier ones (UUID version 7, RFC 9562 §5.7).
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().simple().to_string().into())
    }
}

impl Default for AccountId {
    fn default() -> Self {
        Self::new()
    }
}

impl GrantId {
    /// A new id; later ones sort after earlier ones (UUID version 7, RFC 9562 §5.7).
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().simple().to_string().into())
    }
}

impl Default for GrantId {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientId {
    /// A new random id for a client that has no name of its own: 122 bits.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string().into())
    }

    /// Whether it is the URL of a client id metadata document.
    pub fn is_url(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl SessionId {
    /// A new random session id: 122 bits from the operating system's generator.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string().into())
    }
}

impl NodeId {
    /// A new random node id.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string()[..12].into())
    }
}

/// A user's id in the workspace's metastore (`ab_user.id`). It means nothing outside its workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_slug_is_a_dns_label() {
        for good in ["a", "acme", "acme-prod-2", "0"] {
            assert_eq!(good, good.parse::<WorkspaceSlug>().unwrap().as_str());
        }
        for bad in [
            "",
            "-a",
            "a-",
            "Acme",
            "a_b",
            "a.b",
            "a/b",
            "ä",
            &"a".repeat(64),
        ] {
            assert!(
                bad.parse::<WorkspaceSlug>().is_err(),
                "{bad:?} must be refused"
            );
        }
    }

    #[test]
    fn an_error_shows_at_most_a_line_of_what_came() {
        let err = "x ".repeat(4000).parse::<WorkspaceSlug>().unwrap_err();
        assert!(err.to_string().len() < 250);
    }

    #[test]
    fn a_slug_from_json_is_validated() {
        assert!(serde_json::from_str::<WorkspaceSlug>("\"../etc\"").is_err());
    }
}
