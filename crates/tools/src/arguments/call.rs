//! The arguments of one call, read once for everybody who goes by them.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::object::read_object;
use crate::ArgumentProblem;

/// Longer arguments that no tool takes are not read for the record.
const MOST_RECORDED_BYTES: usize = 16 * 1024;

/// The arguments of a call as they came. They are read here and nowhere else: what headers repeat, what records say,
/// what answers are kept by and what the tool gets all come from this value.
#[derive(Debug, Clone, PartialEq)]
pub struct CallArguments {
    /// An object, unless there are problems.
    value: Value,
    /// Why no tool takes them.
    problems: Vec<ArgumentProblem>,
    is_text: bool,
}

impl CallArguments {
    /// Reads what came. `None` and null: the call came without.
    pub fn read(raw: Option<&RawValue>) -> Self {
        let text = raw.map_or("null", RawValue::get);
        tracing::trace!(bytes = text.len(), "arguments are read");
        let is_text = text.starts_with('"');
        match read_object(text) {
            Ok(members) => Self {
                is_text,
                ..members.into()
            },
            Err(problems) => Self {
                value: for_the_record(text),
                problems,
                is_text,
            },
        }
    }

    /// As they came; text that holds an object as that object. Null where they cannot be read at all.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Whether they came as JSON in a string.
    pub fn is_text(&self) -> bool {
        self.is_text
    }

    /// The members, for whoever checks them.
    pub(super) fn into_members(self) -> Result<Map<String, Value>, Vec<ArgumentProblem>> {
        match self.value {
            Value::Object(members) if self.problems.is_empty() => Ok(members),
            _ => Err(self.problems),
        }
    }
}

/// What nobody serves, as records show it. The reading need not be the strict one, so it is bounded by the text: each value
/// takes some hundred times of its two bytes.
fn for_the_record(text: &str) -> Value {
    if text.len() > MOST_RECORDED_BYTES {
        return Value::Null;
    }
    serde_json::from_str(text).unwrap_or_default()
}

impl From<Map<String, Value>> for CallArguments {
    fn from(members: Map<String, Value>) -> Self {
        Self {
            value: Value::Object(members),
            problems: Vec::new(),
            is_text: false,
        }
    }
}

impl Default for CallArguments {
    fn default() -> Self {
        Map::new().into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> CallArguments {
        CallArguments::read(Some(serde_json::from_str(text).unwrap()))
    }

    #[test]
    fn many_values_that_no_tool_takes_are_not_read_for_the_record_either() {
        let many = |count: usize| format!(r#"{{"x":[{}1]}}"#, "1,".repeat(count));
        let refused = read(&many(20_000));
        assert_eq!(&Value::Null, refused.value());
        assert!(refused.into_members().is_err());
        let repeated = read(r#"{"a":1,"a":2}"#);
        assert_eq!(&json!({ "a": 2 }), repeated.value());
        assert!(repeated.into_members().is_err());
    }

    #[test]
    fn arguments_are_an_object_in_whatever_form_they_came() {
        for (text, is_text) in [
            (r#"{"a":1}"#, false),
            (r#" {"a":1}"#, false),
            (r#""{\"a\":1}""#, true),
        ] {
            let arguments = read(text);
            assert_eq!(&json!({"a": 1}), arguments.value(), "{text}");
            assert_eq!(is_text, arguments.is_text(), "{text}");
            assert!(arguments.into_members().is_ok());
        }
        assert_eq!(CallArguments::default(), CallArguments::read(None));
        assert_eq!(CallArguments::default(), read("null"));
    }

    #[test]
    fn what_no_tool_takes_is_still_there_for_the_record() {
        for (text, recorded) in [
            (r#"{"a":1,"a":2}"#, json!({"a": 2})),
            ("[1]", json!([1])),
            ("\"text\"", json!("text")),
        ] {
            let arguments = read(text);
            assert_eq!(&recorded, arguments.value(), "{text}");
            assert!(!arguments.into_members().unwrap_err().is_empty());
        }
    }
}
