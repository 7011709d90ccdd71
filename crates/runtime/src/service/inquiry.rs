//! Questions about what the server has, answered at once and in the same way in both eras.

use std::sync::Arc;

use bytes::Bytes;
use tidegate_protocol::ladder::Params;
use tidegate_protocol::{ProtocolVersion, RequestId, RpcError, reply};

use super::{Caller, Core, call, completion, discover, lists};
use crate::answer::Answer;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inquiry {
    Discover,
    Tools,
    Resources,
    Templates,
    Prompts,
    Completion,
}

impl Inquiry {
    fn of(method: &str, version: ProtocolVersion) -> Option<Self> {
        Some(match method {
            "server/discover" if version.is_modern() => Self::Discover,
            "tools/list" => Self::Tools,
            "resources/list" => Self::Resources,
            "resources/templates/list" => Self::Templates,
            "prompts/list" => Self::Prompts,
            "completion/complete" => Self::Completion,
            _ => return None,
        })
    }
}

/// Answers a question within the caller's limits. `None`: the method asks none.
pub(crate) async fn answer(
    core: &Arc<Core>,
    caller: &Caller,
    version: ProtocolVersion,
    id: &RequestId,
    method: &str,
    params: &Params<'_>,
) -> Option<Answer> {
    let inquiry = Inquiry::of(method, version)?;
    let timer = core.clock.instant();
    let metrics = core.observer.metrics().method(method);
    if let Err(refused) = call::check_limits(core, caller, id, None).await {
        metrics.failed(timer.elapsed());
        return Some(refused.into());
    }
    let result = match inquiry {
        Inquiry::Discover => Ok(discover::discover(core, caller, version)),
        Inquiry::Tools => lists::tools(core, caller, version, params),
        Inquiry::Resources => lists::resources(core, version, params),
        Inquiry::Templates => lists::templates(core, version, params),
        Inquiry::Prompts => lists::prompts(core, version, params),
        Inquiry::Completion => complete(core, caller, version, params).await,
    };
    let body = match result {
        Ok(result) => {
            metrics.succeeded(timer.elapsed());
            reply::success(id, &result)
        }
        Err(error) => {
            metrics.failed(timer.elapsed());
            reply::failure(Some(id), &error)
        }
    };
    Some(Answer::Json(body))
}

async fn complete(
    core: &Arc<Core>,
    caller: &Caller,
    version: ProtocolVersion,
    params: &Params<'_>,
) -> Result<Bytes, RpcError> {
    let context = call::quiet_context(core, caller, version);
    completion::complete(core, &context, version, params).await
}
