//! The MCP headers of Streamable HTTP (2026-07-28, "Standard Request Headers" and SEP-2243).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

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

#[cfg(test)]
mod tests {
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
}
