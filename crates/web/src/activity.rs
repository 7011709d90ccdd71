//! What goes on on a connection, as its requests tell it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use actix_web::HttpRequest;

/// What goes on on a connection; handlers reach it as the request's connection data.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    begun: AtomicU64,
    running: AtomicUsize,
}

impl Activity {
    /// Notes a request whose head is complete, until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> ActivityGuard {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.hold()
    }

    /// Keeps the connection from counting as idle until the guard is dropped: an answer still goes out.
    pub(crate) fn hold(self: &Arc<Self>) -> ActivityGuard {
        self.running.fetch_add(1, Ordering::Relaxed);
        ActivityGuard(Arc::clone(self))
    }

    /// How many requests have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Whether a request runs or an answer goes out.
    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Relaxed) > 0
    }
}

/// Keeps a request's connection from counting as idle until the guard is dropped, which is to be after the last byte of
/// the answer: a shutdown waits for it.
pub(crate) fn hold(request: &HttpRequest) -> Option<ActivityGuard> {
    request.conn_data::<Arc<Activity>>().map(Activity::hold)
}

/// A request that runs or an answer that goes out.
#[derive(Debug)]
pub(crate) struct ActivityGuard(Arc<Activity>);

impl Drop for ActivityGuard {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}
