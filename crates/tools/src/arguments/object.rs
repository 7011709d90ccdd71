//! Objects, in whatever form they came.

use serde_json::{Map, Value};

use tidegate_types::check_text;

use super::read::{MOST_VALUES, Unreadable, read};
use super::wording;
use crate::ArgumentProblem;

/// JSON in a string is parsed up to this size; the edge bounds the whole body as well.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// The arguments of a call as an object, from their JSON.
pub(super) fn read_object(text: &str) -> Result<Map<String, Value>, Vec<ArgumentProblem>> {
    match read(text) {
        Ok(value) => into_object(value, ""),
        Err(Unreadable::NotJson) => Err(vec![problem(
            "",
            "the arguments are not JSON, or nested too deeply",
        )]),
        Err(Unreadable::Repeated(path)) => Err(vec![problem(path, wording::REPEATED)]),
        Err(Unreadable::TooMany) => Err(vec![too_many("")]),
    }
}

fn too_many(path: &str) -> ArgumentProblem {
    problem(path, wording::too_many(MOST_VALUES))
}

/// An object, from an object, nothing, or JSON text of an object.
pub(super) fn into_object(
    value: Value,
    path: &str,
) -> Result<Map<String, Value>, Vec<ArgumentProblem>> {
    let value = match value {
        Value::String(text) if text.len() > MAX_TEXT_BYTES => {
            let message =
                format!("JSON text may have {MAX_TEXT_BYTES} bytes at most; send an object");
            return Err(vec![problem(path, message)]);
        }
        Value::String(text) => match read(&text) {
            Ok(value) => value,
            Err(Unreadable::Repeated(inner)) => {
                let path = wording::inside(path, &inner);
                return Err(vec![problem(path, wording::REPEATED)]);
            }
            Err(Unreadable::TooMany) => return Err(vec![too_many(path)]),
            Err(Unreadable::NotJson) => {
                check_text(&text).map_err(|err| vec![problem(path, err.to_string())])?;
                if text.trim().is_empty() {
                    Value::Null
                } else {
                    Value::String(text)
                }
            }
        },
        other => other,
    };
    match value {
        Value::Object(members) => Ok(members),
        Value::Null => Ok(Map::new()),
        other => {
            let message = format!(
                "expected an object, or its JSON in a string, got {}",
                wording::shown(&other)
            );
            Err(vec![problem(path, message)])
        }
    }
}

pub(super) fn problem(path: impl Into<String>, message: impl Into<String>) -> ArgumentProblem {
    ArgumentProblem {
        path: path.into(),
        message: message.into(),
    }
}
