//! From what a client sent to typed arguments, or to a list of everything that is wrong with it.
//!
//! The published input schema is the one source: it is compiled once per tool into a tree of
//! `compile::Node`, and that tree checks, coerces and words the mistakes. Three steps a call: find the
//! object that holds the arguments (`layout`), check it (`check`), hand it to serde.

mod call;
mod check;
mod compile;
mod layout;
mod publish;
mod read;
mod wording;

use std::borrow::Cow;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use call::CallArguments;
pub use compile::UnsupportedSchema;
pub use layout::ArgumentLayout;

use crate::ArgumentProblem;
use check::{Checker, Path};
use compile::Node;

pub(crate) use wording::nearest;

/// The arguments of a tool that takes none. Use it with [`ArgumentLayout::Flat`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct NoArguments {}

impl JsonSchema for NoArguments {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "NoArguments".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "properties": {}, "additionalProperties": false })
    }
}

/// Arguments that passed the check of their tool: coerced, without what is null and may be left out, and
/// without what the tool does not know. Only [`AnyTool::accept`](crate::AnyTool::accept) makes them, so that no
/// tool runs on anything else.
#[derive(Debug, Clone)]
pub struct Accepted {
    value: Value,
    ignored: Vec<ArgumentProblem>,
}

impl Accepted {
    /// Whatever is JSON, has no member twice and no control characters: for tools whose schemas the checker does
    /// not hold.
    ///
    /// # Errors
    /// What is wrong.
    pub fn unchecked_by_schema(arguments: CallArguments) -> Result<Self, Vec<ArgumentProblem>> {
        let mut value = Value::Object(arguments.into_members()?);
        let mut checker = Checker::new(false);
        checker.check(&Node::Any, &mut value, &Path::Root);
        checker.into_accepted(value)
    }

    /// The same in whatever form they came.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Members that are no arguments of the tool and resemble none. The schema allows them, as Superset's
    /// does; they are left out and named beside the answer.
    pub fn ignored(&self) -> &[ArgumentProblem] {
        &self.ignored
    }

    /// As the tool's type.
    ///
    /// # Errors
    /// The schema let something through that the type refuses: still the client's to mend.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Vec<ArgumentProblem>> {
        serde_json::from_value(self.value).map_err(|error| {
            vec![ArgumentProblem {
                path: String::new(),
                message: error.to_string(),
            }]
        })
    }
}

/// The input schema of one tool, published and compiled.
#[derive(Debug)]
pub struct ArgumentSchema {
    layout: ArgumentLayout,
    published: Value,
    node: Node,
}

impl ArgumentSchema {
    /// The schema of `T` in a layout.
    ///
    /// # Errors
    /// The schema uses a keyword that the checker does not know, so that it could not be held.
    pub fn of<T: JsonSchema>(layout: ArgumentLayout) -> Result<Self, UnsupportedSchema> {
        let inner = publish::schema_of::<T>();
        let node = Node::compile(&inner)?;
        Ok(Self {
            layout,
            published: layout.wrap(publish::for_clients(inner)),
            node,
        })
    }

    /// A schema that is published as it stands, with the arguments at the top.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn from_published(published: Value) -> Result<Self, UnsupportedSchema> {
        let node = Node::compile(&published)?;
        Ok(Self {
            layout: ArgumentLayout::Flat,
            published,
            node,
        })
    }

    /// JSON Schema 2020-12 as `tools/list` shows it.
    pub fn published(&self) -> &Value {
        &self.published
    }

    /// Checks what came.
    ///
    /// # Errors
    /// Everything that is wrong, at most 20 problems of it, in the order of the fields.
    pub fn accept(&self, arguments: CallArguments) -> Result<Accepted, Vec<ArgumentProblem>> {
        let found = self.layout.find(arguments.into_members()?, &self.node)?;
        let mut value = found.value;
        let mut checker = Checker::new(found.is_closed);
        let path = found.prefix.map_or(Path::Root, Path::Start);
        checker.check(&self.node, &mut value, &path);
        checker.into_accepted(value)
    }
}

#[cfg(test)]
mod tests;
