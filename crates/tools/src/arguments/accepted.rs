//! Arguments that are good.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::CallArguments;
use super::check::{Checker, Path};
use super::compile::Node;
use crate::ArgumentProblem;

/// Arguments that passed the check of their tool: coerced, without what is null and may be left out, and
/// without what the tool does not know. A tool runs on nothing else, and makes them by
/// [`AnyTool::accept`](crate::AnyTool::accept).
#[derive(Debug, Clone)]
pub struct Accepted {
    pub(super) value: Value,
    pub(super) ignored: Vec<ArgumentProblem>,
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
