use askama::Template;

use crate::{AdminLayout, Paging, Timestamp, UntrustedText};

use super::WorkspacePick;

/// What was done by whom. Its filter is GET with `workspace`, `username`, `client`, `action`, `outcome` ("refused"), `from`, `until`
/// (dates), `page`; `/admin/audit.csv` and `/admin/audit.json` take the same.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/audit.html")]
pub struct AuditPage {
    /// Frame.
    pub layout: AdminLayout,
    /// What this person manages.
    pub picks: Vec<WorkspacePick>,
    /// What the filter holds.
    pub fields: AuditFields,
    /// Actions to choose from, by what they are about.
    pub actions: Vec<(&'static str, Vec<ActionOption>)>,
    /// The newest first.
    pub events: Vec<AuditLine>,
    /// Which part that is.
    pub paging: Paging,
    /// Why there can be none, in a sentence.
    pub nothing: Option<String>,
    /// Query of the exports.
    pub query: String,
}

/// The fields of the filter as they were sent.
#[derive(Debug, Clone, Default)]
pub struct AuditFields {
    /// The account that acted.
    pub username: String,
    /// About which client: its name or its id.
    pub client: String,
    /// How the action begins.
    pub action: String,
    /// Whether only what was refused.
    pub is_refused: bool,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
}

/// An action in a list to choose from.
#[derive(Debug, Clone)]
pub struct ActionOption {
    /// `sign_in.failed`.
    pub code: &'static str,
    /// "Sign-in failed".
    pub words: &'static str,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// A record.
#[derive(Debug, Clone)]
pub struct AuditLine {
    /// When it happened.
    pub at: Timestamp,
    /// What, in words.
    pub action: UntrustedText,
    /// What, as exports and the filter name it.
    pub code: UntrustedText,
    /// The account that acted.
    pub account: UntrustedText,
    /// About which client, by its name.
    pub client: UntrustedText,
    /// Query of what else was done about that client.
    pub client_query: Option<String>,
    /// In which workspace.
    pub workspace: UntrustedText,
    /// The address that the request came from.
    pub address: UntrustedText,
    /// Why it was refused, in words; empty when it was done.
    pub refusal: UntrustedText,
    /// More, in words.
    pub detail: UntrustedText,
}
