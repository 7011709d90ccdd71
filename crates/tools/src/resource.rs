use tidegate_protocol::{ResourceContents, ResourceDefinition, ResourceTemplateDefinition};

use crate::{CallContext, ToolFailure};

/// A resource with a fixed URI.
#[async_trait::async_trait]
pub trait Resource: Send + Sync {
    /// As `resources/list` shows it.
    fn definition(&self) -> ResourceDefinition;

    /// What it says to this principal.
    async fn read(&self, context: &CallContext) -> Result<Vec<ResourceContents>, ToolFailure>;
}

/// Resources whose URIs follow a template.
#[async_trait::async_trait]
pub trait ResourceTemplate: Send + Sync {
    /// As `resources/templates/list` shows it.
    fn definition(&self) -> ResourceTemplateDefinition;

    /// What the resource says, or `None` when the URI is not one of this template's.
    async fn read(
        &self,
        context: &CallContext,
        uri: &str,
    ) -> Result<Option<Vec<ResourceContents>>, ToolFailure>;
}
