//! What a token may do. Scopes narrow a user's rights; they never widen them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One scope. Each includes those before it: who may write may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// `mcp:read`: see dashboards, charts, datasets, databases and their data as charts show it.
    Read,
    /// `mcp:query`: run SQL.
    Query,
    /// `mcp:write`: create and change charts, dashboards, datasets and saved queries.
    Write,
    /// `mcp:admin`: manage the workspace.
    Admin,
}

impl Scope {
    /// All scopes, narrowest first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Query, Self::Write, Self::Admin];

    /// The scope as it stands in a token's `scope` claim.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "mcp:read",
            Self::Query => "mcp:query",
            Self::Write => "mcp:write",
            Self::Admin => "mcp:admin",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A scope that Tidegate does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("scope {0:?} is unknown: use mcp:read, mcp:query, mcp:write or mcp:admin")]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| UnknownScope(text.chars().take(80).collect()))
    }
}

/// The scopes of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScopeSet(u8);

impl ScopeSet {
    /// No scope at all.
    pub const NONE: Self = Self(0);

    /// Every scope: what the development user and tokens of an issuer without Tidegate's scopes get,
    /// whose rights the metastore alone then limits.
    pub const fn all() -> Self {
        Self(0b1111)
    }

    /// Whether one of the scopes is `needed` or includes it.
    pub const fn allows(self, needed: Scope) -> bool {
        // A scope includes every narrower one, so any bit at or above the needed one will do.
        self.0 >= needed.bit()
    }

    /// The set with every narrower scope that its scopes include.
    pub fn expanded(self) -> Self {
        Scope::ALL
            .into_iter()
            .filter(|scope| self.allows(*scope))
            .collect()
    }

    /// What both sets allow, with every scope that is included.
    pub fn narrowed_to(self, most: Self) -> Self {
        Self(self.expanded().0 & most.expanded().0)
    }

    /// Whether no scope is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// A stable number for cache keys.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The scopes that are in the set, narrowest first.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.0 & scope.bit() != 0)
    }
}

impl From<Scope> for ScopeSet {
    fn from(scope: Scope) -> Self {
        Self(scope.bit())
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// As in a token: separated by spaces, narrowest first (RFC 6749 §3.3).
impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

/// As [`ScopeSet`]'s `Display`; refuses a scope that Tidegate does not have.
impl FromStr for ScopeSet {
    type Err = UnknownScope;
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split_ascii_whitespace()
            .map(str::parse::<Scope>)
            .collect()
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrowing_knows_what_scopes_include() {
        let write = ScopeSet::from(Scope::Write);
        let read = ScopeSet::from(Scope::Read);
        assert_eq!(read, write.narrowed_to(read));
        assert_eq!(
            "mcp:read mcp:query mcp:write",
            write.narrowed_to(ScopeSet::all()).to_string()
        );
        assert!(ScopeSet::NONE.narrowed_to(ScopeSet::all()).is_empty());
        assert_eq!(Ok(write.expanded()), "mcp:write mcp:read mcp:query".parse());
    }

    #[test]
    fn a_wider_scope_includes_the_narrower_and_not_the_reverse() {
        assert!(ScopeSet::from(Scope::Write).allows(Scope::Query));
        assert!(!ScopeSet::from(Scope::Read).allows(Scope::Query));
        assert!(!ScopeSet::NONE.allows(Scope::Read));
        assert!(
            Scope::ALL
                .into_iter()
                .all(|scope| ScopeSet::all().allows(scope))
        );
    }

    #[test]
    fn scopes_are_written_and_read_alike() {
        for scope in Scope::ALL {
            assert_eq!(Ok(scope), scope.as_str().parse());
        }
        assert!("mcp:everything".parse::<Scope>().is_err());
    }
}
