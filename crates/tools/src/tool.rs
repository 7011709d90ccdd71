use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidegate_protocol::ToolDefinition;
use tidegate_protocol::content::ToolResult;

use crate::{
    Accepted, ArgumentLayout, ArgumentProblem, CallArguments, CallContext, ToolFailure, ToolSpec,
};

/// A tool of the catalogue: typed arguments in, a typed answer out.
///
/// The published input schema is `{"request": Arguments}` as in Superset; flat arguments and JSON in a
/// string are taken as well (see [`ArgumentLayout`]). Arguments are validated against the schema before
/// `call`, and the principal's scope and permission are checked before that.
///
/// Strings are names, without control characters, unless the schema says that they may have lines, as SQL and
/// searches do: `#[schemars(extend("x-has-lines" = true))]`.
pub trait Tool: Send + Sync + 'static {
    /// What the call takes. Doc comments of the fields become descriptions in the schema.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// What it gives; serialized once, as JSON text.
    type Answer: Serialize + Send;

    /// Everything else about the tool.
    const SPEC: ToolSpec;

    /// Where the published schema puts the arguments. Every layout is taken, whatever is published.
    const LAYOUT: ArgumentLayout = ArgumentLayout::Request;

    /// Rows of the answer that left a database, for the audit.
    fn rows(_answer: &Self::Answer) -> Option<u64> {
        None
    }

    /// Does the work. Dropping the future must stop what runs in a database.
    fn call(
        &self,
        context: &CallContext,
        arguments: Self::Arguments,
    ) -> impl Future<Output = Result<Self::Answer, ToolFailure>> + Send;
}

/// What a call gave, ready to be shaped for the client's revision.
#[derive(Debug, Default)]
pub struct ToolOutput {
    /// For the client.
    pub result: ToolResult,
    /// Rows that left a database, for the audit.
    pub rows: Option<u64>,
}

impl From<ToolResult> for ToolOutput {
    fn from(result: ToolResult) -> Self {
        Self { result, rows: None }
    }
}

/// The future of a call whose tool is not known by type.
pub type ToolFuture<'a> =
    Pin<Box<dyn Future<Output = Result<ToolOutput, ToolFailure>> + Send + 'a>>;

/// A tool whose types are erased. Typed tools become one through [`crate::Catalogue`]; tools that need
/// the raw protocol (content blocks other than text, questions to the client) implement it themselves.
pub trait AnyTool: Send + Sync {
    /// Everything about the tool but its types.
    fn spec(&self) -> &ToolSpec;

    /// As `tools/list` shows it.
    fn definition(&self) -> Arc<ToolDefinition>;

    /// Checks arguments as they came. Tools whose schemas the checker does not
    /// hold get whatever is an object, names no member twice and has no control characters.
    ///
    /// # Errors
    /// Everything that is wrong.
    fn accept(&self, arguments: CallArguments) -> Result<Accepted, Vec<ArgumentProblem>> {
        Accepted::unchecked_by_schema(arguments)
    }

    /// Does the work with what [`Self::accept`] gave.
    fn call<'a>(&'a self, context: &'a CallContext, arguments: Accepted) -> ToolFuture<'a>;
}
