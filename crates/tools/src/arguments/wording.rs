//! How mistakes are told. Everything that came is shortened and quoted: it may be an attack, or a megabyte.

use serde_json::Value;

use tidegate_types::{check_name, check_text};

use super::compile::{IntegerRange, Node, ObjectNode};
use super::nearest;

/// What came is shown up to this many characters.
const MAX_SHOWN: usize = 60;
/// A list of names or values is shown up to this many.
const MAX_LISTED: usize = 20;

/// What to say about a member that is there twice.
pub(super) const REPEATED: &str = "stands more than once";

/// The path of something inside something.
pub(super) fn inside(outer: &str, inner: &str) -> String {
    match (outer, inner.starts_with('[')) {
        ("", _) => inner.to_owned(),
        (_, true) => format!("{outer}{inner}"),
        (_, false) => format!("{outer}.{inner}"),
    }
}

/// A name that a client made up, fit to be shown.
pub(super) fn name(name: &str) -> String {
    let is_plain = !name.is_empty()
        && name.len() <= MAX_SHOWN
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || "_-.$@ ".contains(letter));
    if is_plain {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A value that came, fit to be shown.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(is_true) => is_true.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    let length = text.chars().count();
    if length <= MAX_SHOWN {
        return format!("{text:?}");
    }
    let start: String = text.chars().take(MAX_SHOWN).collect();
    format!("{start:?}… ({length} characters)")
}

/// What would be right, as a noun phrase.
pub(super) fn expected(node: &Node) -> String {
    match node {
        Node::Any => "any value".to_owned(),
        Node::Null => "null".to_owned(),
        Node::Boolean => "true or false".to_owned(),
        Node::Integer(range) => integer(*range),
        Node::Number {
            least: Some(least),
            most: Some(most),
        } => format!("a number from {least} to {most}"),
        Node::Number {
            least: Some(least),
            most: None,
        } => format!("a number of at least {least}"),
        Node::Number {
            least: None,
            most: Some(most),
        } => format!("a number of at most {most}"),
        Node::Number { .. } => "a number".to_owned(),
        Node::Text { least, most, .. } => text(*least, *most),
        Node::OneOf(values) => one_of(values),
        Node::List { items, least, most } => {
            let what = plural(items);
            match (least, most) {
                (0, None) => format!("a list of {what}"),
                (1, None) => format!("a list of {what} that is not empty"),
                (least, None) => format!("a list of at least {least} {what}"),
                (0, Some(most)) => format!("a list of at most {most} {what}"),
                (least, Some(most)) => format!("a list of {least} to {most} {what}"),
            }
        }
        Node::Object(object) => object_with(object),
        Node::Either(branches) => either(branches),
    }
}

fn text(least: usize, most: Option<usize>) -> String {
    match (least, most) {
        (0, None) => "a string".to_owned(),
        (1, None) => "a string that is not empty".to_owned(),
        (least, None) => format!("a string of at least {least} characters"),
        (0, Some(most)) => format!("a string of at most {most} characters"),
        (least, Some(most)) => format!("a string of {least} to {most} characters"),
    }
}

fn integer(range: IntegerRange) -> String {
    // The limits of the machine's integers are no news to anybody who is within them.
    let has_least = range.least > i64::from(i32::MIN);
    let has_most = range.most < i64::from(i32::MAX);
    integer_within(range, has_least, has_most)
}

fn integer_within(
    IntegerRange { least, most }: IntegerRange,
    has_least: bool,
    has_most: bool,
) -> String {
    match (has_least, has_most) {
        (true, true) => format!("an integer from {least} to {most}"),
        (true, false) => format!("an integer of at least {least}"),
        (false, true) => format!("an integer of at most {most}"),
        (false, false) => "an integer".to_owned(),
    }
}

fn one_of(values: &[Value]) -> String {
    if let [only] = values {
        return only.to_string();
    }
    let mut texts: Vec<String> = values
        .iter()
        .take(MAX_LISTED)
        .map(Value::to_string)
        .collect();
    if values.len() > MAX_LISTED {
        texts.push(format!("… ({} in all)", values.len()));
    }
    format!("one of {}", texts.join(", "))
}

