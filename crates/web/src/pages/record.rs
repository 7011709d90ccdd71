//! What people change by pages, for the manager's audit.

use tidegate_control_plane::audit::{AuditEvent, RecordEvents};
use tidegate_types::{ClientId, WorkspaceSlug};

use super::authority::SignedIn;

/// What an event is about.
#[derive(Debug, Default)]
pub(super) struct About<'a> {
    pub client: Option<&'a ClientId>,
    pub workspace: Option<&'a WorkspaceSlug>,
    /// More, without secrets.
    pub detail: Option<String>,
}

/// Keeps an event. What was done stays done when it cannot be kept; that is for the operator.
pub(super) async fn record(by: &SignedIn, action: &str, about: About<'_>) {
    let event = AuditEvent {
        at: by.page_request.now(),
        action: action.to_owned(),
        account: Some(by.session.account.id.clone()),
        client: about.client.cloned(),
        workspace: about.workspace.cloned(),
        address: Some(by.page_request.peer.address.to_string()),
        outcome: "ok".to_owned(),
        detail: about.detail,
    };
    let kept = by
        .page_request
        .manager()
        .call(RecordEvents {
            events: vec![event],
        })
        .await;
    if let Err(err) = kept {
        tracing::error!(
            error = &err as &dyn std::error::Error,
            action,
            "an audit event was not kept"
        );
    }
}
