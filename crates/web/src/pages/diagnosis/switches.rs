//! The layer of feature flags: whether the service is switched off, and OAuth.
//!
//! Whoever asks is told of the deployment, and of workspaces of their own alone.

use tidegate_authorization_server::SwitchedOff;
use tidegate_pages::{Check, UntrustedText, Verdict};
use tidegate_types::WorkspaceSlug;

use crate::pages::page_request::PageRequest;

fn check(verdict: Verdict, text: String) -> Check {
    Check {
        layer: "Features",
        verdict,
        text,
    }
}

/// What is off in the whole deployment.
pub(super) async fn of_deployment(page_request: &PageRequest) -> Check {
    match page_request.gate().off().await {
        None => check(
            Verdict::Passes,
            "The MCP service and connecting apps are switched on.".into(),
        ),
        Some(SwitchedOff::Service) => check(Verdict::Refuses, words(SwitchedOff::Service, "")),
        // API tokens and other issuers' go on.
        Some(off) => check(Verdict::Notice, words(off, "")),
    }
}

/// What is off in workspaces that this person belongs to; nothing where all is on.
pub(super) async fn of_workspaces(
    page_request: &PageRequest,
    workspaces: &[WorkspaceSlug],
) -> Vec<Check> {
    let mut checks = vec![];
    for workspace in workspaces {
        if let Some(off) = page_request.gate().off_in(workspace).await {
            let verdict = match off {
                SwitchedOff::Service => Verdict::Refuses,
                SwitchedOff::OAuth | SwitchedOff::OAuthInWorkspace => Verdict::Notice,
            };
            checks.push(check(verdict, words(off, &place(workspace))));
        }
    }
    checks
}

/// Whether a token counts in its workspace; nothing where all is on.
pub(super) async fn of_token(
    page_request: &PageRequest,
    workspace: &WorkspaceSlug,
    is_by_oauth: bool,
) -> Option<Check> {
    let off = page_request.gate().off_in(workspace).await?;
    let is_refused = is_by_oauth || off == SwitchedOff::Service;
    is_refused.then(|| check(Verdict::Refuses, words(off, &place(workspace))))
}

fn place(workspace: &WorkspaceSlug) -> String {
    format!("Workspace {}: ", UntrustedText::new(workspace.as_str()))
}

fn words(off: SwitchedOff, place: &str) -> String {
    if place.is_empty() {
        return crate::pages::sentence(&off);
    }
    format!("{place}{off}.")
}
