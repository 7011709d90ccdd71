//! JSON-RPC errors of MCP.

use serde_json::{Value, json};
use tidegate_types::shortened;

use crate::{InputRequest, ProtocolVersion};

/// Bytes of an error's message, and of each text in its data, that leave the server. Errors quote what came, and
/// no answer grows with that.
pub const MAX_ERROR_TEXT_BYTES: usize = 4 * 1024;

/// A JSON-RPC error object.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    /// The code; see the constants.
    pub code: i32,
    /// One sentence for people.
    pub message: String,
    /// For programs.
    pub data: Option<Value>,
}

impl RpcError {
    /// The body is not JSON.
    pub const PARSE_ERROR: i32 = -32700;
    /// The body is not a JSON-RPC message.
    pub const INVALID_REQUEST: i32 = -32600;
    /// No such method, or one whose capability is not advertised.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// Parameters, `_meta` included, are missing or wrong; or what they name does not exist.
    pub const INVALID_PARAMS: i32 = -32602;
    /// A defect of ours.
    pub const INTERNAL: i32 = -32603;
    /// 2025 revisions: no such resource. Never on the modern wire.
    pub const LEGACY_RESOURCE_NOT_FOUND: i32 = -32002;
    /// 2026-07-28: a header is missing or contradicts the body.
    pub const HEADER_MISMATCH: i32 = -32020;
    /// 2026-07-28: the operation needs a capability that the client did not declare.
    pub const MISSING_CAPABILITY: i32 = -32021;
    /// 2026-07-28: the revision is not served.
    pub const UNSUPPORTED_VERSION: i32 = -32022;
    /// Ours, outside the reserved range: a limit is used up, or the node has no room.
    pub const TRY_LATER: i32 = -31029;

    /// An error without data.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// The same with data.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// `-32602`.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(Self::INVALID_PARAMS, message)
    }

    /// `-32600`.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(Self::INVALID_REQUEST, message)
    }

    /// `-32020`.
    pub fn header_mismatch(message: impl Into<String>) -> Self {
        Self::new(Self::HEADER_MISMATCH, message)
    }

    /// `-32601`, naming the method.
    pub fn method_not_found(method: &str) -> Self {
        let method: String = method.chars().take(80).collect();
        Self::new(
            Self::METHOD_NOT_FOUND,
            format!("method {method:?} does not exist here"),
        )
    }

    /// `-32022` with the revisions that are served.
    pub fn unsupported_version(requested: &str) -> Self {
        let requested: String = requested.chars().take(80).collect();
        let supported: Vec<_> = ProtocolVersion::SERVED
            .iter()
            .map(|version| version.as_str())
            .collect();
        Self::new(
            Self::UNSUPPORTED_VERSION,
            format!("protocol version {requested:?} is not served"),
        )
        .with_data(json!({ "supported": supported, "requested": requested }))
    }

    /// `-32021` with what the client would have to declare.
    pub fn missing_capability(request: &InputRequest) -> Self {
        let required = request.required_capabilities();
        Self::new(
            Self::MISSING_CAPABILITY,
            format!("this needs a client that supports {}", request.method()),
        )
        .with_data(json!({ "requiredCapabilities": required }))
    }

    /// No such resource, in the code of the revision.
    pub fn resource_not_found(version: ProtocolVersion, uri: &str) -> Self {
        let uri: String = uri.chars().take(500).collect();
        let code = if version.is_modern() {
            Self::INVALID_PARAMS
        } else {
            Self::LEGACY_RESOURCE_NOT_FOUND
        };
        Self::new(code, format!("resource {uri:?} does not exist")).with_data(json!({ "uri": uri }))
    }

    /// The error object as JSON, its texts at most some KB long.
    pub fn to_json(&self) -> Value {
        let message = shortened(&self.message, MAX_ERROR_TEXT_BYTES);
        let mut error = json!({ "code": self.code, "message": message });
        if let Some(data) = &self.data {
            error["data"] = with_short_texts(data);
        }
        error
    }
}

/// A value with the ends of its texts cut, so that each has about [`MAX_ERROR_TEXT_BYTES`] at the most.
pub fn with_short_texts(value: &Value) -> Value {
    match value {
        Value::String(text) => shortened(text, MAX_ERROR_TEXT_BYTES).into(),
        Value::Array(items) => items.iter().map(with_short_texts).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), with_short_texts(member)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_does_not_grow_with_what_it_quotes() {
        let long = "x".repeat(10 << 20);
        let error = RpcError::invalid_params(long.clone())
            .with_data(json!({ "uri": long, "list": [long] }));
        let text = error.to_json().to_string();
        assert!(text.len() < 3 * 5000, "{}", text.len());
        assert!(text.contains("[cut: 10485760 bytes in all]"));
    }
}
