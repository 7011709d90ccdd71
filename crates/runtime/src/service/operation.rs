//! What can be asked of the catalogue, and doing it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;
use tidegate_metastore::Access;
use tidegate_protocol::reply::{CacheScope, ResultBuilder, tool_result};
use tidegate_protocol::{ProtocolVersion, ResourceContents, RpcError};
use tidegate_telemetry::Count;
use tidegate_tools::{
    Accepted, AnyTool, CacheRule, CallContext, Prompt, ToolFailure, ToolOutput, Touches,
    hide_fields,
};

use super::{Core, Produced, millis};

/// One thing to do.
pub(crate) enum Operation {
    /// `tools/call`.
    Tool {
        tool: Arc<dyn AnyTool>,
        /// As they came.
        arguments: Option<Arc<RawValue>>,
    },
    /// `prompts/get`.
    Prompt {
        prompt: Arc<dyn Prompt>,
        arguments: BTreeMap<String, String>,
    },
    /// `resources/read`.
    Resource { uri: String },
}

/// The same with arguments that were checked.
pub(crate) enum CheckedOperation {
    Tool {
        tool: Arc<dyn AnyTool>,
        arguments: Accepted,
    },
    Prompt {
        prompt: Arc<dyn Prompt>,
        arguments: BTreeMap<String, String>,
    },
    Resource {
        uri: String,
    },
}

/// What records and seals say of an operation. Cheap to clone.
#[derive(Clone)]
pub(crate) struct OperationSummary {
    /// The protocol method.
    pub method: &'static str,
    /// A tool, a prompt or a URI.
    pub target: Arc<str>,
    /// The arguments as they came; none is the same as no members.
    pub arguments: Option<Arc<RawValue>>,
}

impl OperationSummary {
    /// The arguments as JSON text.
    pub(crate) fn arguments(&self) -> &str {
        self.arguments
            .as_ref()
            .map_or("{}", |arguments| arguments.get())
    }
}

impl Operation {
    /// For records and seals.
    pub(crate) fn summary(&self) -> OperationSummary {
        match self {
            Self::Tool { tool, arguments } => OperationSummary {
                method: "tools/call",
                target: tool.spec().name.into(),
                arguments: arguments.clone(),
            },
            Self::Prompt { prompt, arguments } => OperationSummary {
                method: "prompts/get",
                target: prompt.definition().name.into(),
                // Texts by name always serialize.
                arguments: serde_json::value::to_raw_value(arguments)
                    .ok()
                    .map(Arc::from),
            },
            Self::Resource { uri } => OperationSummary {
                method: "resources/read",
                target: uri.as_str().into(),
                arguments: None,
            },
        }
    }

    /// The tool's name, if it is one.
    pub(crate) fn tool(&self) -> Option<&'static str> {
        match self {
            Self::Tool { tool, .. } => Some(tool.spec().name),
            Self::Prompt { .. } | Self::Resource { .. } => None,
        }
    }

    /// Checks the arguments.
    ///
    /// # Errors
    /// `InvalidArguments`; nothing was done.
    pub(crate) fn check(self) -> Result<CheckedOperation, ToolFailure> {
        Ok(match self {
            Self::Tool { tool, arguments } => CheckedOperation::Tool {
                arguments: tool
                    .accept(arguments.as_deref())
                    .map_err(ToolFailure::InvalidArguments)?,
                tool,
            },
            Self::Prompt { prompt, arguments } => CheckedOperation::Prompt { prompt, arguments },
            Self::Resource { uri } => CheckedOperation::Resource { uri },
        })
    }
}

impl CheckedOperation {
    /// Whether it may wait for a database.
    pub(crate) fn touches_databases(&self) -> bool {
        match self {
            Self::Tool { tool, .. } => tool.spec().touches == Touches::Databases,
            Self::Prompt { .. } | Self::Resource { .. } => true,
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
                let output = tool.call(context, arguments).await?;
                let output = fit(core, &context.access, tool.spec().name, output);
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
pub(crate) fn fit(
    core: &Core,
    access: &Arc<Access>,
    tool: &str,
    mut output: ToolOutput,
) -> ToolOutput {
    let Some(entry) = core.catalogue.tool(tool) else {
        return output;
    };
    let Some(budget) = &core.settings.size else {
        hide_fields(&mut output, entry.spec(), access);
        return output;
    };
    let fitted = entry.guard(output, access, budget);
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
