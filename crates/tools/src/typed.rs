use std::sync::Arc;

use serde_json::value::to_raw_value;
use tidegate_protocol::ToolDefinition;
use tidegate_protocol::content::{ContentBlock, ToolResult};

use crate::arguments::{Accepted, ArgumentSchema, CallArguments, UnsupportedSchema};
use crate::tool::{AnyTool, Tool, ToolFuture, ToolOutput};
use crate::{ArgumentProblem, CallContext, ToolFailure, ToolSpec};

/// A typed tool as the catalogue holds it: its schema compiled, its definition made once.
pub(crate) struct TypedTool<T> {
    tool: T,
    schema: ArgumentSchema,
    definition: Arc<ToolDefinition>,
}

impl<T: Tool> TypedTool<T> {
    /// # Errors
    /// The schema of the arguments cannot be held by the checker.
    pub(crate) fn new(tool: T) -> Result<Self, UnsupportedSchema> {
        let schema = ArgumentSchema::of::<T::Arguments>(T::LAYOUT)?;
        let definition = Arc::new(T::SPEC.definition(schema.published().clone()));
        Ok(Self {
            tool,
            schema,
            definition,
        })
    }

    async fn run(
        &self,
        context: &CallContext,
        accepted: Accepted,
    ) -> Result<ToolOutput, ToolFailure> {
        let ignored = note_on_ignored(accepted.ignored());
        let arguments = accepted.read().map_err(ToolFailure::InvalidArguments)?;
        let answer = self.tool.call(context, arguments).await?;
        let rows = T::rows(&answer);
        let answer = to_raw_value(&answer).map_err(ToolFailure::internal)?;
        // Not when the answer is a bare string or number: `structuredContent` was an object before 2026-07-28.
        let is_structured =
            context.catalogue.has_structured_content() && answer.get().starts_with('{');
        let (text, structured) = if is_structured {
            (answer.get().to_owned(), Some(answer))
        } else {
            (Box::<str>::from(answer).into(), None)
        };
        let mut content = vec![ContentBlock::Text { text }];
        content.extend(ignored.map(ContentBlock::text));
        Ok(ToolOutput {
            result: ToolResult {
                content,
                structured,
                is_error: false,
            },
            rows,
        })
    }
}

/// Beside the answer, so that a model that made an argument up learns of it.
fn note_on_ignored(ignored: &[ArgumentProblem]) -> Option<String> {
    let lines: Vec<_> = ignored
        .iter()
        .map(|problem| format!("{} {}", problem.path, problem.message))
        .collect();
    (!lines.is_empty()).then(|| format!("These arguments were ignored: {}", lines.join("; ")))
}

impl<T: Tool> AnyTool for TypedTool<T> {
    fn spec(&self) -> &ToolSpec {
        &T::SPEC
    }

    fn definition(&self) -> Arc<ToolDefinition> {
        self.definition.clone()
    }

    fn accept(&self, arguments: CallArguments) -> Result<Accepted, Vec<ArgumentProblem>> {
        self.schema.accept(arguments)
    }

    fn call<'a>(&'a self, context: &'a CallContext, arguments: Accepted) -> ToolFuture<'a> {
        Box::pin(self.run(context, arguments))
    }
}
