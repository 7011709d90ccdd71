//! What a client declares, and what it can be asked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a client can do (schema: `ClientCapabilities`). Unknown members are ignored.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct ClientCapabilities {
    /// Can ask its user. `{}` means forms only; `url` must be declared by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elicitation: Option<Value>,
    /// Can ask its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Value>,
    /// Can tell its roots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<Value>,
    /// Extensions by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// What a client calls itself (schema: `Implementation`). For display and logs, never for decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct ClientInfo {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
}

/// A question to the client: a request of the server in the legacy era, an entry of `inputRequests`
/// in 2026-07-28.
#[derive(Debug, Clone, PartialEq)]
pub enum InputRequest {
    /// `elicitation/create` with a form.
    Elicitation {
        /// What to ask the person.
        message: String,
        /// A flat JSON Schema object.
        requested_schema: Value,
    },
    /// `sampling/createMessage`.
    Sampling {
        /// `params` of the request.
        params: Value,
    },
    /// `roots/list`.
    Roots,
}

impl InputRequest {
    /// The JSON-RPC method.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Elicitation { .. } => "elicitation/create",
            Self::Sampling { .. } => "sampling/createMessage",
            Self::Roots => "roots/list",
        }
    }

    /// The method's `params`.
    pub fn params(&self) -> Value {
        match self {
            Self::Elicitation {
                message,
                requested_schema,
            } => {
                json!({ "message": message, "requestedSchema": requested_schema })
            }
            Self::Sampling { params } => params.clone(),
            Self::Roots => json!({}),
        }
    }

    /// Whether the client declared that it can answer this.
    pub fn is_supported_by(&self, client: &ClientCapabilities) -> bool {
        match self {
            Self::Elicitation { .. } => client.elicitation.as_ref().is_some_and(|declared| {
                // An empty object means forms (2025-11-25 and later); one that names modes must name this one.
                declared
                    .as_object()
                    .is_some_and(|modes| modes.is_empty() || modes.contains_key("form"))
            }),
            Self::Sampling { .. } => client.sampling.is_some(),
            Self::Roots => client.roots.is_some(),
        }
    }

    /// What the client would have to declare, as `ClientCapabilities`.
    pub fn required_capabilities(&self) -> Value {
        match self {
            Self::Elicitation { .. } => json!({ "elicitation": {} }),
            Self::Sampling { .. } => json!({ "sampling": {} }),
            Self::Roots => json!({ "roots": {} }),
        }
    }
}

/// A level of `notifications/message` (RFC 5424), least severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are RFC 5424's own")]
pub enum LogLevel {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

impl LogLevel {
    /// All levels, least severe first.
    pub const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    /// The level as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A level that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "log level {0:?} does not exist: use debug, info, notice, warning, error, critical, alert or emergency"
)]
pub struct UnknownLogLevel(String);

impl FromStr for LogLevel {
    type Err = UnknownLogLevel;
    fn from_str(text: &str) -> Result<Self, UnknownLogLevel> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| UnknownLogLevel(text.chars().take(80).collect()))
    }
}
