//! Stage 6: the answer, as the client's revision has it.

use std::sync::Arc;

use bytes::Bytes;
use tidegate_metastore::Access;
use tidegate_protocol::content::ToolResult;
use tidegate_protocol::result::tool_result;
use tidegate_protocol::{ProtocolVersion, RequestId, reply};
use tidegate_tools::{CatalogueEntry, ToolFailure};
use tidegate_types::{Principal, ServiceCode};

use super::Call;
use super::retry_state::{self, ArgumentsDigest};
use crate::answer::Refused;
use crate::service::operation::OperationSummary;
use crate::service::{Caller, Core, Outcome, Produced, failure, notice};

/// Whom a call's answer goes to, and in which form.
pub(super) struct ReplyTo {
    pub(super) id: RequestId,
    pub(super) version: ProtocolVersion,
    pub(super) tool: Option<Arc<CatalogueEntry>>,
    pub(super) summary: OperationSummary,
    principal: Arc<Principal>,
    access: Arc<Access>,
    /// What `requestState` of the call is bound to.
    arguments: ArgumentsDigest,
    notice: Option<&'static str>,
    can_act_on_status: bool,
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
            notice: notice::of(caller),
            can_act_on_status: caller.can_act_on_status(),
        }
    }

    /// The tool's name, if it is one.
    pub(super) fn tool_name(&self) -> Option<&'static str> {
        self.tool.as_ref().map(|entry| entry.spec().name)
    }

    /// A limit that is used up: with its status, or as a result where nobody but the model could act on it.
    pub(super) fn refusal(&self, core: &Core, refused: Refused) -> Outcome {
        match (&self.tool, refused.retry_after_secs) {
            (Some(_), Some(retry_after_secs))
                if !self.can_act_on_status && refused.code == ServiceCode::RateLimited =>
            {
                let text = failure::sentence(&refused.error.message);
                let result = tool_result(&ToolResult::error(text), self.version, &core.server);
                Outcome::TryLater {
                    message: reply::success(&self.id, &notice::attach(result, self.notice)),
                    retry_after_secs,
                }
            }
            _ => Outcome::Refused(refused),
        }
    }

    pub(super) fn outcome(&self, core: &Core, computed: &Result<Produced, ToolFailure>) -> Outcome {
        match computed {
            Ok(produced) => self.answer(produced.result.clone()),
            Err(failed) => self.failure(core, failed),
        }
    }

    pub(super) fn answer(&self, result: Bytes) -> Outcome {
        let result = notice::attach(result, self.notice);
        Outcome::Message(reply::success(&self.id, &result))
    }

    pub(super) fn failure(&self, core: &Core, failed: &ToolFailure) -> Outcome {
        let asked = failure::Asked {
            id: &self.id,
            version: self.version,
            tool: self.tool.as_deref(),
            access: &self.access,
        };
        failure::outcome(core, failed, &asked, |state| {
            retry_state::seal(core, &self.principal, &self.summary, &self.arguments, state)
        })
    }
}
