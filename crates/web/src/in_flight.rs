//! Requests that are being answered, so that a shutdown knows when the last one is.

use std::sync::Arc;

use tokio::sync::watch;

use crate::connection::{Activity, ActivityGuard};

/// Counts requests from their first byte to the end of their answer, streams included.
#[derive(Debug, Clone)]
pub struct InFlight(Arc<watch::Sender<usize>>);

impl Default for InFlight {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl InFlight {
    /// Counts one until the guard is dropped, and keeps its connection from counting as idle.
    pub(crate) fn begin(&self, connection: Option<&Arc<Activity>>) -> InFlightGuard {
        self.0.send_modify(|count| *count += 1);
        InFlightGuard {
            count: Arc::clone(&self.0),
            _connection: connection.map(Activity::hold),
        }
    }

    /// Waits until there is none.
    pub async fn ended(&self) {
        // The sender is ours, so the wait cannot fail.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// One request in flight.
#[derive(Debug)]
pub(crate) struct InFlightGuard {
    count: Arc<watch::Sender<usize>>,
    _connection: Option<ActivityGuard>,
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_is_when_the_last_guard_goes() {
        let in_flight = InFlight::default();
        in_flight.ended().await;
        let (first, second) = (in_flight.begin(None), in_flight.begin(None));
        let waiting = tokio::spawn({
            let in_flight = in_flight.clone();
            async move { in_flight.ended().await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(second);
        waiting.await.unwrap();
    }
}
