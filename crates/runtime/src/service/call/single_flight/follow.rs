//! Who waits.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Computed, State};

/// How waiting ended.
pub(crate) enum Waited {
    /// With what the leader came to.
    Done(Computed),
    /// Everybody has to compute for themselves.
    Private,
    /// The leader is gone: join again.
    Abandoned,
    /// The deadline passed.
    TimedOut,
    /// The caller gave up.
    Cancelled,
}

/// Somebody else's computation.
pub(crate) struct Follow {
    pub(super) state: watch::Receiver<State>,
    pub(super) has_started: CancellationToken,
}

impl Follow {
    /// Waits for its end. Fires `has_started` when it has a place to run.
    pub(crate) async fn wait(
        mut self,
        deadline: Instant,
        cancel: &CancellationToken,
        has_started: &CancellationToken,
    ) -> Waited {
        let tell = async {
            self.has_started.cancelled().await;
            has_started.cancel();
            std::future::pending::<()>().await;
        };
        let end = self
            .state
            .wait_for(|state| !matches!(state, State::Running));
        tokio::select! {
            biased;
            () = cancel.cancelled() => Waited::Cancelled,
            end = end => match end.as_deref() {
                Ok(State::Done(computed)) => Waited::Done(Arc::clone(computed)),
                Ok(State::Private) => Waited::Private,
                Ok(State::Running | State::Abandoned) | Err(_) => Waited::Abandoned,
            },
            () = tokio::time::sleep_until(deadline) => Waited::TimedOut,
            () = tell => Waited::Abandoned,
        }
    }
}