fn object_with(object: &ObjectNode) -> String {
    let required = object
        .properties
        .iter()
        .filter(|property| property.is_required);
    let required: Vec<_> = required.map(|property| property.name.as_str()).collect();
    if required.is_empty() {
        "an object".to_owned()
    } else {
        format!("an object with {}", and(&required))
    }
}

fn either(branches: &[Node]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for branch in branches {
        match branch {
            // Null is what a client may always leave out; naming it only distracts.
            Node::Null => continue,
            // An integer is a number too.
            Node::Integer(_)
                if branches
                    .iter()
                    .any(|other| matches!(other, Node::Number { .. })) =>
            {
                continue;
            }
            _ => {}
        }
        let text = expected(branch);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(" or ")
}

fn plural(node: &Node) -> String {
    match node {
        Node::Any => "values".to_owned(),
        Node::Integer(_) => "integers".to_owned(),
        Node::Number { .. } => "numbers".to_owned(),
        Node::Text { .. } => "strings".to_owned(),
        Node::List { .. } => "lists".to_owned(),
        Node::Object(object) => object_with(object).replacen("an object", "objects", 1),
        Node::Null | Node::Boolean | Node::OneOf(_) | Node::Either(_) => {
            format!("values, each {}", expected(node))
        }
    }
}

/// `a, b and c`.
fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// What to say about a member that the tool does not have.
pub(super) fn unknown(object: &ObjectNode, nearest: Option<&str>) -> String {
    if let Some(nearest) = nearest {
        return format!("is not known; did you mean {nearest}?");
    }
    let names: Vec<_> = object
        .properties
        .iter()
        .map(|property| property.name.as_str())
        .collect();
    match names.as_slice() {
        [] => "is not known; nothing is taken here".to_owned(),
        names if names.len() > MAX_LISTED => "is not known".to_owned(),
        names => format!("is not known; known are {}", and(names)),
    }
}

/// What to say about a value that does not fit.
pub(super) fn mismatch(node: &Node, value: &Value) -> String {
    if let Value::String(came) = value
        && let Some(problem) = control_character(node, came)
    {
        return problem;
    }
    if let (Node::Integer(range), Some(came)) = (node, whole(value))
        && (came > i128::from(range.most) || came < i128::from(range.least))
    {
        let (least, most) = (i128::from(range.least), i128::from(range.most));
        let has_least = came < least || range.least > i64::from(i32::MIN);
        let has_most = came > most || range.most < i64::from(i32::MAX);
        let expected = integer_within(*range, has_least, has_most);
        return format!("expected {expected}, got {}", shown(value));
    }
    let text = format!("expected {}, got {}", expected(node), shown(value));
    if let (Node::OneOf(values), Value::String(came)) = (node, value)
        && let Some(nearest) = nearest(came, values.iter().filter_map(Value::as_str))
    {
        return format!("{text}; did you mean {nearest:?}?");
    }
    text
}

/// What to say about a text with a control character that none of the node's strings may have.
fn control_character(node: &Node, came: &str) -> Option<String> {
    let is_name = match node {
        Node::Text { has_lines, .. } => !has_lines,
        Node::Either(branches) => {
            let mut texts = branches.iter().filter_map(|branch| match branch {
                Node::Text { has_lines, .. } => Some(*has_lines),
                _ => None,
            });
            texts.next().is_some_and(|first| !first) && texts.all(|other| !other)
        }
        _ => false,
    };
    let check = if is_name { check_name } else { check_text };
    check(came).err().map(|err| err.to_string())
}

/// A number that is whole as it was written.
fn whole(value: &Value) -> Option<i128> {
    let Value::Number(number) = value else {
        return None;
    };
    let number = match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => i128::from(number),
        (None, Some(number)) => i128::from(number),
        (None, None) => {
            let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast from float to integer saturates"
            )]
            let number = number as i128;
            number
        }
    };
    Some(number)
}

/// What to say about more values than a call may have.
pub(super) fn too_many(most: usize) -> String {
    format!("more than {most} values in one call; ask in several calls")
}

/// What to say about a member that must be there.
pub(super) fn missing(node: &Node) -> String {
    format!("is missing; expected {}", expected(node))
}
