use std::collections::BTreeMap;

use tidegate_protocol::{PromptDefinition, PromptMessage};

use crate::{CallContext, ToolFailure};

/// A prompt of the catalogue.
#[async_trait::async_trait]
pub trait Prompt: Send + Sync {
    /// As `prompts/list` shows it.
    fn definition(&self) -> PromptDefinition;

    /// The messages. Required arguments are present.
    async fn render(
        &self,
        context: &CallContext,
        arguments: &BTreeMap<String, String>,
    ) -> Result<Vec<PromptMessage>, ToolFailure>;

    /// Values of an argument that begin with what was typed (`completion/complete`), at most 100.
    async fn complete(
        &self,
        _context: &CallContext,
        _argument: &str,
        _typed: &str,
    ) -> Result<Vec<String>, ToolFailure> {
        Ok(Vec::new())
    }
}
