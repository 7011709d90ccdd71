//! Doing an operation.

use bytes::Bytes;
use tidegate_protocol::result::{CacheScope, ResultBuilder, tool_result};
use tidegate_protocol::{ProtocolVersion, ResourceContents, RpcError};
use tidegate_tools::{CallContext, ToolFailure};

use super::CheckedOperation;
use crate::service::call::fit;
use crate::service::{Core, millis};

/// What a call produced: the result object of its answer.
#[derive(Debug, Default, Clone)]
pub(crate) struct Produced {
    /// The `result`, shaped for the client's revision.
    pub result: Bytes,
    /// Whether the model is told of a failure.
    pub is_error: bool,
    /// Rows that left a database.
    pub rows: Option<u64>,
    /// Whether it may be kept.
    pub may_be_kept: bool,
}

impl CheckedOperation {
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
