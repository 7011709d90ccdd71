//! Calls of a session, which outlive their connection.

use std::sync::Arc;

use futures_util::FutureExt as _;
use tidegate_store::SessionKey;

use super::session::session_refusal;
use crate::answer::Answer;
use crate::outlet::Outlet;
use crate::service::call::{self, Call};
use crate::service::channel::Asking;
use crate::service::{Caller, Core};
use crate::session::CallPump;

/// Runs a call that outlives its connection: a disconnect does not cancel, and a stream can be resumed.
pub(super) async fn answer(
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
