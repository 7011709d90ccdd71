//! The session revisions: 2025-11-25, 2025-06-18, 2025-03-26.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::Value;
use tidegate_protocol::ladder::Params;
use tidegate_protocol::message::{Incoming, Notification, Request, Response};
use tidegate_protocol::{
    ClientCapabilities, LogLevel, ProtocolVersion, RequestId, RpcError, reply,
};
use tidegate_store::{Epoch, SessionChange, SessionKey, SessionRecord, Signal, Topic};
use tidegate_telemetry::Count;
use tidegate_types::{ServiceCode, SessionId};
use tokio_util::sync::CancellationToken;

use super::call::{self, Call, CallClient};
use super::channel::Asking;
use super::{Caller, Core, TraceParent, discover, inquiry, listen, modern, prepare};
use crate::answer::{Answer, Refused};
use crate::outlet::Outlet;
use crate::session::{CallPump, EventPlace, SessionError};

/// A subscription's URI has at most so many bytes.
const MAX_URI_BYTES: usize = 2_048;

/// Client capabilities and client info are kept with the session, within bounds.
const MAX_CAPABILITIES_BYTES: usize = 16 * 1024;
const MAX_INFO_BYTES: usize = 4 * 1024;

/// Requests of a batch that run at once, and how many answers of the largest size all together may be as large as;
/// further ones are not begun.
const BATCH_AT_ONCE: usize = 16;
const BATCH_ANSWERS: usize = 4;

/// How long a client's reply waits to be taken.
const REPLY_TTL: std::time::Duration = std::time::Duration::from_mins(2);

/// A legacy POST.
pub(crate) struct LegacyPost {
    /// `Mcp-Session-Id`.
    pub session: Option<SessionId>,
    /// `MCP-Protocol-Version`, where it came.
    pub version: Option<ProtocolVersion>,
    /// Whether the client takes an event stream.
    pub accepts_stream: bool,
}

/// A session that the store knows, or none: a request outside a session is served as far as it goes.
#[derive(Clone)]
pub(crate) struct LegacySession {
    key: Option<SessionKey>,
    version: ProtocolVersion,
    capabilities: ClientCapabilities,
    log_level: Option<LogLevel>,
}

#[derive(Default, Deserialize)]
struct Initialize<'a> {
    #[serde(default, rename = "protocolVersion")]
    version: Option<Value>,
    #[serde(borrow, default)]
    capabilities: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default, rename = "clientInfo")]
    client_info: Option<&'a serde_json::value::RawValue>,
}

/// `initialize`: opens a session.
pub(crate) async fn initialize(core: &Arc<Core>, caller: &Caller, request: &Request<'_>) -> Answer {
    let id = &request.id;
    let refuse =
        |text: &str| Answer::Json(reply::failure(Some(id), &RpcError::invalid_params(text)));
    let raw = request.params.map_or("{}", |params| params.get());
    let Ok(params) = serde_json::from_str::<Initialize<'_>>(raw) else {
        return refuse("params of initialize has the same member more than once");
    };
    let Some(Value::String(asked)) = params.version else {
        return refuse("params.protocolVersion must be a string such as \"2025-11-25\"");
    };
    let version = match asked.parse::<ProtocolVersion>() {
        Ok(version) if !version.is_modern() => version,
        // There is no handshake in 2026-07-28; whoever shakes hands gets the newest revision that has one.
        _ => ProtocolVersion::NEWEST_LEGACY,
    };
    let text_of =
        |raw: Option<&serde_json::value::RawValue>| raw.map_or("{}", |raw| raw.get()).to_owned();
    let (capabilities, client_info) = (text_of(params.capabilities), text_of(params.client_info));
    if !capabilities.starts_with('{') || capabilities.len() > MAX_CAPABILITIES_BYTES {
        return refuse("params.capabilities must be an object of at most 16 KiB");
    }
    if !client_info.starts_with('{') || client_info.len() > MAX_INFO_BYTES {
        return refuse("params.clientInfo must be an object of at most 4 KiB");
    }
    let record = SessionRecord {
        protocol_version: version.as_str().to_owned(),
        client_capabilities: capabilities,
        client_info,
        created_unix_secs: core.clock.unix_secs(),
        log_level: None,
        subscriptions: std::collections::BTreeSet::new(),
    };
    let session = SessionId::random();
    let key = session_key(caller, session.clone());
    match core
        .state
        .sessions
        .create(&key, &record, core.settings.sessions)
        .await
    {
        Ok(evicted) => {
            core.observer.metrics().count(Count::SessionOpened);
            core.observer
                .metrics()
                .count_by(Count::SessionEvicted, evicted.len() as u64);
            for session in evicted {
                announce_end(core, session_key(caller, session)).await;
            }
        }
        Err(err) => return store_refusal(Some(id), &err),
    }
    Answer::Initialized {
        body: reply::success(id, &discover::initialize(core, caller, version)),
        session,
    }
}

