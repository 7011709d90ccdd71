//! `x-mcp-header` annotations: tool arguments that clients repeat in `Mcp-Param-…` headers (2026-07-28,
//! SEP-2243), so that proxies can route by them without reading the body.

use serde_json::Value;

use crate::RpcError;
use crate::header::decode_value;

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

/// Compares the `Mcp-Param-*` headers with the arguments they mirror.
///
/// # Errors
/// `-32020`: an argument is there and its header is missing, or they differ; or the argument is absent
/// or null and the header is there.
pub fn check_params<'h>(
    expected: &[ParameterHeader],
    arguments: &Value,
    header: impl Fn(&str) -> Option<&'h str>,
) -> Result<(), RpcError> {
    for param in expected {
        let name = format!("Mcp-Param-{}", param.name);
        let value = param
            .path
            .iter()
            .try_fold(arguments, |value, key| value.get(key))
            .filter(|value| !value.is_null());
        match (value, header(&name)) {
            (None, None) => {}
            (None, Some(_)) => {
                return Err(RpcError::header_mismatch(format!(
                    "{name} came without the argument that it mirrors"
                )));
            }
            (Some(_), None) => return Err(RpcError::header_mismatch(format!("{name} is missing"))),
            (Some(value), Some(text)) => {
                let text = decode_value(text)?;
                if !matches(value, &text) {
                    return Err(RpcError::header_mismatch(format!(
                        "{name} differs from the argument that it mirrors"
                    )));
                }
            }
        }
    }
    Ok(())
}

fn matches(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Bool(value) => text == if *value { "true" } else { "false" },
        Value::Number(number) => {
            // Integers are compared as numbers: 42.0 and 42 are the same (SEP-2243).
            match (number.as_i64(), text.parse::<i64>()) {
                (Some(left), Ok(right)) => left == right,
                _ => number
                    .as_f64()
                    .zip(text.parse::<f64>().ok())
                    .is_some_and(|(left, right)| left.total_cmp(&right).is_eq()),
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(property: &Value) -> Value {
        json!({ "type": "object", "properties": { "region": property } })
    }

    #[test]
    fn headers_must_mirror_the_arguments() {
        let expected = parameter_headers(&schema(
            &json!({ "type": "integer", "x-mcp-header": "Region" }),
        ))
        .unwrap();
        let check = |arguments: Value, header: Option<&'static str>| {
            check_params(&expected, &arguments, |name| {
                header.filter(|_| name == "Mcp-Param-Region")
            })
            .is_ok()
        };
        assert!(check(json!({ "region": 42 }), Some("42.0")));
        assert!(check(json!({}), None));
        assert!(check(json!({ "region": null }), None));
        assert!(!check(json!({ "region": 42 }), Some("43")));
        assert!(!check(json!({ "region": 42 }), None));
        assert!(!check(json!({}), Some("42")));
    }
}
