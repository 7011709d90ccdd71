use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_protocol::{ToolAnnotations, ToolDefinition};
use tidegate_types::Scope;

use crate::{
    Accepted, AnyTool, ArgumentLayout, ArgumentProblem, ArgumentSchema, CacheRule, CallArguments,
    CallContext, Redaction, SizeRule, ToolFailure, ToolFuture, ToolSpec, Touches,
};

/// The tool's name. [`crate::Catalogue::resolve_call`] knows it.
pub(crate) const NAME: &str = "call_tool";

/// Calls another tool. Everything about the call is the other tool's: who may, validation, limits, cache,
/// audit. So the runtime resolves the call before any of these; this tool itself runs only where somebody
/// calls it without that, and then asks the same question.
pub(crate) struct CallTool {
    definition: Arc<ToolDefinition>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Name of the tool, as search_tools gives it.
    #[schemars(length(min = 1, max = 128))]
    name: String,
    /// Its arguments, an object as its inputSchema says.
    #[serde(default)]
    arguments: Option<Map<String, Value>>,
}

static SCHEMA: LazyLock<ArgumentSchema> = LazyLock::new(|| {
    ArgumentSchema::of::<Arguments>(ArgumentLayout::Flat)
        .expect("strings and objects are what the checker knows")
});

static SPEC: ToolSpec = ToolSpec {
    name: NAME,
    title: "Call a tool",
    description: "Calls another tool by its name, with exactly the rights, checks and result of a direct call. Use it \
                  for tools that search_tools found and that you cannot call directly: first search_tools for the \
                  name and inputSchema, then this. It may change or delete things if the other tool does.",
    scope: Scope::Read,
    permission: None,
    annotations: ToolAnnotations::CHANGES,
    tags: &["discovery"],
    touches: Touches::Databases,
    cache: CacheRule::Never,
    size: SizeRule::Exempt,
    redaction: Redaction::Entities,
};

impl CallTool {
    pub(crate) fn new() -> Self {
        Self {
            definition: Arc::new(SPEC.definition(SCHEMA.published().clone())),
        }
    }
}

/// The tool that a call stands for, and what it gets.
///
/// # Errors
/// What is wrong with the arguments of `call_tool` itself; calling itself is.
pub(crate) fn unwrap(arguments: CallArguments) -> Unwrapped {
    unwrap_accepted(SCHEMA.accept(arguments)?)
}

type Unwrapped = Result<(String, CallArguments), Vec<ArgumentProblem>>;

fn unwrap_accepted(accepted: Accepted) -> Unwrapped {
    let Arguments { name, arguments } = accepted.read()?;
    if name == NAME {
        return Err(vec![ArgumentProblem {
            path: "name".to_owned(),
            message: "call_tool cannot call itself; name the tool that you want".to_owned(),
        }]);
    }
    Ok((name, arguments.unwrap_or_default().into()))
}

impl AnyTool for CallTool {
    fn spec(&self) -> &ToolSpec {
        &SPEC
    }

    fn definition(&self) -> Arc<ToolDefinition> {
        self.definition.clone()
    }

    fn accept(&self, arguments: CallArguments) -> Result<Accepted, Vec<ArgumentProblem>> {
        SCHEMA.accept(arguments)
    }

    fn call<'a>(&'a self, context: &'a CallContext, arguments: Accepted) -> ToolFuture<'a> {
        Box::pin(async move {
            let (name, arguments) =
                unwrap_accepted(arguments).map_err(ToolFailure::InvalidArguments)?;
            let catalogue = &context.catalogue;
            let call =
                catalogue.resolve_call(&name, arguments, &context.principal, &context.access)?;
            call.entry.run(context, call.arguments).await
        })
    }
}
