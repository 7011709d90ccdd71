//! The part of JSON Schema that argument types use, as a tree that is quick to walk.

use serde_json::{Map, Value};

/// A schema that the checker cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the input schema uses {keyword:?} at {path:?}, which the argument checker does not know")]
pub struct UnsupportedSchema {
    /// The keyword, or the keyword's value.
    pub keyword: String,
    /// Where, from the root of the arguments.
    pub path: String,
}

/// One schema.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Any,
    Null,
    Boolean,
    Integer(IntegerRange),
    Number {
        least: Option<f64>,
        most: Option<f64>,
    },
    Text {
        least: usize,
        most: Option<usize>,
        /// Whether it may have lines ([`HAS_LINES`]); a name otherwise.
        has_lines: bool,
    },
    /// One of these values.
    OneOf(Vec<Value>),
    List {
        items: Box<Node>,
        least: usize,
        most: Option<usize>,
    },
    Object(ObjectNode),
    /// Any of these, tried in their order.
    Either(Vec<Node>),
}

/// Whole numbers, both ends included.
#[derive(Debug, Clone, Copy)]
pub(super) struct IntegerRange {
    pub(super) least: i64,
    pub(super) most: i64,
}

#[derive(Debug, Clone)]
pub(super) struct ObjectNode {
    /// In the order of the names.
    pub(super) properties: Vec<Property>,
    pub(super) rest: Rest,
}

#[derive(Debug, Clone)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) is_required: bool,
    pub(super) node: Node,
}

/// Members that `properties` does not name.
#[derive(Debug, Clone)]
pub(super) enum Rest {
    /// `additionalProperties: false`.
    Refused,
    /// Nothing is said, so that they are allowed; the tool does not look at them.
    Ignored,
    /// They are part of the value.
    Taken(Box<Node>),
}

/// The keyword of strings that may hold tabs and line ends, such as SQL. Without it a string is a name, which
/// has no control characters at all, so that a tool that says nothing gets the narrower rule. It is not
/// published.
pub(super) const HAS_LINES: &str = "x-has-lines";

/// Keywords that tell and do not rule.
const ANNOTATIONS: [&str; 11] = [
    "$schema",
    "$id",
    "$anchor",
    "$comment",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "x-mcp-header",
];

impl Node {
    pub(super) fn compile(schema: &Value) -> Result<Self, UnsupportedSchema> {
        compile(schema, "")
    }

    pub(super) fn has_property(&self, name: &str) -> bool {
        matches!(self, Self::Object(object) if object.property(name).is_some())
    }
}

impl ObjectNode {
    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        self.properties
            .iter()
            .find(|property| property.name == name)
    }
}

fn compile(schema: &Value, path: &str) -> Result<Node, UnsupportedSchema> {
    let members = match schema {
        Value::Bool(true) => return Ok(Node::Any),
        Value::Object(members) => members,
        _ => return Err(unsupported("false", path)),
    };
    let rules = Rules { members, path };
    if let Some(Value::Array(branches)) = members.get("anyOf").or_else(|| members.get("oneOf")) {
        // `oneOf` of our types never overlaps, so that any match is the match.
        rules.only(&["anyOf", "oneOf", "type"])?;
        return Ok(Node::Either(
            branches
                .iter()
                .map(|branch| compile(branch, path))
                .collect::<Result<_, _>>()?,
        ));
    }
    if let Some(Value::Array(values)) = members.get("enum") {
        rules.only(&["enum", "type"])?;
        return Ok(Node::OneOf(values.clone()));
    }
    if let Some(value) = members.get("const") {
        rules.only(&["const", "type"])?;
        return Ok(Node::OneOf(vec![value.clone()]));
    }
    match members.get("type") {
        None => rules.only(&[]).map(|()| Node::Any),
        Some(Value::String(kind)) => compile_type(kind, &rules),
        Some(other) => Err(unsupported(&other.to_string(), path)),
    }
}

/// The keywords of a schema, and where it is.
struct Rules<'a> {
    members: &'a Map<String, Value>,
    path: &'a str,
}

impl Rules<'_> {
    /// Whether there are no others than these, but for those that tell and do not rule.
    fn only(&self, allowed: &[&str]) -> Result<(), UnsupportedSchema> {
        let mut rules = self
            .members
            .keys()
            .map(String::as_str)
            .filter(|keyword| !ANNOTATIONS.contains(keyword));
        rules
            .find(|keyword| !allowed.contains(keyword))
            .map_or(Ok(()), |keyword| Err(unsupported(keyword, self.path)))
    }
}

