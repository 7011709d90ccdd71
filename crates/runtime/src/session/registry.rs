use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::Actor;
use actix_rt::ArbiterHandle;
use parking_lot::Mutex;
use tidegate_protocol::RequestId;
use tidegate_store::{Retention, SessionKey, SharedState, Topic};
use tokio_util::sync::CancellationToken;

use super::SessionError;
use super::actor::SessionActor;
use super::calls::{CallGuard, RunningCalls};
use super::handle::SessionHandle;
use crate::executor::CallControl;

/// How long an actor may take to answer.
const ASK_DEADLINE: Duration = Duration::from_secs(10);

/// Messages that may wait for a session.
const MAILBOX: usize = 256;

/// The sessions that are alive on this node.
pub(crate) struct SessionRegistry {
    live: Mutex<HashMap<Arc<SessionKey>, SessionHandle>>,
    state: SharedState,
    retention: Retention,
    arbiters: Vec<ArbiterHandle>,
    next: AtomicUsize,
    max: usize,
}

impl SessionRegistry {
    pub(crate) fn new(
        state: SharedState,
        retention: Retention,
        arbiters: Vec<ArbiterHandle>,
        max: usize,
    ) -> Self {
        Self {
            live: Mutex::default(),
            state,
            retention,
            arbiters,
            next: AtomicUsize::new(0),
            max,
        }
    }

    /// The session's actor, started if need be. The caller has seen the session in the store.
    ///
    /// # Errors
    /// `TooMany`: this node has as many as it may. `Store`: its signals cannot be received.
    pub(crate) async fn live(
        self: &Arc<Self>,
        key: &SessionKey,
    ) -> Result<SessionHandle, SessionError> {
        if let Some(handle) = self.find(key) {
            return Ok(handle);
        }
        if self.len() >= self.max {
            return Err(SessionError::TooMany);
        }
        // Subscribed first, so that no reply or cancellation falls between the two.
        self.state
            .relay
            .subscribe(&Topic::Session(key.clone()))
            .await?;
        let mut live = self.live.lock();
        if let Some(handle) = live.get(key).filter(|handle| handle.is_alive()) {
            return Ok(handle.clone());
        }
        let handle = self.start(Arc::new(key.clone()));
        live.insert(Arc::clone(&handle.key), handle.clone());
        Ok(handle)
    }

    /// The session with a new call on it.
    ///
    /// # Errors
    /// As of [`Self::live`], and `DuplicateRequest`.
    pub(crate) async fn begin_call(
        self: &Arc<Self>,
        key: &SessionKey,
        request: &RequestId,
        control: &CallControl,
    ) -> Result<(SessionHandle, CallGuard), SessionError> {
        let mut session = self.live(key).await?;
        loop {
            if let Some(guard) = session.begin_call(request, control)? {
                return Ok((session, guard));
            }
            self.remove(&session);
            session = self.live(key).await?;
        }
    }

    /// Forgets an actor that stops, so that the next one can be started.
    fn remove(&self, stopping: &SessionHandle) {
        let mut live = self.live.lock();
        let is_same = |handle: &SessionHandle| Arc::ptr_eq(&handle.calls, &stopping.calls);
        if live.get(&stopping.key).is_some_and(is_same) {
            live.remove(&stopping.key);
        }
    }

    fn start(self: &Arc<Self>, key: Arc<SessionKey>) -> SessionHandle {
        let (ended, calls) = (CancellationToken::new(), Arc::<RunningCalls>::default());
        let (actor_key, state, retention, actor_calls, actor_ended) = (
            SessionKey::clone(&key),
            self.state.clone(),
            self.retention,
            Arc::clone(&calls),
            ended.clone(),
        );
        let arbiter =
            &self.arbiters[self.next.fetch_add(1, Ordering::Relaxed) % self.arbiters.len()];
        let addr = SessionActor::start_in_arbiter(arbiter, move |_| {
            SessionActor::new(
                actor_key,
                state,
                retention,
                actor_calls,
                actor_ended,
                MAILBOX,
            )
        });
        let (registry, ended_key, over) = (Arc::downgrade(self), Arc::clone(&key), ended.clone());
        arbiter.spawn(async move {
            over.cancelled().await;
            if let Some(registry) = registry.upgrade() {
                registry.forget(&ended_key).await;
            }
        });
        SessionHandle {
            addr,
            key,
            state: self.state.clone(),
            calls,
            ended,
            deadline: ASK_DEADLINE,
        }
    }

    async fn forget(&self, key: &Arc<SessionKey>) {
        {
            let mut live = self.live.lock();
            // A successor may have been started already.
            if live.get(key).is_some_and(SessionHandle::is_alive) {
                return;
            }
            live.remove(key);
        }
        if let Err(err) = self
            .state
            .relay
            .unsubscribe(&Topic::Session(SessionKey::clone(key)))
            .await
        {
            tracing::debug!(
                error = &err as &dyn std::error::Error,
                "a session's signals go on for nobody"
            );
        }
        // Whoever started it again meanwhile needs its signals after all.
        if self.find(key).is_some() {
            let _ = self
                .state
                .relay
                .subscribe(&Topic::Session(SessionKey::clone(key)))
                .await;
        }
    }

    /// The session if it is alive here.
    pub(crate) fn find(&self, key: &SessionKey) -> Option<SessionHandle> {
        self.live
            .lock()
            .get(key)
            .filter(|handle| handle.is_alive())
            .cloned()
    }

    /// All sessions that are alive here.
    pub(crate) fn all(&self) -> Vec<SessionHandle> {
        self.live.lock().values().cloned().collect()
    }

    /// How many are alive here.
    pub(crate) fn len(&self) -> usize {
        self.live.lock().len()
    }
}
