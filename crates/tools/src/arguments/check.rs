//! Checks JSON against a compiled schema, and coerces what pydantic's lax mode coerces for Superset.
//!
//! Coerced: `"5"`, `"5.0"`, `5.0` and `true` for an integer; numeric text and booleans for a number; the
//! words true, false, yes, no, on, off, t, f, y, n, 1, 0 and the numbers 1 and 0 for a boolean; JSON text
//! for a list or an object; comma-separated text for a list of strings. Never a number for a string, as
//! there. Where several types are allowed, an exact match goes before any coercion, and a boolean is no number.
//!
//! Null for a member that may be left out is the same as leaving it out, since some clients (OpenAI's strict
//! mode) always send every member. Texts have no control characters but those of lines, where the schema allows
//! lines, and names of members have none.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use serde_json::{Map, Value};
use tidegate_types::{check_name, check_text};

use super::compile::{Node, ObjectNode, Rest};
use super::read::{MOST_VALUES, Unreadable, read_further};
use super::{Accepted, nearest, wording};
use crate::ArgumentProblem;

/// More problems than this help nobody.
pub(super) const MAX_PROBLEMS: usize = 20;
/// JSON text inside an argument is parsed up to this size.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// Where the checker is, as a list that lives on the stack: a valid call builds no text.
pub(super) enum Path<'a> {
    Root,
    Start(&'static str),
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Start(name) => f.write_str(name),
            Self::Member(Self::Root, name) => f.write_str(&wording::name(name)),
            Self::Member(parent, name) => write!(f, "{parent}.{}", wording::name(name)),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// One walk over one value.
pub(super) struct Checker {
    pub(super) problems: Vec<ArgumentProblem>,
    pub(super) ignored: Vec<ArgumentProblem>,
    is_closed: bool,
    /// How many values were read from texts so far, in all attempts together.
    values: Rc<Cell<usize>>,
}

impl Checker {
    /// `is_closed`: the outermost object refuses unknown members whatever its schema says.
    pub(super) fn new(is_closed: bool) -> Self {
        Self {
            problems: Vec::new(),
            ignored: Vec::new(),
            is_closed,
            values: Rc::default(),
        }
    }

    /// What a walk over `value` came to.
    pub(super) fn into_accepted(self, value: Value) -> Result<Accepted, Vec<ArgumentProblem>> {
        if self.problems.is_empty() {
            Ok(Accepted {
                value,
                ignored: self.ignored,
            })
        } else {
            Err(self.problems)
        }
    }

    /// Checks and coerces `value` in place.
    pub(super) fn check(&mut self, node: &Node, value: &mut Value, path: &Path<'_>) {
        match node {
            Node::Any => self.check_any(value, path),
            Node::Object(object) => match as_object(value, &self.values) {
                Ok(Some(members)) => self.check_object(object, members, path),
                Ok(None) => self.mismatch(node, value, path),
                Err(unreadable) => self.unreadable(path, &unreadable),
            },
            Node::List { items, least, most } => match as_list(value, items, &self.values) {
                Err(unreadable) => self.unreadable(path, &unreadable),
                Ok(Some(list))
                    if list.len() >= *least && most.is_none_or(|most| list.len() <= most) =>
                {
                    for (index, item) in list.iter_mut().enumerate() {
                        self.check(items, item, &Path::Item(path, index));
                        if self.problems.len() >= MAX_PROBLEMS {
                            break;
                        }
                    }
                }
                _ => self.mismatch(node, value, path),
            },
            Node::Either(branches) => self.check_either(node, branches, value, path),
            scalar => {
                if !accepts(scalar, value) && !coerce(scalar, value) {
                    self.mismatch(node, value, path);
                }
            }
        }
    }

    /// Checks what a schema says nothing about: texts may have lines, names of members may not.
    fn check_any(&mut self, value: &Value, path: &Path<'_>) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        match value {
            Value::String(text) => {
                if let Err(err) = check_text(text) {
                    self.add(path, err.to_string());
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.check_any(item, &Path::Item(path, index));
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let path = Path::Member(path, name);
                    self.check_member_name(name, &path);
                    self.check_any(member, &path);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn check_member_name(&mut self, name: &str, path: &Path<'_>) {
        if let Err(err) = check_name(name) {
            self.add(path, format!("the name of a member {err}"));
        }
    }

    fn unreadable(&mut self, path: &Path<'_>, unreadable: &Unreadable) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        match unreadable {
            Unreadable::Repeated(inner) => self.problems.push(ArgumentProblem {
                path: wording::inside(&path.to_string(), inner),
                message: wording::REPEATED.to_owned(),
            }),
            Unreadable::TooMany => self.add(path, wording::too_many(MOST_VALUES)),
            // It is a text then.
            Unreadable::NotJson => {}
        }
    }

    fn check_object(
        &mut self,
        object: &ObjectNode,
        members: &mut Map<String, Value>,
        path: &Path<'_>,
    ) {
        let is_closed = std::mem::take(&mut self.is_closed) || matches!(object.rest, Rest::Refused);
        let mut known = 0;
        for property in &object.properties {
            let path = Path::Member(path, &property.name);
            let Some(value) = members.get_mut(&property.name) else {
                if property.is_required {
                    self.add(&path, wording::missing(&property.node));
                }
                continue;
            };
            if !value.is_null() || accepts(&property.node, value) {
                known += 1;
                self.check(&property.node, value, &path);
            } else {
                members.remove(&property.name);
                if property.is_required {
                    self.add(&path, wording::missing(&property.node));
                }
            }
        }
        if members.len() > known {
            self.check_rest(object, members, path, is_closed);
        }
    }

    /// Members that `properties` does not name.
    fn check_rest(
        &mut self,
        object: &ObjectNode,
        members: &mut Map<String, Value>,
        path: &Path<'_>,
        is_closed: bool,
    ) {
        if let (Rest::Taken(node), false) = (&object.rest, is_closed) {
            for (name, value) in members
                .iter_mut()
                .filter(|(name, _)| object.property(name).is_none())
            {
                let path = Path::Member(path, name);
                self.check_member_name(name, &path);
                self.check(node, value, &path);
            }
            return;
        }
        let unknown: Vec<String> = members
            .keys()
            .filter(|name| object.property(name).is_none())
            .cloned()
            .collect();
        for name in unknown {
            members.remove(&name);
            // Only names that are still free can have been meant.
            let free = object
                .properties
                .iter()
                .map(|property| property.name.as_str());
            let nearest = nearest(&name, free.filter(|name| !members.contains_key(*name)));
            let path = Path::Member(path, &name);
            let message = wording::unknown(object, nearest);
            if is_closed || nearest.is_some() {
                self.add(&path, message);
            } else if self.ignored.len() < MAX_PROBLEMS {
                self.ignored.push(ArgumentProblem {
                    path: path.to_string(),
                    message,
                });
            }
        }
    }

    fn check_either(&mut self, node: &Node, branches: &[Node], value: &mut Value, path: &Path<'_>) {
        if branches.iter().any(|branch| accepts(branch, value)) {
            return;
        }
        // `true` for an id would be the thing with the id 1.
        let is_no_number = value.is_boolean()
            && branches
                .iter()
                .filter(|branch| !matches!(branch, Node::Null))
                .nth(1)
                .is_some();
        // The problems of the branch that was surely meant say more than "none of these".
        let mut meant: Option<Vec<ArgumentProblem>> = None;
        for branch in branches {
            if is_no_number && matches!(branch, Node::Integer(_) | Node::Number { .. }) {
                continue;
            }
            let mut attempt = value.clone();
            let mut checker = Self {
                values: Rc::clone(&self.values),
                ..Self::new(false)
            };
            checker.check(branch, &mut attempt, path);
            if checker.problems.is_empty() {
                *value = attempt;
                self.ignored.append(&mut checker.ignored);
                return;
            }
            let was_meant = match branch {
                Node::Object(object) => attempt.is_object() && has_matching_tag(object, &attempt),
                Node::List { .. } => value.is_array(),
                _ => false,
            };
            if was_meant
                && meant
                    .as_ref()
                    .is_none_or(|meant| checker.problems.len() < meant.len())
            {
                meant = Some(checker.problems);
            }
        }
        let mut named = branches
            .iter()
            .filter(|branch| !matches!(branch, Node::Null));
        match (meant, named.next(), named.next()) {
            (Some(problems), _, _) => {
                self.problems.extend(problems);
                self.problems.truncate(MAX_PROBLEMS);
            }
            (None, Some(only), None) => self.mismatch(only, value, path),
            _ => self.mismatch(node, value, path),
        }
    }

    fn mismatch(&mut self, node: &Node, value: &Value, path: &Path<'_>) {
        self.add(path, wording::mismatch(node, value));
    }

    fn add(&mut self, path: &Path<'_>, message: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(ArgumentProblem {
                path: path.to_string(),
                message,
            });
        }
    }
}

/// Whether the constants of an object schema (`"chart_type": "pie"`) are those of the value. A schema
/// without constants matches.
fn has_matching_tag(object: &ObjectNode, value: &Value) -> bool {
    object
        .properties
        .iter()
        .all(|property| match &property.node {
            Node::OneOf(values) if property.is_required && values.len() == 1 => {
                value.get(&property.name) == values.first()
            }
            _ => true,
        })
}

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
fn accepts(node: &Node, value: &Value) -> bool {
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

/// Makes a scalar fit, or leaves it as it is.
fn coerce(node: &Node, value: &mut Value) -> bool {
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

/// JSON text of an argument, where it is any.
fn read_text(text: &str, values: &Cell<usize>) -> Result<Option<Value>, Unreadable> {
    match read_further(text, values) {
        Ok(value) => Ok(Some(value)),
        Err(Unreadable::NotJson) => Ok(None),
        Err(err) => Err(err),
    }
}

/// The members of an object or of JSON text of one.
fn as_object<'a>(
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
fn as_list<'a>(
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
