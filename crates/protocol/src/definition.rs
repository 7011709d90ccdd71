//! What tools, prompts and resources are, as the lists show them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::ProtocolVersion;

/// Hints about a tool (schema: `ToolAnnotations`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ToolAnnotations {
    /// Changes nothing.
    #[serde(rename = "readOnlyHint")]
    pub is_read_only: bool,
    /// May destroy or overwrite something.
    #[serde(rename = "destructiveHint")]
    pub is_destructive: bool,
    /// Calling it twice is like calling it once.
    #[serde(rename = "idempotentHint")]
    pub is_idempotent: bool,
    /// Reaches beyond the workspace.
    #[serde(rename = "openWorldHint")]
    pub is_open_world: bool,
}

impl ToolAnnotations {
    /// Reads the workspace and changes nothing.
    pub const READS: Self = Self {
        is_read_only: true,
        is_destructive: false,
        is_idempotent: true,
        is_open_world: false,
    };
    /// Adds to the workspace and destroys nothing.
    pub const CREATES: Self = Self {
        is_read_only: false,
        is_destructive: false,
        is_idempotent: false,
        is_open_world: false,
    };
    /// May change or destroy what is there.
    pub const CHANGES: Self = Self {
        is_read_only: false,
        is_destructive: true,
        is_idempotent: false,
        is_open_world: false,
    };
}

impl ToolAnnotations {
    /// Of whoever may do both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            is_read_only: self.is_read_only && other.is_read_only,
            is_destructive: self.is_destructive || other.is_destructive,
            is_idempotent: self.is_idempotent && other.is_idempotent,
            is_open_world: self.is_open_world || other.is_open_world,
        }
    }
}

/// One tool of `tools/list` (schema: `Tool`).
#[derive(Debug, Clone)]
pub struct ToolDefinition {
    /// 1 to 128 of `[A-Za-z0-9_.-]`.
    pub name: String,
    /// For people.
    pub title: Option<String>,
    /// For models.
    pub description: String,
    /// JSON Schema 2020-12 of the arguments, an object.
    pub input_schema: Value,
    /// JSON Schema of `structuredContent`.
    pub output_schema: Option<Value>,
    /// Hints.
    pub annotations: Option<ToolAnnotations>,
}

impl ToolDefinition {
    /// The definition as `tools/list` of `version` shows it.
    pub fn for_version(&self, version: ProtocolVersion) -> Value {
        let mut tool = json!({
            "name": self.name,
            "description": self.description,
            "inputSchema": self.input_schema,
        });
        if let Some(annotations) = &self.annotations {
            tool["annotations"] = json!(annotations);
        }
        if let (Some(title), true) = (&self.title, version.has_structured_content()) {
            tool["title"] = json!(title);
        }
        if let (Some(schema), true) = (&self.output_schema, version.has_structured_content()) {
            // Before 2026-07-28 only objects were allowed, so that other schemas are left out there.
            if version.is_modern() || schema["type"] == "object" {
                tool["outputSchema"] = schema.clone();
            }
        }
        tool
    }
}

/// One resource of `resources/list` (schema: `Resource`).
#[derive(Debug, Clone, Serialize)]
pub struct ResourceDefinition {
    /// Where it is read: its URI.
    pub uri: String,
    /// What it is called.
    pub name: String,
    /// What it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Such as `application/json`.
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
}

/// One template of `resources/templates/list` (schema: `ResourceTemplate`).
#[derive(Debug, Clone, Serialize)]
pub struct ResourceTemplateDefinition {
    /// RFC 6570, level 1.
    #[serde(rename = "uriTemplate")]
    pub uri_template: String,
    /// What it is called.
    pub name: String,
    /// What it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Such as `application/json`.
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
}

/// One argument of a prompt (schema: `PromptArgument`).
#[derive(Debug, Clone, Serialize)]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the prompt cannot do without.
    #[serde(rename = "required")]
    pub is_required: bool,
}

/// One prompt of `prompts/list` (schema: `Prompt`).
#[derive(Debug, Clone, Serialize)]
pub struct PromptDefinition {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it takes.
    pub arguments: Vec<PromptArgument>,
}
