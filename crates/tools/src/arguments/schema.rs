//! The input schema of a tool.

use schemars::JsonSchema;
use serde_json::Value;

use super::check::{Checker, Path};
use super::compile::{Node, UnsupportedSchema};
use super::{Accepted, ArgumentLayout, CallArguments, publish};
use crate::ArgumentProblem;

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
