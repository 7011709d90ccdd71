//! Requests of a session, or outside of any as far as they go.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use serde::Deserialize;
use tidegate_protocol::message::Request;
use tidegate_protocol::{LogLevel, Params, RequestId, RpcError, reply};
use tidegate_store::{SessionChange, SessionKey, SessionRecord};
use tidegate_types::ServiceCode;
use tokio_util::sync::CancellationToken;

use super::{LegacySession, session_refusal, store_refusal};
use crate::answer::{Answer, Refused};
use crate::outlet::Outlet;
use crate::service::call::{self, Call, CallClient};
use crate::service::channel::Asking;
use crate::service::route::LegacyRoute;
use crate::service::{Caller, Core, TraceParent, inquiry, modern, prepare};
use crate::session::CallPump;

/// A subscription's URI has at most so many bytes.
const MAX_URI_BYTES: usize = 2_048;

pub(super) async fn serve(
    core: &Arc<Core>,
    caller: Caller,
    session: &LegacySession,
    request: Request<'_>,
    accepts_stream: bool,
) -> Answer {
    let (id, version) = (request.id, session.version);
    let in_band = |result: Result<Bytes, RpcError>| match result {
        Ok(result) => Answer::Json(reply::success(&id, &result)),
        Err(error) => Answer::Json(reply::failure(Some(&id), &error)),
    };
    let params = match Params::decode(request.params) {
        Ok(params) => params,
        Err(error) => return in_band(Err(error)),
    };
    match LegacyRoute::of(&request.method) {
        LegacyRoute::Inquiry(inquiry) => {
            inquiry::answer(core, &caller, version, &id, inquiry, &params).await
        }
        LegacyRoute::Ping => in_band(Ok(Bytes::from_static(b"{}"))),
        LegacyRoute::SetLogLevel => match log_level(request.params) {
            Ok(level) => {
                let change_level = SessionChange::SetLogLevel(level.to_string());
                change(core, session, &id, change_level).await
            }
            Err(error) => in_band(Err(error)),
        },
        LegacyRoute::Subscribe => match resource_uri(&params) {
            Ok(uri) => change(core, session, &id, SessionChange::Subscribe(uri)).await,
            Err(error) => in_band(Err(error)),
        },
        LegacyRoute::Unsubscribe => match resource_uri(&params) {
            Ok(uri) => change(core, session, &id, SessionChange::Unsubscribe(uri)).await,
            Err(error) => in_band(Err(error)),
        },
        LegacyRoute::Call(kind) => {
            let operation = match prepare::operation(core, &caller, kind, &params, &id, version) {
                Ok(operation) => operation,
                Err(outcome) => return outcome.into(),
            };
            let common = params.common_meta();
            let call = Call {
                id,
                operation,
                session: session
                    .key
                    .as_ref()
                    .map(|key| key.session.as_str().to_owned()),
                trace: TraceParent {
                    parent: common.traceparent,
                    state: common.tracestate,
                },
                client: CallClient {
                    version,
                    capabilities: session.capabilities.clone(),
                    progress_token: common.progress_token,
                    log_level: session.log_level,
                    asking: Asking::Never,
                    guard: None,
                    has_started: CancellationToken::new(),
                },
            };
            match &session.key {
                Some(key) => answer_in_session(core, caller, key, call, accepts_stream).await,
                None => modern::answer(core, caller, call, accepts_stream).await,
            }
        }
        LegacyRoute::Unknown => in_band(Err(RpcError::method_not_found(request.method.as_str()))),
    }
}

fn log_level(params: Option<&serde_json::value::RawValue>) -> Result<LogLevel, RpcError> {
    #[derive(Deserialize)]
    struct SetLevel {
        level: String,
    }
    params
        .and_then(|params| serde_json::from_str::<SetLevel>(params.get()).ok())
        .ok_or_else(|| RpcError::invalid_params("params.level must be a string"))?
        .level
        .parse()
        .map_err(|err: tidegate_protocol::client::UnknownLogLevel| {
            RpcError::invalid_params(err.to_string())
        })
}

fn resource_uri(params: &Params<'_>) -> Result<String, RpcError> {
    let uri = Params::text("uri", params.uri)?;
    if uri.len() > MAX_URI_BYTES {
        return Err(RpcError::invalid_params(
            "params.uri has more than 2048 bytes",
        ));
    }
    Ok(uri.into_owned())
}

async fn change(
    core: &Core,
    session: &LegacySession,
    id: &RequestId,
    change: SessionChange,
) -> Answer {
    let Some(key) = &session.key else {
        let error = RpcError::invalid_request("this needs a session: send initialize first");
        return Refused::new(ServiceCode::InvalidRequest, Some(id), error).into();
    };
    match core.state.sessions.change(key, change).await {
        Ok(true) => Answer::Json(reply::success(id, b"{}")),
        Ok(false) => {
            let limit = SessionRecord::MAX_SUBSCRIPTIONS;
            let error =
                RpcError::invalid_params(format!("a session has at most {limit} subscriptions"));
            Answer::Json(reply::failure(Some(id), &error))
        }
        Err(err) => store_refusal(core, Some(id), &err),
    }
}

/// Runs a call that outlives its connection: a disconnect does not cancel, and a stream can be resumed.
async fn answer_in_session(
    core: &Arc<Core>,
    caller: Caller,
    key: &SessionKey,
    mut call: Call,
    accepts_stream: bool,
) -> Answer {
    let id = call.id.clone();
    let control = caller.workspace.executor().control(caller.principal.user);
    let session = match core.sessions.begin_call(key, &id, &control).await {
        Ok((session, guard)) => {
            call.client.guard = Some(guard);
            session
        }
        Err(err) => return session_refusal(core, Some(&id), &err),
    };
    let (outlet, mut inlet) = Outlet::new();
    if accepts_stream {
        call.client.asking = Asking::Session(session.clone());
    }
    let is_resumable = call.client.version.has_priming_event();
    let has_started = call.client.has_started.clone();
    let mut running = call::run(Arc::clone(core), caller, call, outlet, control).boxed();
    if !accepts_stream {
        return running.await.into();
    }
    let (first, outcome) = tokio::select! {
        biased;
        outcome = &mut running => match inlet.try_recv() {
            Ok(first) => (Some(first), Some(outcome)),
            Err(_) => return outcome.into(),
        },
        Some(first) = inlet.recv() => (Some(first), None),
        () = call::takes_long(core, &has_started) => (None, None),
    };
    let last = match outcome {
        Some(outcome) => std::future::ready(outcome.into_message()).boxed(),
        None => call::last_message(running).boxed(),
    };
    match session
        .open_stream(CallPump {
            first,
            inlet,
            last,
            is_resumable,
        })
        .await
    {
        Ok(stream) => Answer::Stream(stream),
        Err(err) => session_refusal(core, Some(&id), &err),
    }
}
