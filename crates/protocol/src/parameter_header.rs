//! `x-mcp-header` annotations: tool arguments that clients repeat in `Mcp-Param-…` headers (2026-07-28,
//! SEP-2243), so that proxies can route by them without reading the body.

use serde_json::Value;

/// An argument that comes in a header as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterHeader {
    /// The header is `Mcp-Param-` and this; compared without case.
    pub name: String,
    /// Member names from the root of the arguments.
    pub path: Vec<String>,
    /// How header and argument compare.
    pub kind: ParameterKind,
}

/// The type of an argument that comes in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// As text.
    Text,
    /// As a number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

/// An annotation that clients must drop the tool for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeaderAnnotation {
    /// Not 1 or more of RFC 9110's token characters.
    #[error("x-mcp-header {0:?} is not a header token")]
    NotAToken(String),
    /// Two arguments with one header.
    #[error("x-mcp-header {0:?} stands twice")]
    Duplicate(String),
    /// Only strings, integers and booleans can be compared.
    #[error("x-mcp-header {0:?} is on an argument that is no string, integer or boolean")]
    WrongType(String),
    /// Only arguments that `properties` alone lead to have one value.
    #[error("an x-mcp-header stands where no chain of properties leads")]
    Unreachable,
}

/// The annotations of a published input schema.
///
/// # Errors
/// The first annotation that is not valid.
pub fn parameter_headers(schema: &Value) -> Result<Vec<ParameterHeader>, InvalidHeaderAnnotation> {
    let mut headers: Vec<ParameterHeader> = Vec::new();
    let mut path = Vec::new();
    collect(schema, &mut path, &mut headers)?;
    for (index, header) in headers.iter().enumerate() {
        if headers[..index]
            .iter()
            .any(|other| other.name.eq_ignore_ascii_case(&header.name))
        {
            return Err(InvalidHeaderAnnotation::Duplicate(header.name.clone()));
        }
    }
    if headers.len() < count_annotations(schema) {
        return Err(InvalidHeaderAnnotation::Unreachable);
    }
    Ok(headers)
}

fn collect(
    schema: &Value,
    path: &mut Vec<String>,
    headers: &mut Vec<ParameterHeader>,
) -> Result<(), InvalidHeaderAnnotation> {
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return Ok(());
    };
    for (name, property) in properties {
        path.push(name.clone());
        if let Some(annotation) = property.get("x-mcp-header") {
            let name = annotation.as_str().unwrap_or_default();
            if name.is_empty() || !name.bytes().all(is_token_byte) {
                let shown = annotation
                    .as_str()
                    .map_or_else(|| annotation.to_string(), str::to_owned);
                return Err(InvalidHeaderAnnotation::NotAToken(shown));
            }
            let kind = match property.get("type").and_then(Value::as_str) {
                Some("string") => ParameterKind::Text,
                Some("integer") => ParameterKind::Integer,
                Some("boolean") => ParameterKind::Boolean,
                _ => return Err(InvalidHeaderAnnotation::WrongType(name.to_owned())),
            };
            headers.push(ParameterHeader {
                name: name.to_owned(),
                path: path.clone(),
                kind,
            });
        }
        collect(property, path, headers)?;
        path.pop();
    }
    Ok(())
}

/// Every annotation at any place of the schema. A property that happens to be called `x-mcp-header` has a
/// schema as its value, and annotations never are objects.
fn count_annotations(schema: &Value) -> usize {
    match schema {
        Value::Object(members) => members
            .iter()
            .map(|(keyword, member)| {
                let is_annotation = keyword == "x-mcp-header" && !member.is_object();
                usize::from(is_annotation) + count_annotations(member)
            })
            .sum(),
        Value::Array(items) => items.iter().map(count_annotations).sum(),
        _ => 0,
    }
}

/// RFC 9110 §5.6.2, `tchar`.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
