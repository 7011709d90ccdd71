use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of thing that a workspace holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A chart: `slices`.
    Chart,
    /// A dashboard: `dashboards`.
    Dashboard,
    /// A dataset: `tables`.
    Dataset,
    /// A database: `dbs`.
    Database,
}

impl EntityKind {
    /// `chart`, and so on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chart => "chart",
            Self::Dashboard => "dashboard",
            Self::Dataset => "dataset",
            Self::Database => "database",
        }
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EntityRef {
    /// What it is.
    pub kind: EntityKind,
    /// Its id in its table.
    pub id: i64,
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}
