//! How failures of tools, prompts and resources look to the client.
//!
//! What the model can act on is a tool result with `isError`; what the client must act on is a JSON-RPC
//! error; what a proxy must act on has a status. Nothing of a source ever reaches the client.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tidegate_metastore::Access;
use tidegate_protocol::content::ToolResult;
use tidegate_protocol::error::{MAX_ERROR_TEXT_BYTES, with_short_texts};
use tidegate_protocol::result::{ResultBuilder, tool_result};
use tidegate_protocol::{InputRequest, ProtocolVersion, RequestId, RpcError, reply};
use tidegate_tools::{ArgumentProblem, CatalogueEntry, ToolFailure};
use tidegate_types::{ServiceCode, shortened};

use super::{Core, Outcome, call};
use crate::answer::Refused;

/// Ours, outside the reserved range: the caller cancelled.
const CANCELLED: i32 = -31099;

/// What failed, and for whom.
pub(crate) struct Asked<'a> {
    pub id: &'a RequestId,
    pub version: ProtocolVersion,
    /// The tool, if it is one.
    pub tool: Option<&'a CatalogueEntry>,
    pub access: &'a Arc<Access>,
}

/// What the client gets for a failure, and how it is told.
pub(crate) fn outcome(
    core: &Core,
    failure: &ToolFailure,
    asked: &Asked<'_>,
    seal: impl FnOnce(&Value) -> String,
) -> Outcome {
    let Asked { id, version, .. } = *asked;
    match failure {
        ToolFailure::InputRequired { requests, state } if version.is_modern() => {
            let sealed = state.as_ref().map(seal);
            let result = input_required(core, version, requests, sealed.as_ref());
            Outcome::Message(reply::success(id, &result))
        }
        ToolFailure::MissingCapability(question) if version.is_modern() => {
            let error = RpcError::missing_capability(question);
            Outcome::Refused(Refused::new(ServiceCode::InvalidRequest, Some(id), error))
        }
        ToolFailure::Busy {
            message,
            retry_after_secs,
        } => Outcome::Refused(Refused::later(
            ServiceCode::Overloaded,
            Some(id),
            message.clone(),
            *retry_after_secs,
        )),
        ToolFailure::Rpc(error) => Outcome::Message(reply::failure(Some(id), error)),
        ToolFailure::Cancelled => Outcome::Message(reply::failure(
            Some(id),
            &RpcError::new(CANCELLED, "the request was cancelled"),
        )),
        other => Outcome::Message(told(core, other, asked)),
    }
}

/// A result that asks the client something, and has the call made again (2026-07-28).
fn input_required(
    core: &Core,
    version: ProtocolVersion,
    requests: &[(String, InputRequest)],
    sealed: Option<&String>,
) -> Bytes {
    let questions: serde_json::Map<String, Value> = requests
        .iter()
        .map(|(key, question)| {
            (
                key.clone(),
                json!({ "method": question.method(), "params": question.params() }),
            )
        })
        .collect();
    ResultBuilder::of_type("input_required", version, &core.server)
        .optional(
            "inputRequests",
            (!questions.is_empty()).then_some(&questions),
        )
        .optional("requestState", sealed)
        .finish()
}

/// A failure in words: as a result of the tool, or as an error where there is none.
fn told(core: &Core, failure: &ToolFailure, asked: &Asked<'_>) -> Bytes {
    let Asked { id, version, .. } = *asked;
    let message = match failure {
        ToolFailure::InvalidArguments(problems) => describe(problems),
        ToolFailure::Failed {
            answer: Some(answer),
            ..
        } => with_short_texts(answer).to_string(),
        ToolFailure::Failed { message, .. } => message.clone(),
        ToolFailure::Internal(_) => {
            "Something failed on the server. It was logged; trying again may help.".to_owned()
        }
        other => sentence(&other.to_string()),
    };
    if let Some(tool) = asked.tool {
        let message = match failure {
            // Each of its texts is short already, and it is JSON.
            ToolFailure::Failed {
                answer: Some(_), ..
            } => message,
            _ => shortened(&message, MAX_ERROR_TEXT_BYTES).into_owned(),
        };
        let output = ToolResult::error(message).into();
        let output = call::fit(core, asked.access, tool, output);
        let result = tool_result(&output.result, version, &core.server);
        return reply::success(id, &result);
    }
    let code = match failure {
        ToolFailure::Internal(_) => RpcError::INTERNAL,
        ToolFailure::Unavailable { .. } | ToolFailure::Timeout { .. } => RpcError::TRY_LATER,
        _ => RpcError::INVALID_PARAMS,
    };
    reply::failure(Some(id), &RpcError::new(code, message))
}

fn describe(problems: &[ArgumentProblem]) -> String {
    let mut text = String::from("The arguments are not valid; nothing was done.");
    for ArgumentProblem { path, message } in problems {
        let place = if path.is_empty() { "arguments" } else { path };
        // Writing to a string does not fail.
        let _ = write!(text, "\n- {place}: {message}");
    }
    text
}

/// A clause as a sentence.
pub(crate) fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    let end = if clause.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
