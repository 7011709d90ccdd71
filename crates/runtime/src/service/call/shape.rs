//! Stage 6: the answer, as the client's revision has it.

use bytes::Bytes;
use tidegate_protocol::content::ToolResult;
use tidegate_protocol::reply;
use tidegate_protocol::result::tool_result;
use tidegate_tools::ToolFailure;
use tidegate_types::ServiceCode;

use super::reply_to::ReplyTo;
use super::retry_state;
use crate::answer::Refused;
use crate::service::{Core, Outcome, Produced, failure, notice};

impl ReplyTo {
    /// A limit that is used up: with its status, or as a result where nobody but the model could act on it.
    pub(super) fn refusal(&self, core: &Core, refused: Refused) -> Outcome {
        match (&self.tool, refused.retry_after_secs) {
            (Some(_), Some(retry_after_secs))
                if !self.can_act_on_status && refused.code == ServiceCode::RateLimited =>
            {
                let text = failure::sentence(&refused.error.message);
                let result = tool_result(&ToolResult::error(text), self.version, &core.server);
                Outcome::TryLater {
                    message: self.message(result),
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
        Outcome::Message(self.message(result))
    }

    fn message(&self, result: Bytes) -> Bytes {
        let result = notice::attach(result, notice::of(self.token));
        reply::success(&self.id, &result)
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
