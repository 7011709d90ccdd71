//! The MCP headers of Streamable HTTP (2026-07-28, "Standard Request Headers" and SEP-2243).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::RpcError;
use crate::parameter_header::ParameterHeader;

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
    use crate::parameter_header::parameter_headers;

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
