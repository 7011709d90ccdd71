//! Requests of a session, or outside of any as far as they go.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use tidegate_protocol::message::Request;
use tidegate_protocol::params::CommonMeta;
use tidegate_protocol::{LogLevel, Params, RequestId, RpcError, reply};
use tidegate_store::{SessionChange, SessionRecord};
use tidegate_types::ServiceCode;
use tokio_util::sync::CancellationToken;

use super::in_session;
use super::session::{LegacySession, store_refusal};
use crate::answer::{Answer, Refused};
use crate::service::call::{Call, CallClient};
use crate::service::channel::Asking;
use crate::service::operation::Operation;
use crate::service::route::LegacyRoute;
use crate::service::{Caller, Core, TraceParent, inquiry, on_connection, prepare};

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
            let call = call_of(session, id, operation, params.common_meta());
            match &session.key {
                Some(key) => in_session::answer(core, caller, key, call, accepts_stream).await,
                None => on_connection::answer(core, caller, call, accepts_stream).await,
            }
        }
        LegacyRoute::Unknown => in_band(Err(RpcError::method_not_found(request.method.as_str()))),
    }
}

/// The call that an operation becomes in a session, or outside of one.
fn call_of(session: &LegacySession, id: RequestId, operation: Operation, meta: CommonMeta) -> Call {
    Call {
        id,
        operation,
        session: session
            .key
            .as_ref()
            .map(|key| key.session.as_str().to_owned()),
        trace: TraceParent {
            parent: meta.traceparent,
            state: meta.tracestate,
        },
        client: CallClient {
            version: session.version,
            capabilities: session.capabilities.clone(),
            progress_token: meta.progress_token,
            log_level: session.log_level,
            asking: Asking::Never,
            guard: None,
            has_started: CancellationToken::new(),
        },
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
