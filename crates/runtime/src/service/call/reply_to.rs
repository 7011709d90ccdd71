//! Whom a call's answer goes to.

use std::sync::Arc;

use tidegate_metastore::Access;
use tidegate_protocol::{ProtocolVersion, RequestId};
use tidegate_token_verifier::TokenKind;
use tidegate_tools::CatalogueEntry;
use tidegate_types::Principal;

use super::Call;
use super::retry_state::ArgumentsDigest;
use crate::service::Caller;
use crate::service::operation::OperationSummary;

/// Whom a call's answer goes to, and in which form.
pub(super) struct ReplyTo {
    pub(super) id: RequestId,
    pub(super) version: ProtocolVersion,
    pub(super) tool: Option<Arc<CatalogueEntry>>,
    pub(super) summary: OperationSummary,
    pub(super) principal: Arc<Principal>,
    pub(super) access: Arc<Access>,
    /// What `requestState` of the call is bound to.
    pub(super) arguments: ArgumentsDigest,
    /// What they showed, of which they may have to be told.
    pub(super) token: TokenKind,
    pub(super) can_act_on_status: bool,
}

impl ReplyTo {
    pub(super) fn of(caller: &Caller, call: &Call) -> Self {
        Self {
            id: call.id.clone(),
            version: call.client.version,
            tool: call.operation.tool().cloned(),
            summary: call.operation.summary(),
            principal: Arc::clone(&caller.principal),
            access: Arc::clone(&caller.access),
            arguments: ArgumentsDigest::of(&call.operation, call.client.version),
            token: caller.token.kind,
            can_act_on_status: caller.can_act_on_status(),
        }
    }

    /// The tool's name, if it is one.
    pub(super) fn tool_name(&self) -> Option<&'static str> {
        self.tool.as_ref().map(|entry| entry.spec().name)
    }
}
