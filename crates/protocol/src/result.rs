//! Results, shaped for the client's revision: what 2026-07-28 adds to them never reaches an older client, and the
//! reverse.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::ProtocolVersion;
use crate::content::{ContentBlock, ToolResult};

/// Who may keep a result (2026-07-28, `cacheScope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheScope {
    /// Whoever asked, alone. The default: what a workspace shows depends on who asks.
    Private,
    /// Anybody, other users and tenants included.
    Public,
}

const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// What the server calls itself, prepared for `_meta` of every modern result.
#[derive(Debug, Clone)]
pub struct ServerInfo {
    /// `Implementation` as JSON.
    pub implementation: Value,
    meta: Box<RawValue>,
}

impl ServerInfo {
    /// From name and version.
    ///
    /// # Panics
    /// Never: the JSON is our own.
    pub fn new(name: &str, title: &str, version: &str) -> Self {
        let implementation = json!({ "name": name, "title": title, "version": version });
        let meta = json!({ SERVER_INFO: implementation });
        let meta = serde_json::value::to_raw_value(&meta).expect("a JSON value serializes");
        Self {
            implementation,
            meta,
        }
    }
}

/// Builds one result object.
pub struct ResultBuilder<'s> {
    json: Vec<u8>,
    version: ProtocolVersion,
    server: &'s ServerInfo,
}

impl<'s> ResultBuilder<'s> {
    /// A result of type `complete`.
    pub fn complete(version: ProtocolVersion, server: &'s ServerInfo) -> Self {
        Self::of_type("complete", version, server)
    }

    /// A result of another type; the type stands on the modern wire alone.
    pub fn of_type(result_type: &str, version: ProtocolVersion, server: &'s ServerInfo) -> Self {
        let mut builder = Self {
            json: Vec::with_capacity(256),
            version,
            server,
        };
        builder.json.push(b'{');
        if version.is_modern() {
            builder.push_member("resultType", &result_type);
        }
        builder
    }

    /// Adds a member.
    #[must_use]
    pub fn member(mut self, name: &str, value: &impl Serialize) -> Self {
        self.push_member(name, value);
        self
    }

    /// Adds a member where there is a value.
    #[must_use]
    pub fn optional(self, name: &str, value: Option<&impl Serialize>) -> Self {
        match value {
            Some(value) => self.member(name, value),
            None => self,
        }
    }

    /// Adds how long the result may be kept and by whom (modern alone; required there on lists, reads
    /// and discovery).
    #[must_use]
    pub fn cacheable(self, ttl_ms: u64, scope: CacheScope) -> Self {
        if !self.version.is_modern() {
            return self;
        }
        let scope = match scope {
            CacheScope::Private => "private",
            CacheScope::Public => "public",
        };
        self.member("ttlMs", &ttl_ms).member("cacheScope", &scope)
    }

    fn push_member(&mut self, name: &str, value: &impl Serialize) {
        if self.json.len() > 1 {
            self.json.push(b',');
        }
        serde_json::to_writer(&mut self.json, name).expect("a string serializes into memory");
        self.json.push(b':');
        serde_json::to_writer(&mut self.json, value).expect("protocol types serialize into memory");
    }

    /// The result as JSON.
    ///
    /// # Panics
    /// Never: the members were serialized by serde_json.
    pub fn finish(mut self) -> Bytes {
        if self.version.is_modern() {
            let server = self.server;
            self.push_member("_meta", &server.meta);
        }
        self.json.push(b'}');
        self.json.into()
    }

    /// The result as JSON, with one more member in `_meta`.
    pub fn finish_with_meta(mut self, name: &str, value: &Value) -> Bytes {
        let mut meta = json!({ SERVER_INFO: self.server.implementation });
        meta[name] = value.clone();
        self.push_member("_meta", &meta);
        self.json.push(b'}');
        self.json.into()
    }
}

/// A `CallToolResult` of the revision.
pub fn tool_result(result: &ToolResult, version: ProtocolVersion, server: &ServerInfo) -> Bytes {
    let content: Vec<&ContentBlock> = result
        .content
        .iter()
        .filter(|block| is_known(block, version))
        .collect();
    let structured = result.structured.as_deref().filter(|structured| {
        // Only objects before 2026-07-28, nothing at all before 2025-06-18.
        version.is_modern() || version.has_structured_content() && structured.get().starts_with('{')
    });
    ResultBuilder::complete(version, server)
        .member("content", &content)
        .optional("structuredContent", structured.as_ref())
        .optional("isError", result.is_error.then_some(&true))
        .finish()
}

fn is_known(block: &ContentBlock, version: ProtocolVersion) -> bool {
    !matches!(block, ContentBlock::ResourceLink { .. }) || version.has_structured_content()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> ServerInfo {
        ServerInfo::new("tidegate", "Tidegate", "1")
    }

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_the_modern_era_adds_stays_there() {
        let build = |version| {
            ResultBuilder::complete(version, &server())
                .member("tools", &[1])
                .cacheable(5, CacheScope::Private)
                .finish()
        };
        insta::assert_snapshot!(text(&build(ProtocolVersion::V2026_07_28)), @r#"{"resultType":"complete","tools":[1],"ttlMs":5,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"tidegate","title":"Tidegate","version":"1"}}}"#);
        insta::assert_snapshot!(text(&build(ProtocolVersion::V2025_11_25)), @r#"{"tools":[1]}"#);
    }

    #[test]
    fn structured_content_is_an_object_or_absent_for_older_clients() {
        let with = |structured: &str| ToolResult {
            structured: Some(RawValue::from_string(structured.to_owned()).unwrap()),
            ..ToolResult::text("t")
        };
        let shape = |structured: &str, version| {
            text(&tool_result(&with(structured), version, &server())).to_owned()
        };
        assert!(shape("[1]", ProtocolVersion::V2026_07_28).contains("structuredContent"));
        assert!(!shape("[1]", ProtocolVersion::V2025_11_25).contains("structuredContent"));
        assert!(shape("{}", ProtocolVersion::V2025_06_18).contains("structuredContent"));
        assert!(!shape("{}", ProtocolVersion::V2025_03_26).contains("structuredContent"));
    }
}
