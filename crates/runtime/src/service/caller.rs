//! Who sends a message.

use std::sync::Arc;

use tidegate_metastore::Access;
use tidegate_token_verifier::{TokenKind, VerifiedToken};
use tidegate_types::Principal;

use crate::workspace::WorkspaceHandle;

/// Who sends a message, and into which workspace: authenticated and bound.
#[derive(Clone)]
pub(crate) struct Caller {
    pub workspace: WorkspaceHandle,
    pub principal: Arc<Principal>,
    pub access: Arc<Access>,
    /// What they showed.
    pub token: Arc<VerifiedToken>,
    pub trace: TraceParent,
}

impl Caller {
    /// Whether the client itself can do something about a refusal by status, such as to ask its authorization
    /// server for more scopes. Who shows a token that people made can only be told in a result, which its model
    /// reads (ADR 4).
    pub(super) fn can_act_on_status(&self) -> bool {
        match self.token.kind {
            TokenKind::OAuth | TokenKind::External | TokenKind::Development => true,
            TokenKind::ApiToken | TokenKind::Static => false,
        }
    }
}

/// W3C trace context that came with the HTTP request.
#[derive(Debug, Clone, Default)]
pub struct TraceParent {
    /// `traceparent`.
    pub parent: Option<String>,
    /// `tracestate`.
    pub state: Option<String>,
}
