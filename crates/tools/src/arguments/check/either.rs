//! Values that may be of several kinds.

use std::rc::Rc;

use serde_json::Value;

use super::accepts::accepts;
use super::{Checker, MAX_PROBLEMS, Path};
use crate::ArgumentProblem;
use crate::arguments::compile::{Node, ObjectNode};

impl Checker {
    /// Checks a value against branches, of which one has to fit.
    pub(super) fn check_either(
        &mut self,
        node: &Node,
        branches: &[Node],
        value: &mut Value,
        path: &Path<'_>,
    ) {
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
