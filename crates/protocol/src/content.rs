//! What tools, prompts and resources say.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One block of a tool result or prompt message (schema: `ContentBlock`).
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContentBlock {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// Base64.
        data: String,
        /// Such as `image/png`.
        #[serde(rename = "mimeType")]
        mime_type: String,
    },
    /// Sound.
    Audio {
        /// Base64.
        data: String,
        /// Such as `audio/wav`.
        #[serde(rename = "mimeType")]
        mime_type: String,
    },
    /// A resource with its contents.
    Resource {
        /// The contents.
        resource: ResourceContents,
    },
    /// A resource to be read on its own (from 2025-06-18 on).
    ResourceLink {
        /// Where it is read: its URI.
        uri: String,
        /// What it is called.
        name: String,
        /// What it holds.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Such as `application/json`.
        #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
    },
}

impl ContentBlock {
    /// A text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

/// What a resource says (schema: `TextResourceContents`, `BlobResourceContents`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceContents {
    /// The resource.
    pub uri: String,
    /// Such as `application/json`.
    #[serde(rename = "mimeType", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Text or bytes.
    #[serde(flatten)]
    pub body: ResourceBody,
}

/// Text or bytes of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceBody {
    /// Text.
    Text(String),
    /// Base64.
    Blob(String),
}

impl ResourceContents {
    /// A resource of JSON text.
    pub fn json(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            mime_type: Some("application/json".to_owned()),
            body: ResourceBody::Text(text.into()),
        }
    }
}

/// Who speaks in a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One message of a prompt.
#[derive(Debug, Clone, Serialize)]
pub struct PromptMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: ContentBlock,
}

/// What a tool answered (schema: `CallToolResult`, without what the revision adds).
#[derive(Debug, Clone, Default)]
pub struct ToolResult {
    /// For people and models.
    pub content: Vec<ContentBlock>,
    /// For programs; an object, or any JSON value from 2026-07-28 on.
    pub structured: Option<Box<RawValue>>,
    /// Whether the call failed in a way that the model should see.
    pub is_error: bool,
}

impl ToolResult {
    /// A result of one text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            content: vec![ContentBlock::text(text)],
            structured: None,
            is_error: false,
        }
    }

    /// A failure that the model should see and can act on.
    pub fn error(text: impl Into<String>) -> Self {
        Self {
            is_error: true,
            ..Self::text(text)
        }
    }
}
