//! Stopping a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::Addr;
use tidegate_types::UserId;
use tokio_util::sync::CancellationToken;

use super::actor::{CallNumber, CancelCall, ToolExecutor};
use super::handle::ExecutorHandle;

impl ExecutorHandle {
    /// What a call is cancelled by, from before it is begun.
    pub(crate) fn control(&self, user: UserId) -> CallControl {
        CallControl(Arc::new(Control {
            number: CallNumber(self.numbers.fetch_add(1, Ordering::Relaxed)),
            user,
            cancel: CancellationToken::new(),
            waits: Arc::new(AtomicBool::new(false)),
            executor: self.addr.clone(),
        }))
    }
}

/// A call as its caller can stop it: while it waits for the cache, for a slot, and while it runs.
#[derive(Clone)]
pub(crate) struct CallControl(pub(super) Arc<Control>);

pub(super) struct Control {
    pub(super) number: CallNumber,
    pub(super) user: UserId,
    cancel: CancellationToken,
    /// Whether it waits for a slot.
    pub(super) waits: Arc<AtomicBool>,
    executor: Addr<ToolExecutor>,
}

impl CallControl {
    /// Fires when the caller gave up or the call's time is over.
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.0.cancel
    }

    /// The caller gave up.
    pub(crate) fn cancel(&self) {
        self.0.cancel.cancel();
        if self.0.waits.load(Ordering::Acquire) {
            // A full mailbox leaves it to the call's turn, which finds the token.
            let _ = self.0.executor.try_send(CancelCall {
                user: self.0.user,
                call: self.0.number,
            });
        }
    }

    /// Cancels when dropped.
    pub(crate) fn cancel_on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }
}

/// Cancels its call when dropped. After the call's end that is of no effect.
pub(crate) struct CancelOnDrop(CallControl);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