fn unsupported(keyword: &str, path: &str) -> UnsupportedSchema {
    UnsupportedSchema {
        keyword: keyword.to_owned(),
        path: path.to_owned(),
    }
}

fn compile_type(kind: &str, rules: &Rules<'_>) -> Result<Node, UnsupportedSchema> {
    let Rules { members, path } = *rules;
    match kind {
        "null" => rules.only(&["type"]).map(|()| Node::Null),
        "boolean" => rules.only(&["type"]).map(|()| Node::Boolean),
        "integer" => {
            rules.only(&[
                "type",
                "format",
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
            ])?;
            Ok(Node::Integer(integer_range(members)))
        }
        "number" => {
            rules.only(&["type", "format", "minimum", "maximum"])?;
            let bound = |keyword| members.get(keyword).and_then(Value::as_f64);
            Ok(Node::Number {
                least: bound("minimum"),
                most: bound("maximum"),
            })
        }
        "string" => {
            // `format` is an annotation in 2020-12; the type behind it parses.
            rules.only(&["type", "format", "minLength", "maxLength", HAS_LINES])?;
            Ok(Node::Text {
                least: count(members, "minLength").unwrap_or(0),
                most: count(members, "maxLength"),
                has_lines: members.get(HAS_LINES) == Some(&Value::Bool(true)),
            })
        }
        "array" => {
            rules.only(&["type", "items", "minItems", "maxItems"])?;
            let items = members
                .get("items")
                .map_or(Ok(Node::Any), |items| compile(items, &format!("{path}[]")))?;
            let (least, most) = (
                count(members, "minItems").unwrap_or(0),
                count(members, "maxItems"),
            );
            Ok(Node::List {
                items: Box::new(items),
                least,
                most,
            })
        }
        "object" => {
            rules.only(&["type", "properties", "required", "additionalProperties"])?;
            compile_object(members, path)
        }
        other => Err(unsupported(other, path)),
    }
}

fn compile_object(members: &Map<String, Value>, path: &str) -> Result<Node, UnsupportedSchema> {
    let required = members
        .get("required")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut properties = Vec::new();
    if let Some(Value::Object(schemas)) = members.get("properties") {
        for (name, schema) in schemas {
            properties.push(Property {
                name: name.clone(),
                is_required: required.iter().any(|required| required == name),
                node: compile(schema, &format!("{path}/{name}"))?,
            });
        }
    }
    let rest = match members.get("additionalProperties") {
        Some(Value::Bool(false)) => Rest::Refused,
        None if members.contains_key("properties") => Rest::Ignored,
        None | Some(Value::Bool(true)) => Rest::Taken(Box::new(Node::Any)),
        Some(schema) => Rest::Taken(Box::new(compile(schema, &format!("{path}/*"))?)),
    };
    Ok(Node::Object(ObjectNode { properties, rest }))
}

fn integer_range(members: &Map<String, Value>) -> IntegerRange {
    let (type_least, type_most) = match members.get("format").and_then(Value::as_str) {
        Some("uint8") => (0, i64::from(u8::MAX)),
        Some("uint16") => (0, i64::from(u16::MAX)),
        Some("uint32") => (0, i64::from(u32::MAX)),
        Some("uint64" | "uint") => (0, i64::MAX),
        Some("int8") => (i64::from(i8::MIN), i64::from(i8::MAX)),
        Some("int16") => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let bound = |keyword| {
        let value = members.get(keyword)?;
        // Attributes may write whole numbers as `1.0`.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast from float to integer saturates"
        )]
        value
            .as_i64()
            .or_else(|| value.as_f64().map(|number| number as i64))
    };
    let least = bound("minimum")
        .into_iter()
        .chain(bound("exclusiveMinimum").map(|n| n.saturating_add(1)));
    let most = bound("maximum")
        .into_iter()
        .chain(bound("exclusiveMaximum").map(|n| n.saturating_sub(1)));
    IntegerRange {
        least: least.fold(type_least, i64::max),
        most: most.fold(type_most, i64::min),
    }
}

fn count(members: &Map<String, Value>, keyword: &str) -> Option<usize> {
    members
        .get(keyword)
        .and_then(Value::as_u64)
        .and_then(|count| usize::try_from(count).ok())
}
