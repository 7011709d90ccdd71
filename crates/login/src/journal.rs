//! What the audit of the manager is told: the true reasons, which nobody else hears.

use std::sync::Arc;

use tidegate_control_plane::Manager;
use tidegate_control_plane::audit::{AuditEvent, RecordEvents};
use tidegate_types::{AccountId, Clock, Peer, WorkspaceSlug};

/// Writes records. That one cannot be written is logged, and stops nobody from signing in or out.
#[derive(Clone)]
pub(crate) struct Journal {
    manager: Manager,
    clock: Arc<dyn Clock>,
}

/// One record to be.
pub(crate) struct Entry<'a> {
    pub(crate) action: &'static str,
    pub(crate) outcome: &'a str,
    pub(crate) account: Option<&'a AccountId>,
    pub(crate) workspace: Option<&'a WorkspaceSlug>,
    pub(crate) peer: Option<&'a Peer>,
    /// Without secrets, and without what somebody typed: people type passwords into fields of names.
    pub(crate) detail: Option<String>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(action: &'static str, outcome: &'a str) -> Self {
        Self {
            action,
            outcome,
            account: None,
            workspace: None,
            peer: None,
            detail: None,
        }
    }

    pub(crate) fn by(self, account: &'a AccountId) -> Self {
        Self {
            account: Some(account),
            ..self
        }
    }

    pub(crate) fn from(self, peer: &'a Peer) -> Self {
        Self {
            peer: Some(peer),
            ..self
        }
    }

    pub(crate) fn at(self, workspace: &'a WorkspaceSlug) -> Self {
        Self {
            workspace: Some(workspace),
            ..self
        }
    }

    pub(crate) fn with(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }
}

impl Journal {
    pub(crate) fn new(manager: Manager, clock: Arc<dyn Clock>) -> Self {
        Self { manager, clock }
    }

    pub(crate) async fn note(&self, entry: Entry<'_>) {
        let action = entry.action;
        let event = AuditEvent {
            at: self.clock.unix_secs(),
            action: action.to_owned(),
            account: entry.account.cloned(),
            client: None,
            workspace: entry.workspace.cloned(),
            address: entry.peer.map(|peer| peer.address.to_string()),
            outcome: entry.outcome.to_owned(),
            detail: entry.detail,
        };
        let events = vec![event];
        if let Err(err) = Box::pin(self.manager.call(RecordEvents { events })).await {
            let err: &(dyn std::error::Error + 'static) = &err;
            tracing::warn!(error = err, action, "could not record a sign-in event");
        }
    }
}
