//! Scalars that fit once they are coerced.

use serde_json::Value;
use tidegate_types::check_text;

use super::accepts::accepts;
use crate::arguments::compile::Node;

/// Makes a scalar fit, or leaves it as it is.
pub(super) fn coerce(node: &Node, value: &mut Value) -> bool {
    // Some control characters are white space, which is passed over around numbers and words.
    if value.as_str().is_some_and(|text| check_text(text).is_err()) {
        return false;
    }
    let coerced = match (node, &*value) {
        (Node::Integer(_), Value::String(text)) => whole_number(text),
        (Node::Integer(_), Value::Bool(is_true)) => Some(Value::from(i64::from(*is_true))),
        (Node::Integer(_), Value::Number(number)) => number.as_f64().and_then(whole),
        (Node::Number { .. }, Value::String(text)) => {
            text.trim().parse::<f64>().ok().map(Value::from)
        }
        (Node::Number { .. }, Value::Bool(is_true)) => {
            Some(Value::from(f64::from(u8::from(*is_true))))
        }
        (Node::Boolean, Value::String(text)) => truth(text).map(Value::Bool),
        (Node::Boolean, Value::Number(number)) => match number.as_f64() {
            Some(0.0) => Some(Value::Bool(false)),
            Some(1.0) => Some(Value::Bool(true)),
            _ => None,
        },
        _ => None,
    };
    match coerced {
        Some(coerced) if accepts(node, &coerced) => {
            *value = coerced;
            true
        }
        _ => false,
    }
}

fn whole_number(text: &str) -> Option<Value> {
    let text = text.trim();
    // `"5.0"` is five; `"5e3"` and `"5.5"` are not whole numbers in pydantic either.
    let digits = match text.split_once('.') {
        Some((digits, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            digits
        }
        Some(_) => return None,
        None => text,
    };
    digits.parse::<i64>().ok().map(Value::from)
}

fn whole(number: f64) -> Option<Value> {
    // Up to here every whole number has its own float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() != 0.0 || number.abs() > EXACT {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and in range"
    )]
    Some(Value::from(number as i64))
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}
