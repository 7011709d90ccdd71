//! Requests of 2026-07-28: stateless, each with its own capabilities.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tidegate_protocol::classification::RequestMeta;
use tidegate_protocol::message::Request;
use tidegate_protocol::parameter_header::check_params;
use tidegate_protocol::{Params, ProtocolVersion, RpcError, reply};
use tidegate_types::ServiceCode;
use tokio_util::sync::CancellationToken;

use super::call::{self, Call, CallClient};
use super::channel::Asking;
use super::operation::Operation;
use super::route::ModernRoute;
use super::{Caller, Core, TraceParent, inquiry, listen, on_connection, prepare};
use crate::answer::{Answer, Refused};

/// A modern POST.
pub(crate) struct ModernPost<'a> {
    pub request: Request<'a>,
    pub params: Params<'a>,
    pub meta: Box<RequestMeta>,
    /// `Mcp-Param-*` by full name.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// Whether the client takes an event stream.
    pub accepts_stream: bool,
}

/// Serves a modern POST.
pub(crate) async fn post(core: &Arc<Core>, caller: Caller, post: ModernPost<'_>) -> Answer {
    let ModernPost {
        request,
        params,
        meta,
        header,
        accepts_stream,
    } = post;
    let (id, version) = (request.id, meta.version);
    match ModernRoute::of(&request.method) {
        ModernRoute::Inquiry(inquiry) => {
            inquiry::answer(core, &caller, version, &id, inquiry, &params).await
        }
        ModernRoute::Listen => listen::modern(core, &caller, &id, version, params.notifications),
        ModernRoute::Call(kind) => {
            let prepared = match prepare::operation(core, &caller, kind, &params, &id, version) {
                Ok(prepared) => prepared,
                Err(outcome) => return outcome.into(),
            };
            if let Err(error) = check_headers(&prepared, header) {
                return Answer::Refused(Refused::new(
                    ServiceCode::InvalidRequest,
                    Some(&id),
                    error,
                ));
            }
            let asking = match read_retry(core, &caller, &prepared, version, &params) {
                Ok(asking) => asking,
                Err(error) => return Answer::Json(reply::failure(Some(&id), &error)),
            };
            let common = params.common_meta();
            let call = Call {
                id,
                operation: prepared,
                session: None,
                trace: TraceParent {
                    parent: common.traceparent,
                    state: common.tracestate,
                },
                client: CallClient {
                    version,
                    capabilities: meta.client_capabilities,
                    progress_token: common.progress_token,
                    log_level: meta.log_level,
                    asking,
                    guard: None,
                    has_started: CancellationToken::new(),
                },
            };
            on_connection::answer(core, caller, call, accepts_stream).await
        }
        ModernRoute::Unknown => {
            let error = RpcError::method_not_found(request.method.as_str());
            Answer::Refused(Refused::new(ServiceCode::NotFound, Some(&id), error))
        }
    }
}

/// Headers that mirror arguments must say the same (SEP-2243).
fn check_headers<'h>(
    operation: &Operation,
    header: &dyn Fn(&str) -> Option<&'h str>,
) -> Result<(), RpcError> {
    let Operation::Tool {
        entry,
        arguments,
        is_indirect,
    } = operation
    else {
        return Ok(());
    };
    // What stands in a text, or in the arguments of `call_tool`, is nothing that a client would repeat.
    let repeated = if *is_indirect || arguments.is_text() {
        &Value::Null
    } else {
        arguments.value()
    };
    check_params(entry.parameter_headers(), repeated, header)
}

/// The client's answers to an earlier `input_required`, and the state that it brings back.
fn read_retry(
    core: &Core,
    caller: &Caller,
    operation: &Operation,
    version: ProtocolVersion,
    params: &Params<'_>,
) -> Result<Asking, RpcError> {
    let answers: BTreeMap<String, Value> = match params.input_responses {
        None => BTreeMap::new(),
        Some(raw) => serde_json::from_str(raw.get()).map_err(|_| {
            RpcError::invalid_params(
                "params.inputResponses must be an object of answers by their keys",
            )
        })?,
    };
    if let Some((key, _)) = answers.iter().find(|(_, answer)| !answer.is_object()) {
        let key: String = key.chars().take(80).collect();
        return Err(RpcError::invalid_params(format!(
            "params.inputResponses[{key:?}] must be an object"
        )));
    }
    let state = match params.request_state {
        None => None,
        Some(raw) => {
            let sealed = Params::text("requestState", Some(raw))?;
            let state = call::open_state(core, caller, operation, version, &sealed);
            Some(state.map_err(|err| RpcError::invalid_params(err.to_string()))?)
        }
    };
    Ok(Asking::Retry { answers, state })
}
