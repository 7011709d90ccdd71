//! Calls as they stand on the wire, in both eras.

use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_protocol::ProtocolVersion;

/// One call, without its id.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// The JSON-RPC method.
    pub(crate) method: String,
    /// `params.name` of `tools/call` and `prompts/get`.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// `params.uri` of `resources/read`.
    #[serde(default)]
    pub(crate) uri: Option<String>,
    /// `params.arguments`; texts may hold placeholders `${1..9}`.
    #[serde(default)]
    pub(crate) arguments: Option<Value>,
}

impl Call {
    /// A list.
    pub(crate) fn list(method: &str) -> Self {
        Self {
            method: method.into(),
            name: None,
            uri: None,
            arguments: None,
        }
    }

    /// A tool call.
    pub(crate) fn tool(name: &str, arguments: Value) -> Self {
        Self {
            method: "tools/call".into(),
            name: Some(name.into()),
            uri: None,
            arguments: Some(arguments),
        }
    }

    /// What reports call it.
    pub(crate) fn label(&self) -> String {
        let target = self.name.as_ref().or(self.uri.as_ref());
        target.map_or_else(
            || self.method.clone(),
            |target| format!("{} {target}", self.method),
        )
    }

    /// The JSON-RPC request. In 2026-07-28 every request says who asks and what they understand.
    pub(crate) fn body(
        &self,
        version: ProtocolVersion,
        id: &Value,
        arguments: Option<&Value>,
    ) -> String {
        let mut params = serde_json::Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                params.insert(key.into(), value);
            }
        };
        put("name", self.name.clone().map(Value::from));
        put("uri", self.uri.clone().map(Value::from));
        put("arguments", arguments.or(self.arguments.as_ref()).cloned());
        if version.is_modern() {
            put(
                "_meta",
                Some(json!({
                    "io.modelcontextprotocol/protocolVersion": version.as_str(),
                    "io.modelcontextprotocol/clientCapabilities": {},
                    "io.modelcontextprotocol/clientInfo": client_info(),
                })),
            );
        }
        json!({ "jsonrpc": "2.0", "id": id, "method": self.method, "params": params }).to_string()
    }

    /// The headers, without `Host`, `Content-Length` and those of a session.
    pub(crate) fn headers(
        &self,
        version: ProtocolVersion,
        token: Option<&str>,
    ) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("Accept", "application/json, text/event-stream".to_owned()),
            ("MCP-Protocol-Version", version.as_str().to_owned()),
        ];
        if version.is_modern() {
            headers.push(("Mcp-Method", self.method.clone()));
            headers.extend(
                self.name
                    .clone()
                    .or_else(|| self.uri.clone())
                    .map(|name| ("Mcp-Name", name)),
            );
        }
        headers.extend(token.map(|token| ("Authorization", format!("Bearer {token}"))));
        headers
    }
}

/// `initialize` of an older revision.
pub(crate) fn initialize(version: ProtocolVersion, id: u64) -> String {
    json!({
        "jsonrpc": "2.0", "id": id, "method": "initialize",
        "params": { "protocolVersion": version.as_str(), "capabilities": {}, "clientInfo": client_info() },
    })
    .to_string()
}

/// The notification that ends the handshake.
pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

fn client_info() -> Value {
    json!({ "name": "tidegate-loadtest", "version": env!("CARGO_PKG_VERSION") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modern_call_says_everything_twice() {
        let call = Call::tool("health_check", json!({}));
        let body: Value =
            serde_json::from_str(&call.body(ProtocolVersion::V2026_07_28, &json!(7), None))
                .unwrap();
        assert_eq!(json!(7), body["id"]);
        assert_eq!(
            "2026-07-28",
            body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"]
        );
        let headers = call.headers(ProtocolVersion::V2026_07_28, Some("t"));
        assert!(headers.contains(&("Mcp-Name", "health_check".into())));
        assert!(headers.contains(&("Authorization", "Bearer t".into())));
    }

    #[test]
    fn a_legacy_call_has_no_meta() {
        let call = Call::list("tools/list");
        let body: Value =
            serde_json::from_str(&call.body(ProtocolVersion::V2025_11_25, &json!("a"), None))
                .unwrap();
        assert_eq!(json!({}), body["params"]);
        assert!(
            !call
                .headers(ProtocolVersion::V2025_11_25, None)
                .iter()
                .any(|(name, _)| *name == "Mcp-Method")
        );
    }
}
