//! Objects and lists that came as text.

use std::cell::Cell;

use serde_json::{Map, Value};
use tidegate_types::check_text;

use crate::arguments::compile::Node;
use crate::arguments::read::{MOST_VALUES, Unreadable, read_further};

/// JSON text inside an argument is parsed up to this size.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// JSON text of an argument, where it is any.
fn read_text(text: &str, values: &Cell<usize>) -> Result<Option<Value>, Unreadable> {
    match read_further(text, values) {
        Ok(value) => Ok(Some(value)),
        Err(Unreadable::NotJson) => Ok(None),
        Err(err) => Err(err),
    }
}

/// The members of an object or of JSON text of one.
pub(super) fn as_object<'a>(
    value: &'a mut Value,
    values: &Cell<usize>,
) -> Result<Option<&'a mut Map<String, Value>>, Unreadable> {
    if let Value::String(text) = &*value
        && text.len() <= MAX_TEXT_BYTES
        && text.trim_start().starts_with('{')
        && let Some(parsed @ Value::Object(_)) = read_text(text, values)?
    {
        *value = parsed;
    }
    Ok(value.as_object_mut())
}

/// The items of a list, of JSON text of one, or of comma-separated text where the items are strings.
pub(super) fn as_list<'a>(
    value: &'a mut Value,
    items: &Node,
    values: &Cell<usize>,
) -> Result<Option<&'a mut Vec<Value>>, Unreadable> {
    if let Value::String(text) = &*value
        && text.len() <= MAX_TEXT_BYTES
    {
        let trimmed = text.trim();
        if trimmed.starts_with('[') {
            if let Some(parsed @ Value::Array(_)) = read_text(text, values)? {
                *value = parsed;
            }
        } else if matches!(items, Node::Text { .. } | Node::OneOf(_))
            && !trimmed.starts_with('{')
            && check_text(text).is_ok()
        {
            values.set(values.get() + trimmed.split(',').count());
            if values.get() > MOST_VALUES {
                return Err(Unreadable::TooMany);
            }
            *value = trimmed
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(Value::from)
                .collect();
        }
    }
    Ok(value.as_array_mut())
}
