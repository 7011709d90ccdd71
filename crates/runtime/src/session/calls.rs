//! The running calls of a session on this node.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tidegate_protocol::RequestId;

use super::SessionError;
use super::actor::MAX_AT_ONCE;
use crate::executor::CallControl;

/// Which calls of a session run, by their request ids. Shared by the session's actor and its handles, so that a
/// cancellation never waits behind other messages and the end of a call is noted at once.
#[derive(Default)]
pub(super) struct RunningCalls(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    running: HashMap<RequestId, CallControl>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Open,
    /// The actor had nothing to do and stops; another one may go on.
    Idle,
    /// The session ended.
    Ended,
}

impl RunningCalls {
    /// Notes a call until the guard is dropped. `None`: the actor stops since it was idle; another one is needed.
    ///
    /// # Errors
    /// `DuplicateRequest`, `TooMany`; `Gone`: the session ended.
    pub(super) fn begin(
        self: &Arc<Self>,
        request: &RequestId,
        control: &CallControl,
    ) -> Result<Option<CallGuard>, SessionError> {
        let mut calls = self.0.lock();
        match calls.state {
            State::Open => {}
            State::Idle => return Ok(None),
            State::Ended => return Err(SessionError::Gone),
        }
        if calls.running.contains_key(request) {
            return Err(SessionError::DuplicateRequest);
        }
        if calls.running.len() >= MAX_AT_ONCE {
            return Err(SessionError::TooMany);
        }
        calls.running.insert(request.clone(), control.clone());
        Ok(Some(CallGuard {
            calls: Arc::clone(self),
            request: request.clone(),
        }))
    }

    /// Cancels a call. Whether it ran here.
    pub(super) fn cancel(&self, request: &RequestId) -> bool {
        let control = self.0.lock().running.get(request).cloned();
        control.inspect(CallControl::cancel).is_some()
    }

    /// Cancels the call whose id is this JSON text.
    pub(super) fn cancel_json(&self, request: &str) {
        let calls = self.0.lock();
        let found = calls.running.iter().find(|(id, _)| id.as_json() == request);
        let control = found.map(|(_, control)| control.clone());
        drop(calls);
        if let Some(control) = control {
            control.cancel();
        }
    }

    /// The session ended: cancels all calls and takes no more.
    pub(super) fn end(&self) {
        let mut calls = self.0.lock();
        calls.state = State::Ended;
        let controls: Vec<CallControl> = calls.running.values().cloned().collect();
        drop(calls);
        for control in controls {
            control.cancel();
        }
    }

    /// Takes no more calls if none runs. Whether that is so now.
    pub(super) fn close_if_empty(&self) -> bool {
        let mut calls = self.0.lock();
        if calls.running.is_empty() && calls.state == State::Open {
            calls.state = State::Idle;
        }
        calls.state != State::Open
    }

    /// The actor is gone, whatever the reason: calls go on, and the next one needs another actor.
    pub(super) fn abandon(&self) {
        let mut calls = self.0.lock();
        if calls.state == State::Open {
            calls.state = State::Idle;
        }
    }
}

/// A running call of a session; dropping it ends the note of it.
pub(crate) struct CallGuard {
    calls: Arc<RunningCalls>,
    request: RequestId,
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.calls.0.lock().running.remove(&self.request);
    }
}
