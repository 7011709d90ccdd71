//! The MCP headers of Streamable HTTP (2026-07-28, "Standard Request Headers" and SEP-2243).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::RpcError;

/// The MCP headers of one HTTP request. Values have their optional white space stripped (RFC 9110 §5.5).
#[derive(Debug, Clone, Copy, Default)]
pub struct McpHeaders<'a> {
    /// `MCP-Protocol-Version`.
    pub protocol_version: Option<&'a str>,
    /// `Mcp-Method`.
    pub method: Option<&'a str>,
    /// `Mcp-Name`, still encoded.
    pub name: Option<&'a str>,
}

/// Decodes a header value: literal text, or `=?base64?…?=` around UTF-8 in strict Base64 (RFC 4648 §4).
///
/// # Errors
/// `-32020` when the Base64 or the UTF-8 inside is not valid.
pub fn decode_value(value: &str) -> Result<Cow<'_, str>, RpcError> {
    let Some(encoded) = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="))
    else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(encoded).map_err(|_| {
        RpcError::header_mismatch("a header value between =?base64? and ?= is not valid Base64")
    })?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| {
        RpcError::header_mismatch("a header value between =?base64? and ?= is not UTF-8")
    })
}

/// One tool argument that clients mirror in a header: `x-mcp-header` in the input schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamHeader {
    /// `Mcp-Param-<suffix>`, as the schema spells it.
    pub suffix: String,
    /// Property names from the root of the arguments.
    pub path: Vec<String>,
}

/// An `x-mcp-header` annotation that clients would have to refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("x-mcp-header at {path:?}: {reason}")]
pub struct InvalidParamHeader {
    /// Where in the schema.
    pub path: String,
    /// What is wrong.
    pub reason: &'static str,
}

/// Finds the `x-mcp-header` annotations of an input schema.
///
/// # Errors
/// An annotation that is empty, no RFC 9110 token, used twice (compared without case), not on a string,
/// integer or boolean, or not reachable through `properties` alone.
pub fn param_headers(schema: &Value) -> Result<Vec<ParamHeader>, InvalidParamHeader> {
    let mut found = Vec::new();
    collect(schema, &mut Vec::new(), &mut found)?;
    let annotations = count_annotations(schema);
    if annotations != found.len() {
        return Err(InvalidParamHeader {
            path: String::new(),
            reason: "it stands where it is not reachable through properties alone",
        });
    }
    let mut seen = std::collections::HashSet::new();
    for header in &found {
        if !seen.insert(header.suffix.to_ascii_lowercase()) {
            return Err(InvalidParamHeader {
                path: header.path.join("."),
                reason: "the name is used twice",
            });
        }
    }
    Ok(found)
}

fn collect(
    schema: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<ParamHeader>,
) -> Result<(), InvalidParamHeader> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Ok(());
    };
    for (name, property) in properties {
        path.push(name.clone());
        if let Some(annotation) = property.get("x-mcp-header") {
            let invalid = |reason| InvalidParamHeader {
                path: path.join("."),
                reason,
            };
            let suffix = annotation
                .as_str()
                .ok_or_else(|| invalid("it must be a string"))?;
            if suffix.is_empty() || !suffix.bytes().all(is_token_byte) {
                return Err(invalid("it must be a token of RFC 9110"));
            }
            if !matches!(
                property["type"].as_str(),
                Some("string" | "integer" | "boolean")
            ) {
                return Err(invalid("it belongs on a string, an integer or a boolean"));
            }
            found.push(ParamHeader {
                suffix: suffix.to_owned(),
                path: path.clone(),
            });
        }
        collect(property, path, found)?;
        path.pop();
    }
    Ok(())
}

fn count_annotations(schema: &Value) -> usize {
    match schema {
        Value::Object(members) => {
            usize::from(members.contains_key("x-mcp-header") && members.contains_key("type"))
                + members.values().map(count_annotations).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(count_annotations).sum(),
        _ => 0,
    }
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Compares the `Mcp-Param-*` headers with the arguments they mirror.
///
/// # Errors
/// `-32020`: an argument is there and its header is missing, or they differ; or the argument is absent
/// or null and the header is there.
pub fn check_params<'h>(
    expected: &[ParamHeader],
    arguments: &Value,
    header: impl Fn(&str) -> Option<&'h str>,
) -> Result<(), RpcError> {
    for param in expected {
        let name = format!("Mcp-Param-{}", param.suffix);
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

    #[test]
    fn a_value_is_literal_unless_it_is_wholly_wrapped() {
        for literal in [
            "",
            "plain",
            "=?base64?",
            "=?BASE64?YQ==?=",
            "x=?base64?YQ==?=",
        ] {
            assert_eq!(literal, decode_value(literal).unwrap());
        }
        assert_eq!("ä b", decode_value("=?base64?w6QgYg==?=").unwrap());
        for bad in [
            "=?base64?YQ=?=",
            "=?base64?Y Q==?=",
            "=?base64?YQ==\n?=",
            "=?base64?/w==?=",
            "=?base64?-_8=?=",
        ] {
            assert_eq!(
                RpcError::HEADER_MISMATCH,
                decode_value(bad).unwrap_err().code,
                "{bad}"
            );
        }
    }

    fn schema(property: &Value) -> Value {
        json!({ "type": "object", "properties": { "region": property } })
    }

    #[test]
    fn an_annotation_that_clients_would_refuse_is_an_error() {
        let good = schema(&json!({ "type": "string", "x-mcp-header": "Region" }));
        assert_eq!(
            vec![ParamHeader {
                suffix: "Region".into(),
                path: vec!["region".into()]
            }],
            param_headers(&good).unwrap()
        );
        for bad in [
            json!({ "type": "number", "x-mcp-header": "Region" }),
            json!({ "type": "string", "x-mcp-header": "" }),
            json!({ "type": "string", "x-mcp-header": "a b" }),
            json!({ "type": "string", "x-mcp-header": "a\r\nb" }),
            json!({ "type": "array", "items": { "type": "string", "x-mcp-header": "Region" } }),
            json!({ "anyOf": [{ "type": "string", "x-mcp-header": "Region" }] }),
        ] {
            assert!(param_headers(&schema(&bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_must_mirror_the_arguments() {
        let expected = param_headers(&schema(
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
