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

mod accepts;
mod coerce;
mod either;
mod from_text;
mod path;

use std::cell::Cell;
use std::rc::Rc;

use serde_json::{Map, Value};
use tidegate_types::{check_name, check_text};

pub(super) use path::Path;

use accepts::accepts;
use coerce::coerce;
use from_text::{as_list, as_object};

use super::compile::{Node, ObjectNode, Rest};
use super::read::{MOST_VALUES, Unreadable};
use super::{Accepted, nearest, wording};
use crate::ArgumentProblem;

/// More problems than this help nobody.
pub(super) const MAX_PROBLEMS: usize = 20;

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
