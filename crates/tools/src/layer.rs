use std::sync::Arc;

use serde_json::Value;

use crate::{Accepted, AnyTool, CallContext, ToolFailure, ToolOutput, ToolSpec};

/// Something of a team's own that stands around every tool call: it may refuse a call, time it, or add to what it gave.
///
/// Layers run where a tool runs: after rights, scopes, rate limits, validation of the arguments and the response cache,
/// within the call's deadline, and before fields are hidden, the size guard acts and the call is recorded. So no layer can widen
/// what somebody sees, and a layer is not asked about an answer from the cache. What it makes of an answer must depend on the call
/// and its caller alone, or the tool must not be cached.
#[async_trait::async_trait]
pub trait CallLayer: Send + Sync {
    /// Runs the call, by `call.run()`, or answers in its place. Dropping the future must stop the call.
    ///
    /// # Errors
    /// As a tool's.
    async fn call(&self, call: LayeredCall<'_>) -> Result<ToolOutput, ToolFailure>;
}

/// A call on its way through the layers to its tool.
pub struct LayeredCall<'a> {
    context: &'a CallContext,
    tool: &'a dyn AnyTool,
    arguments: Accepted,
    rest: &'a [Arc<dyn CallLayer>],
}

impl<'a> LayeredCall<'a> {
    pub(crate) fn new(
        context: &'a CallContext,
        tool: &'a dyn AnyTool,
        arguments: Accepted,
        layers: &'a [Arc<dyn CallLayer>],
    ) -> Self {
        Self {
            context,
            tool,
            arguments,
            rest: layers,
        }
    }

    /// Who calls, in which workspace, and the way back to the client.
    pub fn context(&self) -> &'a CallContext {
        self.context
    }

    /// The tool that runs.
    pub fn spec(&self) -> &ToolSpec {
        self.tool.spec()
    }

    /// The arguments that the tool gets, checked against its schema.
    pub fn arguments(&self) -> &Value {
        self.arguments.value()
    }

    /// Goes on to the next layer, and after the last one to the tool.
    ///
    /// # Errors
    /// Those of the layers below and the tool.
    pub async fn run(self) -> Result<ToolOutput, ToolFailure> {
        match self.rest.split_first() {
            Some((next, rest)) => next.call(Self { rest, ..self }).await,
            None => self.tool.call(self.context, self.arguments).await,
        }
    }
}
