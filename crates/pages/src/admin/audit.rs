use askama::Template;

use crate::{Desk, Foreign, Moment};

use super::WorkspacePick;

/// What was done by whom. Its filter is GET with `workspace`, `username`, `client`, `action`, `from`, `until` (dates), `page`;
/// `/admin/audit.csv` and `/admin/audit.json` take the same.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/audit.html")]
pub struct AuditPage {
    /// Frame.
    pub desk: Desk,
    /// What this person manages.
    pub picks: Vec<WorkspacePick>,
    /// What the filter holds.
    pub fields: AuditFields,
    /// The newest first.
    pub events: Vec<AuditLine>,
    /// Query of the page after this one.
    pub older: Option<String>,
    /// Query of the page before this one.
    pub newer: Option<String>,
    /// Query of the exports.
    pub query: String,
}

/// The fields of the filter as they were sent.
#[derive(Debug, Clone, Default)]
pub struct AuditFields {
    /// By whom.
    pub username: String,
    /// About which client.
    pub client: String,
    /// How the action begins.
    pub action: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
}

/// A record.
#[derive(Debug, Clone)]
pub struct AuditLine {
    /// When.
    pub at: Moment,
    /// What.
    pub action: Foreign,
    /// By whom.
    pub account: Foreign,
    /// About which client.
    pub client: Foreign,
    /// In which workspace.
    pub workspace: Foreign,
    /// From where.
    pub address: Foreign,
    /// `ok`, or why not.
    pub outcome: Foreign,
    /// More.
    pub detail: Foreign,
}

impl AuditLine {
    fn is_ok(&self) -> bool {
        self.outcome.as_str() == "ok"
    }
}