fn session_key(caller: &Caller, session: SessionId) -> SessionKey {
    SessionKey {
        workspace: caller.principal.workspace.clone(),
        user: caller.principal.user,
        session,
    }
}

async fn announce_end(core: &Core, key: SessionKey) {
    if let Err(err) = core
        .state
        .relay
        .publish(&Topic::Session(key), &Signal::SessionEnded)
        .await
    {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "a session's end was not signalled"
        );
    }
}

fn store_refusal(id: Option<&RequestId>, err: &tidegate_store::StoreError) -> Answer {
    tracing::warn!(
        error = err as &dyn std::error::Error,
        "sessions cannot be reached"
    );
    Refused::later(err.service_code(), id, "sessions cannot be reached now", 1).into()
}

fn session_refusal(id: Option<&RequestId>, err: &SessionError) -> Answer {
    if let SessionError::Store(err) = err {
        return store_refusal(id, err);
    }
    match err.service_code() {
        code @ ServiceCode::Overloaded => Refused::later(code, id, err.to_string(), 1).into(),
        code => Refused::new(code, id, RpcError::invalid_request(err.to_string())).into(),
    }
}

/// The session of a request.
///
/// # Errors
/// The answer instead: 404 for one that is gone or somebody else's, which is the same.
pub(crate) async fn session_of(
    core: &Core,
    caller: &Caller,
    post: &LegacyPost,
    id: Option<&RequestId>,
) -> Result<LegacySession, Answer> {
    let Some(session) = &post.session else {
        return Ok(LegacySession {
            key: None,
            version: post.version.unwrap_or(ProtocolVersion::ASSUMED),
            capabilities: ClientCapabilities::default(),
            log_level: Some(core.settings.default_log_level),
        });
    };
    let key = session_key(caller, session.clone());
    let record = match core
        .state
        .sessions
        .touch(&key, core.settings.sessions.idle)
        .await
    {
        Ok(Some(record)) => record,
        Ok(None) => return Err(gone(id)),
        Err(err) => return Err(store_refusal(id, &err)),
    };
    Ok(LegacySession {
        key: Some(key),
        version: record
            .protocol_version
            .parse()
            .unwrap_or(ProtocolVersion::ASSUMED),
        capabilities: serde_json::from_str(&record.client_capabilities).unwrap_or_default(),
        log_level: record
            .log_level
            .and_then(|level| level.parse().ok())
            .or(Some(core.settings.default_log_level)),
    })
}

fn gone(id: Option<&RequestId>) -> Answer {
    let error =
        RpcError::invalid_request("the session does not exist or has ended; initialize a new one");
    Refused::new(ServiceCode::NotFound, id, error).into()
}

/// Serves one message of a session.
pub(crate) async fn post(
    core: &Arc<Core>,
    caller: Caller,
    post: &LegacyPost,
    message: Incoming<'_>,
) -> Answer {
    let id = match &message {
        Incoming::Request(request) => Some(request.id.clone()),
        Incoming::Notification(_) | Incoming::Response(_) => None,
    };
    if post.session.is_none() && matches!(message, Incoming::Response(_)) {
        let error = RpcError::invalid_request("a response needs the header Mcp-Session-Id");
        return Refused::new(ServiceCode::InvalidRequest, None, error).into();
    }
    let session = match session_of(core, &caller, post, id.as_ref()).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    match message {
        Incoming::Request(request) => {
            serve(core, caller, &session, request, post.accepts_stream).await
        }
        Incoming::Notification(notification) => notified(core, &session, &notification).await,
        Incoming::Response(response) => responded(core, &session, &response).await,
    }
}

