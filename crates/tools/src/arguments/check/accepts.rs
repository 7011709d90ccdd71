//! Values that fit as they are.

use serde_json::Value;
use tidegate_types::{check_name, check_text};

use crate::arguments::compile::{Node, Rest};

/// Whether no text in it has a control character, but for those of lines, and no name of a member has one.
fn is_clean(value: &Value) -> bool {
    match value {
        Value::String(text) => check_text(text).is_ok(),
        Value::Array(items) => items.iter().all(is_clean),
        Value::Object(members) => members
            .iter()
            .all(|(name, member)| check_name(name).is_ok() && is_clean(member)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Whether the value fits exactly, without coercion.
pub(super) fn accepts(node: &Node, value: &Value) -> bool {
    match (node, value) {
        (Node::Any, value) => is_clean(value),
        (Node::Null, Value::Null) | (Node::Boolean, Value::Bool(_)) => true,
        (Node::Integer(range), Value::Number(number)) => number
            .as_i64()
            .is_some_and(|number| (range.least..=range.most).contains(&number)),
        (Node::Number { least, most }, Value::Number(number)) => {
            number.as_f64().is_some_and(|number| {
                least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
            })
        }
        (
            Node::Text {
                least,
                most,
                has_lines,
            },
            Value::String(text),
        ) => {
            // Bytes bound the characters from above, so that most texts are never counted.
            let fits = (*least == 0 && most.is_none_or(|most| text.len() <= most)) || {
                let length = text.chars().count();
                length >= *least && most.is_none_or(|most| length <= most)
            };
            let check = if *has_lines { check_text } else { check_name };
            fits && check(text).is_ok()
        }
        (Node::OneOf(values), value) => values.contains(value),
        (Node::List { items, least, most }, Value::Array(list)) => {
            list.len() >= *least
                && most.is_none_or(|most| list.len() <= most)
                && list.iter().all(|item| accepts(items, item))
        }
        (Node::Object(object), Value::Object(members)) => {
            let has_all = object.properties.iter().all(|property| {
                members
                    .get(&property.name)
                    .map_or(!property.is_required, |value| {
                        accepts(&property.node, value)
                    })
            });
            has_all
                && members.iter().all(|(name, value)| {
                    object.property(name).is_some()
                        || matches!(&object.rest, Rest::Taken(node) if accepts(node, value))
                            && check_name(name).is_ok()
                })
        }
        (Node::Either(branches), value) => branches.iter().any(|branch| accepts(branch, value)),
        _ => false,
    }
}
