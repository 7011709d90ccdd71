use serde_json::{Map, Value, json};

use super::compile::Node;
use super::object::{into_object, problem};
use super::wording;
use crate::ArgumentProblem;

/// Where a tool's arguments lie in `arguments` of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArgumentLayout {
    /// `{"request": {…}}`, as most of Superset's tools publish it.
    #[default]
    Request,
    /// The same, and the published schema says that `request` may be left out.
    OptionalRequest,
    /// The arguments lie at the top.
    Flat,
}

/// The object that holds the arguments.
pub(super) struct Found {
    pub(super) value: Value,
    /// How the client reached it, for the paths of problems.
    pub(super) prefix: Option<&'static str>,
    /// Whether members that the tool does not know are refused whatever its schema says: true where the
    /// client left the published layout, whose top level is closed.
    pub(super) is_closed: bool,
}

impl ArgumentLayout {
    /// The published schema around that of the arguments.
    pub(super) fn wrap(self, mut inner: Value) -> Value {
        match self {
            Self::Flat => inner,
            Self::Request => json!({
                "type": "object",
                "properties": { "request": inner },
                "required": ["request"],
                "additionalProperties": false,
            }),
            Self::OptionalRequest => {
                inner["default"] = json!({});
                json!({ "type": "object", "properties": { "request": inner }, "additionalProperties": false })
            }
        }
    }

    /// Finds the arguments: below `request` or flat, either as JSON text in a string. Clients send all of
    /// these, whatever the schema says.
    pub(super) fn find(
        self,
        mut members: Map<String, Value>,
        node: &Node,
    ) -> Result<Found, Vec<ArgumentProblem>> {
        let takes_request = self != Self::Flat;
        if members.contains_key("request") && !node.has_property("request") {
            // Null is the same as left out, on both sides.
            if members["request"].is_null() {
                members.remove("request");
            } else {
                members.retain(|_, member| !member.is_null());
            }
        }
        if members.contains_key("request") && !node.has_property("request") {
            if members.len() == 1 {
                let inner =
                    into_object(members.remove("request").unwrap_or(Value::Null), "request")?;
                return Ok(Found {
                    value: Value::Object(inner),
                    prefix: Some("request"),
                    is_closed: !takes_request,
                });
            }
            let others = members
                .keys()
                .filter(|name| *name != "request")
                .take(super::check::MAX_PROBLEMS);
            return Err(others
                .map(|name| {
                    let name = wording::name(name);
                    let message =
                        format!("does not belong beside request; put {name} inside request");
                    problem(name, message)
                })
                .collect());
        }
        // An empty object is read as the published layout, so that what is missing is named where it belongs.
        let prefix = (takes_request && members.is_empty()).then_some("request");
        // A flat tool's own schema says whether it is closed.
        Ok(Found {
            value: Value::Object(members),
            prefix,
            is_closed: takes_request,
        })
    }
}
