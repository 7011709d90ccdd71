use std::borrow::Cow;
use std::fmt;

use tidegate_metastore::{CommitError, MetastoreError, WriteError};
use tidegate_protocol::content::ToolResult;
use tidegate_protocol::{InputRequest, RpcError};
use tidegate_types::ServiceCode;

/// One argument that cannot be taken as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentProblem {
    /// Where: `request.filters[0].col`. Empty for the arguments as a whole.
    pub path: String,
    /// What is wrong and what would be right: `"colour" is not one of slice_name, viz_type`.
    pub message: String,
}

impl fmt::Display for ArgumentProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "- {}", self.message)
        } else {
            write!(f, "- {}: {}", self.path, self.message)
        }
    }
}

/// Why a tool gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ToolFailure {
    /// The arguments are wrong; nothing was done.
    #[error("the arguments are not valid")]
    InvalidArguments(Vec<ArgumentProblem>),
    /// The thing does not exist, or the principal may not know whether it does.
    #[error("{0}")]
    NotFound(String),
    /// The principal may not do this; the text says what is missing, never what is hidden.
    #[error("{0}")]
    Forbidden(String),
    /// It was tried and failed in a way that the model should see: a query error, say. The answer, if
    /// any, is what the tool shows in Superset's own shape.
    #[error("{message}")]
    Failed {
        /// For the model.
        message: String,
        /// A JSON object that is shown instead of the message.
        answer: Option<serde_json::Value>,
    },
    /// The client must answer these questions first (2026-07-28), keyed by the tool.
    #[error("the client must answer first")]
    InputRequired {
        /// Questions by key.
        requests: Vec<(String, InputRequest)>,
        /// What the tool wants to get back unchanged; sealed before it leaves.
        state: Option<serde_json::Value>,
    },
    /// The client did not declare that it can answer this.
    #[error("the client cannot answer {}", .0.method())]
    MissingCapability(InputRequest),
    /// A protocol error of the tool's choice.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// No room now; try again after so many seconds.
    #[error("{message}")]
    Busy {
        /// What is busy.
        message: String,
        /// When to try again.
        retry_after_secs: u64,
    },
    /// A part that the answer needs cannot be reached; nothing was changed.
    #[error("{part} cannot be reached{}", .reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Unavailable {
        /// Which part, for the model: "the workspace's metastore".
        part: Cow<'static, str>,
        /// Why, in words that give nothing away.
        reason: Option<String>,
        /// For the log.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A change may have been made or not: nobody heard what came of it. Never to be confused with a failure.
    #[error("the change may have been made; look before you repeat it")]
    OutcomeUnknown,
    /// The deadline passed; nothing was changed.
    #[error(
        "the call did not end within its {seconds} seconds and was stopped; nothing was changed"
    )]
    Timeout {
        /// The deadline.
        seconds: u64,
    },
    /// The caller gave up; nothing was changed.
    #[error("the call was cancelled")]
    Cancelled,
    /// A defect of ours. The source is logged and never shown.
    #[error("the tool failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ToolFailure {
    /// One wrong argument.
    pub fn argument(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidArguments(vec![ArgumentProblem {
            path: path.into(),
            message: message.into(),
        }])
    }

    /// A failure that the model should see.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            answer: None,
        }
    }

    /// A defect of ours.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// What the model sees of a failure that it can act on, as a result with `isError`; or the failure back
    /// when it is the protocol's business (`Rpc`, `InputRequired`, `MissingCapability`). Causes are never
    /// shown, so log them before.
    ///
    /// # Errors
    /// The failure itself, see above.
    pub fn into_result(self) -> Result<ToolResult, Self> {
        let text = match self {
            Self::Rpc(_) | Self::InputRequired { .. } | Self::MissingCapability(_) => return Err(self),
            Self::InvalidArguments(problems) => {
                let lines: Vec<_> = problems.iter().map(ArgumentProblem::to_string).collect();
                format!("The arguments are not valid and nothing was done:\n{}", lines.join("\n"))
            }
            Self::Failed { answer: Some(answer), .. } => answer.to_string(),
            Self::NotFound(message) | Self::Forbidden(message) | Self::Failed { message, answer: None } => message,
            Self::Busy { message, retry_after_secs } => {
                format!("{message}. Nothing was done; try again in {retry_after_secs} seconds.")
            }
            Self::Unavailable { .. } => format!("{self}. Nothing was changed; try again in a minute."),
            Self::OutcomeUnknown => format!("{self}."),
            Self::Timeout { .. } => format!("{self}. Ask for less, or narrow it with filters."),
            Self::Cancelled => "The call was cancelled.".to_owned(),
            Self::Internal(_) => "The tool failed through a fault of the server. If trying again does not help, tell \
                                  the people who run it, with the time of this call."
                .to_owned(),
        };
        Ok(ToolResult::error(text))
    }

    /// The kind of failure that the edge, the metrics and the audit show.
    pub fn service_code(&self) -> ServiceCode {
        match self {
            Self::InvalidArguments(_)
            | Self::Rpc(_)
            | Self::MissingCapability(_)
            | Self::InputRequired { .. }
            | Self::Failed { .. } => ServiceCode::InvalidRequest,
            Self::NotFound(_) => ServiceCode::NotFound,
            Self::Forbidden(_) => ServiceCode::Forbidden,
            Self::Busy { .. } => ServiceCode::Overloaded,
            Self::Unavailable { .. } => ServiceCode::Unavailable,
            Self::OutcomeUnknown => ServiceCode::OutcomeUnknown,
            Self::Timeout { .. } => ServiceCode::Timeout,
            Self::Cancelled => ServiceCode::Cancelled,
            Self::Internal(_) => ServiceCode::Internal,
        }
    }
}

impl From<MetastoreError> for ToolFailure {
    fn from(err: MetastoreError) -> Self {
        match err {
            MetastoreError::Unavailable { .. } | MetastoreError::Timeout { .. } => {
                Self::Unavailable {
                    part: "the workspace's metastore".into(),
                    reason: None,
                    source: err.into(),
                }
            }
            err => Self::internal(err),
        }
    }
}

impl From<WriteError> for ToolFailure {
    fn from(err: WriteError) -> Self {
        match err {
            WriteError::NotFound(thing) => Self::NotFound(format!(
                "{} '{}' not found, or you may not see it",
                thing.kind, thing.id
            )),
            WriteError::UserGone => {
                Self::Forbidden("access denied: your account is no longer active".into())
            }
            WriteError::Forbidden { kind, view } => Self::Forbidden(format!(
                "access denied: no role of yours lets you change a {kind} (can_write on {view})"
            )),
            WriteError::NotOwner(thing) => Self::Forbidden(format!(
                "access denied: only the owners of {thing} and administrators may change it"
            )),
            WriteError::ManagedExternally(thing) => Self::Forbidden(format!(
                "access denied: {thing} is managed by another system, which would undo the change; change it there"
            )),
            WriteError::Metastore(err) => undone(err),
        }
    }
}

impl From<CommitError> for ToolFailure {
    fn from(err: CommitError) -> Self {
        match err {
            CommitError::Undone(err) => undone(err),
            CommitError::Unknown(_) => Self::OutcomeUnknown,
        }
    }
}

/// A failure of the metastore after which nothing was changed.
fn undone(err: MetastoreError) -> ToolFailure {
    match err {
        MetastoreError::Conflict { .. } => ToolFailure::failed(
            "nothing was changed: it conflicts with what the workspace holds, such as a name that is taken or \
             something that is gone",
        ),
        err => err.into(),
    }
}
