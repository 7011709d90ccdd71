use serde_json::json;
use tidegate_protocol::{ResourceContents, ResourceDefinition};

use super::text_of_tool;
use crate::{CallContext, Resource, ToolFailure};

const URI: &str = "instance://metadata";

/// `instance://metadata`: what the workspace holds and who asks, as `get_instance_info` gives it.
pub(crate) struct InstanceMetadata;

#[async_trait::async_trait]
impl Resource for InstanceMetadata {
    fn definition(&self) -> ResourceDefinition {
        ResourceDefinition {
            uri: URI.to_owned(),
            name: "Workspace overview".to_owned(),
            description: Some(
                "How many dashboards, charts, datasets and databases the workspace holds, what changed lately, and who \
                 you are in it. The same as the tool get_instance_info."
                    .to_owned(),
            ),
            mime_type: Some("application/json".to_owned()),
        }
    }

    async fn read(&self, context: &CallContext) -> Result<Vec<ResourceContents>, ToolFailure> {
        let text = text_of_tool(context, "get_instance_info", json!({})).await?;
        Ok(vec![ResourceContents::json(URI, text)])
    }
}
