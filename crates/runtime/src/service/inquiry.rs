//! Questions about what the server has, answered at once and in the same way in both eras.

use std::sync::Arc;

use bytes::Bytes;
use tidegate_protocol::{Method, Params, ProtocolVersion, RequestId, RpcError, reply};

use super::{Caller, Core, call, completion, discover, lists};
use crate::answer::Answer;

/// A question that is answered at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inquiry {
    /// `server/discover`.
    Discover,
    /// `tools/list`.
    Tools,
    /// `resources/list`.
    Resources,
    /// `resources/templates/list`.
    Templates,
    /// `prompts/list`.
    Prompts,
    /// `completion/complete`.
    Completion,
}

impl Inquiry {
    fn method(self) -> Method {
        match self {
            Self::Discover => Method::Discover,
            Self::Tools => Method::ListTools,
            Self::Resources => Method::ListResources,
            Self::Templates => Method::ListResourceTemplates,
            Self::Prompts => Method::ListPrompts,
            Self::Completion => Method::Complete,
        }
    }
}

/// Answers a question within the caller's limits.
pub(crate) async fn answer(
    core: &Arc<Core>,
    caller: &Caller,
    version: ProtocolVersion,
    id: &RequestId,
    inquiry: Inquiry,
    params: &Params<'_>,
) -> Answer {
    let timer = core.clock.instant();
    let metrics = core.observer.metrics().method(inquiry.method().as_str());
    if let Err(refused) = call::check_limits(core, caller, id, None).await {
        metrics.failed(timer.elapsed());
        return refused.into();
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
    Answer::Json(body)
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
