//! What a member of a workspace may at most do through Tidegate.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Scope, ScopeSet};

/// A member's role in a workspace. It caps what tokens may do; what of it a user may really do is decided by the
/// rights that Superset gave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees.
    Viewer,
    /// Sees, and runs SQL.
    Analyst,
    /// Creates and changes as well.
    Editor,
    /// Manages the workspace as well.
    Admin,
}

impl Role {
    /// All roles, narrowest first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Analyst, Self::Editor, Self::Admin];

    /// Its name in settings, commands and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// The most that a token of such a member may do.
    pub fn scopes(self) -> ScopeSet {
        ScopeSet::from(match self {
            Self::Viewer => Scope::Read,
            Self::Analyst => Scope::Query,
            Self::Editor => Scope::Write,
            Self::Admin => Scope::Admin,
        })
        .expanded()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role that Tidegate does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("role {0:?} is unknown: use viewer, analyst, editor or admin")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(text.chars().take(80).collect()))
    }
}
