use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use tidegate_types::{ClientName, NodeId, ServiceCode, UserId, WorkspaceSlug};

use crate::TraceId;

/// Who did what, and what came of it.
///
/// As JSON: `{"time": "2026-11-20T08:00:00.000Z", "workspace": …, "user_id": …, "username": …,
/// "client": …, "method": …, "tool": …, "arguments": "<JSON in a string>", "decision":
/// "allowed" | "denied", "outcome": "success" | "tool_error" | <code>, "rows": …, "bytes": …,
/// "duration_ms": …, "trace_id": "<32 hex digits>", "node": …}`.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// When the call started.
    pub time: DateTime<Utc>,
    /// The tenant.
    pub workspace: WorkspaceSlug,
    /// The user in that workspace; `None` when nobody was authenticated.
    pub user: Option<UserId>,
    /// `ab_user.username`.
    pub username: Option<Arc<str>>,
    /// The client that the token was issued to.
    pub client: Option<ClientName>,
    /// The JSON-RPC method.
    pub method: Cow<'static, str>,
    /// The tool, prompt or resource.
    pub tool: Option<Arc<str>>,
    /// What it was called with, from [`crate::redact_arguments`]: JSON, 4 KiB at most.
    pub arguments: Option<String>,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// Rows of the answer.
    pub rows: Option<u64>,
    /// Bytes of the answer.
    pub bytes: u64,
    /// How long it took.
    pub duration: Duration,
    /// The trace that the call belongs to.
    pub trace_id: Option<TraceId>,
    /// The node that answered.
    pub node: NodeId,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was allowed, and gave its result.
    Succeeded,
    /// It was allowed, and the tool answered with an error.
    ToolError,
    /// It was allowed, and failed.
    Failed(ServiceCode),
    /// It was not allowed.
    Denied(ServiceCode),
}

impl AuditOutcome {
    /// What became of a request by its code: those that authorization and limits give are denials.
    pub const fn of_code(code: ServiceCode) -> Self {
        match code {
            ServiceCode::Unauthenticated
            | ServiceCode::Forbidden
            | ServiceCode::InsufficientScope
            | ServiceCode::RateLimited => Self::Denied(code),
            ServiceCode::InvalidRequest
            | ServiceCode::NotFound
            | ServiceCode::Overloaded
            | ServiceCode::Unavailable
            | ServiceCode::Timeout
            | ServiceCode::Cancelled
            | ServiceCode::OutcomeUnknown
            | ServiceCode::Internal => Self::Failed(code),
        }
    }

    /// `allowed` or `denied`.
    pub const fn decision(self) -> &'static str {
        match self {
            Self::Succeeded | Self::ToolError | Self::Failed(_) => "allowed",
            Self::Denied(_) => "denied",
        }
    }

    /// `success`, `tool_error`, or the name of the code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "success",
            Self::ToolError => "tool_error",
            Self::Failed(code) | Self::Denied(code) => code.as_str(),
        }
    }
}

impl Serialize for AuditRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = serializer.serialize_struct("AuditRecord", 15)?;
        json.serialize_field(
            "time",
            &self.time.to_rfc3339_opts(SecondsFormat::Millis, true),
        )?;
        json.serialize_field("workspace", &self.workspace)?;
        json.serialize_field("user_id", &self.user)?;
        json.serialize_field("username", &self.username)?;
        json.serialize_field("client", &self.client.as_ref().map(|client| &client.0))?;
        json.serialize_field("method", &self.method)?;
        json.serialize_field("tool", &self.tool)?;
        json.serialize_field("arguments", &self.arguments)?;
        json.serialize_field("decision", self.outcome.decision())?;
        json.serialize_field("outcome", self.outcome.as_str())?;
        json.serialize_field("rows", &self.rows)?;
        json.serialize_field("bytes", &self.bytes)?;
        let micros = u32::try_from(self.duration.as_micros()).unwrap_or(u32::MAX);
        json.serialize_field("duration_ms", &(f64::from(micros) / 1e3))?;
        json.serialize_field("trace_id", &self.trace_id)?;
        json.serialize_field("node", &self.node)?;
        json.end()
    }
}