/// Serves a batch (2025-03-26): each message as if it came alone, the answers in one array.
pub(crate) async fn batch(
    core: &Arc<Core>,
    caller: Caller,
    post: &LegacyPost,
    messages: Vec<Result<Incoming<'_>, RpcError>>,
) -> Answer {
    let session = match session_of(core, &caller, post, None).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    if !session.version.has_batches() {
        let error = RpcError::invalid_request(format!(
            "batches are not part of protocol version {}",
            session.version
        ));
        return Refused::new(ServiceCode::InvalidRequest, None, error).into();
    }
    let written = AtomicUsize::new(0);
    let most = core.settings.size.as_ref().map_or(usize::MAX, |size| {
        size.max_bytes.saturating_mul(BATCH_ANSWERS)
    });
    let answers = stream::iter(messages)
        .map(|message| {
            let (caller, session, written) = (caller.clone(), &session, &written);
            async move {
                let is_full = written.load(Ordering::Relaxed) >= most;
                let answer = match message {
                    Ok(Incoming::Request(request)) if is_full => Some(not_begun(&request)),
                    message => batched(core, caller, session, message).await,
                };
                let bytes = answer.as_ref().map_or(0, Bytes::len);
                written.fetch_add(bytes, Ordering::Relaxed);
                answer
            }
        })
        .buffered(BATCH_AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let answers: Vec<Bytes> = answers.into_iter().flatten().collect();
    if answers.is_empty() {
        return Answer::Accepted;
    }
    let mut body = vec![b'['];
    for (number, answer) in answers.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        body.extend_from_slice(answer);
    }
    body.push(b']');
    Answer::Json(body.into())
}

/// One message of a batch.
async fn batched(
    core: &Arc<Core>,
    caller: Caller,
    session: &LegacySession,
    message: Result<Incoming<'_>, RpcError>,
) -> Option<Bytes> {
    match message {
        Ok(Incoming::Request(request)) if request.method == "initialize" => {
            let error = RpcError::invalid_request("initialize is never part of a batch");
            Some(reply::failure(Some(&request.id), &error))
        }
        // Without a stream of its own, a call in a batch cannot ask its client anything.
        Ok(Incoming::Request(request)) => {
            message_of(serve(core, caller, session, request, false).await)
        }
        Ok(Incoming::Notification(notification)) => {
            message_of(notified(core, session, &notification).await)
        }
        Ok(Incoming::Response(response)) => message_of(responded(core, session, &response).await),
        Err(error) => Some(reply::failure(None, &error)),
    }
}

/// The answer to a request that is not begun, since those before it were answered with as much as a batch may.
fn not_begun(request: &Request<'_>) -> Bytes {
    let error = RpcError::new(
        RpcError::TRY_LATER,
        "the answers to this batch are too large together; this request was not begun, send it again",
    );
    reply::failure(Some(&request.id), &error)
}

fn message_of(answer: Answer) -> Option<Bytes> {
    match answer {
        Answer::Json(message)
        | Answer::TryLater { body: message, .. }
        | Answer::Initialized { body: message, .. } => Some(message),
        Answer::Refused(refused) => Some(reply::failure(refused.id.as_ref(), &refused.error)),
        Answer::Accepted | Answer::Stream(_) => None,
    }
}

async fn serve(
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
    let method = &*request.method;
    if let Some(answer) = inquiry::answer(core, &caller, version, &id, method, &params).await {
        return answer;
    }
    match method {
        "ping" => in_band(Ok(Bytes::from_static(b"{}"))),
        "logging/setLevel" => {
            #[derive(Deserialize)]
            struct SetLevel {
                level: String,
            }
            let level = request
                .params
                .and_then(|params| serde_json::from_str::<SetLevel>(params.get()).ok())
                .ok_or_else(|| RpcError::invalid_params("params.level must be a string"))
                .and_then(|SetLevel { level }| {
                    level
                        .parse::<LogLevel>()
                        .map_err(|err| RpcError::invalid_params(err.to_string()))
                });
            match level {
                Ok(level) => {
                    change(
                        core,
                        session,
                        &id,
                        SessionChange::SetLogLevel(level.to_string()),
                    )
                    .await
                }
                Err(error) => in_band(Err(error)),
            }
        }
        "resources/subscribe" | "resources/unsubscribe" => {
            let uri = Params::text("uri", params.uri).and_then(|uri| {
                if uri.len() > MAX_URI_BYTES {
                    return Err(RpcError::invalid_params(
                        "params.uri has more than 2048 bytes",
                    ));
                }
                Ok(uri.into_owned())
            });
            match uri {
                Ok(uri) if method == "resources/subscribe" => {
                    change(core, session, &id, SessionChange::Subscribe(uri)).await
                }
                Ok(uri) => change(core, session, &id, SessionChange::Unsubscribe(uri)).await,
                Err(error) => in_band(Err(error)),
            }
        }
        "tools/call" | "prompts/get" | "resources/read" => {
            let operation = match prepare::operation(core, &caller, method, &params, &id, version) {
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
        unknown => in_band(Err(RpcError::method_not_found(unknown))),
    }
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
        Err(err) => store_refusal(Some(id), &err),
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
        Err(err) => return session_refusal(Some(&id), &err),
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
        Err(err) => session_refusal(Some(&id), &err),
    }
}

async fn notified(core: &Core, session: &LegacySession, notification: &Notification<'_>) -> Answer {
    if notification.method == "notifications/cancelled"
        && let Some(key) = &session.key
    {
        cancel(core, key, notification).await;
    }
    // Roots, initialized, progress: nothing depends on them.
    Answer::Accepted
}

async fn cancel(core: &Core, key: &SessionKey, notification: &Notification<'_>) {
    #[derive(Deserialize)]
    struct Cancelled {
        #[serde(rename = "requestId")]
        request: RequestId,
    }
    let Some(Ok(Cancelled { request })) = notification
        .params
        .map(|params| serde_json::from_str::<Cancelled>(params.get()))
    else {
        return;
    };
    if let Some(session) = core.sessions.find(key)
        && session.cancel_call(&request)
    {
        return;
    }
    let signal = Signal::CancelRequested {
        request: request.as_json().to_owned(),
    };
    if let Err(err) = core
        .state
        .relay
        .publish(&Topic::Session(key.clone()), &signal)
        .await
    {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "a cancellation was not signalled"
        );
    }
}

