//! What can be asked of the catalogue, and doing it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tidegate_protocol::result::{CacheScope, ResultBuilder, tool_result};
use tidegate_protocol::{Method, ProtocolVersion, ResourceContents, RpcError};
use tidegate_tools::{
    Accepted, CacheRule, CallArguments, CallContext, CatalogueEntry, Prompt, ToolFailure, Touches,
};

use super::call::fit;
use super::{Core, Produced, millis};

/// One thing to do.
pub(crate) enum Operation {
    /// `tools/call`.
    Tool {
        entry: Arc<CatalogueEntry>,
        /// As they came, read.
        arguments: CallArguments,
        /// Whether the call came through `call_tool`.
        is_indirect: bool,
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
        entry: Arc<CatalogueEntry>,
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

/// What an operation is called by. Cheap to clone.
#[derive(Clone)]
pub(crate) struct OperationSummary {
    /// The protocol method.
    pub method: Method,
    /// A tool, a prompt or a URI.
    pub target: Arc<str>,
}

impl Operation {
    /// For records and seals.
    pub(crate) fn summary(&self) -> OperationSummary {
        match self {
            Self::Tool { entry, .. } => OperationSummary {
                method: Method::CallTool,
                target: entry.spec().name.into(),
            },
            Self::Prompt { prompt, .. } => OperationSummary {
                method: Method::GetPrompt,
                target: prompt.definition().name.into(),
            },
            Self::Resource { uri } => OperationSummary {
                method: Method::ReadResource,
                target: uri.as_str().into(),
            },
        }
    }

    /// The arguments as they came, for records and seals; none are the same as no members.
    pub(crate) fn arguments(&self) -> Cow<'_, Value> {
        match self {
            Self::Tool { arguments, .. } => Cow::Borrowed(arguments.value()),
            Self::Prompt { arguments, .. } => {
                let members = arguments
                    .iter()
                    .map(|(name, text)| (name.clone(), Value::from(text.as_str())));
                Cow::Owned(Value::Object(members.collect()))
            }
            Self::Resource { .. } => Cow::Owned(Value::Object(serde_json::Map::new())),
        }
    }

    /// The tool, if it is one.
    pub(crate) fn tool(&self) -> Option<&Arc<CatalogueEntry>> {
        match self {
            Self::Tool { entry, .. } => Some(entry),
            Self::Prompt { .. } | Self::Resource { .. } => None,
        }
    }

    /// Checks the arguments.
    ///
    /// # Errors
    /// `InvalidArguments`; nothing was done.
    pub(crate) fn check(self) -> Result<CheckedOperation, ToolFailure> {
        Ok(match self {
            Self::Tool {
                entry, arguments, ..
            } => CheckedOperation::Tool {
                arguments: entry
                    .tool()
                    .accept(arguments)
                    .map_err(ToolFailure::InvalidArguments)?,
                entry,
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
            Self::Tool { entry, .. } => entry.spec().touches == Touches::Databases,
            Self::Prompt { .. } | Self::Resource { .. } => true,
        }
    }

    /// How long a finished answer may be kept on the server, if at all.
    pub(crate) fn keep_for(&self, core: &Core) -> Option<std::time::Duration> {
        let cache = core.settings.cache.as_ref()?;
        match self {
            Self::Tool { entry, .. } => {
                let spec = entry.spec();
                let may_be_kept =
                    spec.cache == CacheRule::PerRights && !cache.excluded_tools.contains(spec.name);
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
            Self::Tool { entry, arguments } => {
                let output = entry.call(context, arguments).await?;
                let output = fit(core, &context.access, &entry, output);
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
