#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod classification;
pub mod client;
pub mod content;
pub mod cursor;
pub mod definition;
pub mod error;
pub mod header;
pub mod members;
pub mod message;
pub mod method;
pub mod parameter_header;
pub mod params;
pub mod reply;
pub mod result;
pub mod sse;
pub mod state;
pub mod version;

pub use client::{ClientCapabilities, ClientInfo, InputRequest, LogLevel};
pub use content::{ContentBlock, PromptMessage, ResourceContents, Role};
pub use definition::{
    PromptArgument, PromptDefinition, ResourceDefinition, ResourceTemplateDefinition,
    ToolAnnotations, ToolDefinition,
};
pub use error::RpcError;
pub use members::Members;
pub use message::{Incoming, Notification, Request, RequestId, Response};
pub use method::{Called, Method};
pub use params::Params;
pub use version::ProtocolVersion;