/// The client's answer to a request of the server: to whoever asked, on this node or another.
async fn responded(core: &Core, session: &LegacySession, response: &Response<'_>) -> Answer {
    let Some(key) = &session.key else {
        return Answer::Accepted;
    };
    // Ours are strings; anything else answers nothing that was asked.
    let Ok(request) = serde_json::from_str::<String>(response.id.as_json()) else {
        return Answer::Accepted;
    };
    if request.len() > 64 {
        return Answer::Accepted;
    }
    let reply = Bytes::copy_from_slice(response.body.get().as_bytes());
    if let Some(live) = core.sessions.find(key)
        && live
            .deliver_reply(&request, reply.clone())
            .await
            .unwrap_or(false)
    {
        return Answer::Accepted;
    }
    if !core.state.is_shared {
        return Answer::Accepted;
    }
    if let Err(err) = core
        .state
        .replies
        .put(key, &request, reply, REPLY_TTL)
        .await
    {
        return store_refusal(None, &err);
    }
    let signal = Signal::ReplyArrived { request };
    if let Err(err) = core
        .state
        .relay
        .publish(&Topic::Session(key.clone()), &signal)
        .await
    {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "a reply was not signalled"
        );
    }
    Answer::Accepted
}

/// GET: a stream of the session's changes, or the rest of a stream that was cut off.
pub(crate) async fn get(
    core: &Arc<Core>,
    caller: Caller,
    post: &LegacyPost,
    last_event: Option<&str>,
) -> Answer {
    if post.session.is_none() {
        let error = RpcError::invalid_request("GET needs the header Mcp-Session-Id");
        return Refused::new(ServiceCode::InvalidRequest, None, error).into();
    }
    let session = match session_of(core, &caller, post, None).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    let Some(key) = session.key.clone() else {
        return gone(None);
    };
    let live = match core.sessions.live(&key).await {
        Ok(live) => live,
        Err(err) => return session_refusal(None, &err),
    };
    let place = match last_event.map(str::parse::<EventPlace>) {
        None => None,
        Some(Ok(place)) => Some(place),
        Some(Err(reason)) => {
            return Refused::new(
                ServiceCode::InvalidRequest,
                None,
                RpcError::invalid_request(reason),
            )
            .into();
        }
    };
    let after = match place {
        Some(place) if place.stream.as_str() != listen::STANDALONE => {
            core.observer.metrics().count(Count::StreamResumed);
            return match live.resume_stream(place).await {
                Ok(stream) => Answer::Stream(stream),
                // An EventSource would come back for ever; an empty stream tells it that there is no more.
                Err(SessionError::UnknownEvent) => Answer::Stream(Box::pin(stream::empty())),
                Err(err) => session_refusal(None, &err),
            };
        }
        place => place.map(|place| Epoch(place.event.0)),
    };
    match live.take_standalone().await {
        Ok(place) => {
            let is_resumable = session.version.has_priming_event();
            listen::standalone(core, &caller, key, place, after, is_resumable)
        }
        Err(err) => session_refusal(None, &err),
    }
}

/// DELETE: ends the session on every node.
pub(crate) async fn delete(core: &Core, caller: &Caller, session: Option<SessionId>) -> Answer {
    let Some(session) = session else {
        let error = RpcError::invalid_request("DELETE needs the header Mcp-Session-Id");
        return Refused::new(ServiceCode::InvalidRequest, None, error).into();
    };
    let key = session_key(caller, session);
    match core.state.sessions.end(&key).await {
        Ok(true) => {
            core.observer.metrics().count(Count::SessionEnded);
            announce_end(core, key).await;
            Answer::Accepted
        }
        Ok(false) => gone(None),
        Err(err) => store_refusal(None, &err),
    }
}
