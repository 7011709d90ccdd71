//! What can be asked of the catalogue, and doing it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;
use tidegate_protocol::reply::{CacheScope, ResultBuilder, tool_result};
use tidegate_protocol::{ProtocolVersion, ResourceContents, RpcError};
use tidegate_telemetry::Count;
use tidegate_tools::{
    AnyTool, CacheRule, CallContext, Prompt, ToolFailure, ToolOutput, hide_fields,
};

use super::{Core, Produced, millis};

/// One thing to do.
pub(crate) enum Operation {
    /// `tools/call`.
    Tool {
        tool: Arc<dyn AnyTool>,
        arguments: Option<Box<RawValue>>,
    },
    /// `prompts/get`.
    Prompt {
        prompt: Arc<dyn Prompt>,
        arguments: BTreeMap<String, String>,
    },
    /// `resources/read`.
    Resource { uri: String },
}

impl Operation {
    /// The protocol method.
    pub(crate) const fn method(&self) -> &'static str {
        match self {
            Self::Tool { .. } => "tools/call",
            Self::Prompt { .. } => "prompts/get",
            Self::Resource { .. } => "resources/read",
        }
    }

    /// What it is done to: a tool, a prompt or a URI.
    pub(crate) fn target(&self) -> String {
        match self {
            Self::Tool { tool, .. } => tool.spec().name.to_owned(),
            Self::Prompt { prompt, .. } => prompt.definition().name,
            Self::Resource { uri } => uri.clone(),
        }
    }

    /// Its arguments as JSON text.
    pub(crate) fn arguments(&self) -> String {
        match self {
            Self::Tool { arguments, .. } => arguments
                .as_ref()
                .map_or_else(|| "{}".to_owned(), |arguments| arguments.get().to_owned()),
            Self::Prompt { arguments, .. } => serde_json::to_string(arguments).unwrap_or_default(),
            Self::Resource { .. } => "{}".to_owned(),
        }
    }

    /// How long a finished answer may be kept on the server, if at all.
    pub(crate) fn keep_for(&self, core: &Core) -> Option<std::time::Duration> {
        let cache = core.settings.cache.as_ref()?;
        match self {
            Self::Tool { tool, .. } => {
                let may_be_kept = tool.spec().cache == CacheRule::PerRights
                    && !cache.excluded_tools.contains(tool.spec().name);
                may_be_kept.then_some(cache.call_tool_ttl)
            }
            Self::Prompt { .. } => Some(cache.get_prompt_ttl),
            Self::Resource { .. } => Some(cache.read_resource_ttl),
        }
        .filter(|ttl| !ttl.is_zero())
    }

    /// Does it and shapes the result for the revision.
    pub(crate) async fn produce(
        self,
        core: &Core,
        context: &CallContext,
        version: ProtocolVersion,
    ) -> Result<Produced, ToolFailure> {
        match self {
            Self::Tool { tool, arguments } => {
                let output = tool.call(context, arguments.as_deref()).await?;
                let output = fit(core, context, tool.spec().name, output);
                Ok(Produced {
                    result: tool_result(&output.result, version, &core.server),
                    is_error: output.result.is_error,
                    rows: output.rows,
                    may_be_kept: !output.result.is_error,
                })
            }
            Self::Prompt { prompt, arguments } => {
                let messages = prompt.render(context, &arguments).await?;
                let result = ResultBuilder::complete(version, &core.server)
                    .optional("description", prompt.definition().description.as_ref())
                    .member("messages", &messages)
                    .finish();
                Ok(Produced {
                    result,
                    may_be_kept: true,
                    ..Produced::default()
                })
            }
            Self::Resource { uri } => {
                let contents = read_resource(context, &uri, version).await?;
                let result = ResultBuilder::complete(version, &core.server)
                    .member("contents", &contents)
                    .cacheable(millis(core.settings.client_ttl.reads), CacheScope::Private)
                    .finish();
                Ok(Produced {
                    result,
                    may_be_kept: true,
                    ..Produced::default()
                })
            }
        }
    }
}

/// Hides what the principal may not see, then makes the rest fit.
fn fit(core: &Core, context: &CallContext, tool: &str, mut output: ToolOutput) -> ToolOutput {
    let Some(entry) = core.catalogue.tool(tool) else {
        return output;
    };
    let Some(budget) = &core.settings.size else {
        hide_fields(&mut output, entry.spec(), &context.access);
        return output;
    };
    let fitted = entry.guard(output, &context.access, budget);
    if let Some(warning) = fitted.warning {
        let metrics = core.observer.metrics();
        metrics.count(if warning.is_shortened {
            Count::ResponseShortened
        } else {
            Count::ResponseWarned
        });
        tracing::info!(
            tool,
            tokens = warning.tokens,
            token_limit = warning.token_limit,
            bytes = warning.bytes,
            is_shortened = warning.is_shortened,
            "an answer is near or above its size limit",
        );
    }
    fitted.output
}

async fn read_resource(
    context: &CallContext,
    uri: &str,
    version: ProtocolVersion,
) -> Result<Vec<ResourceContents>, ToolFailure> {
    if let Some(resource) = context.catalogue.resource(uri) {
        return resource.read(context).await;
    }
    for template in context.catalogue.templates() {
        if let Some(contents) = template.read(context, uri).await? {
            return Ok(contents);
        }
    }
    Err(RpcError::resource_not_found(version, uri).into())
}
