//! Requests that are being answered, so that a shutdown knows when the last one is.

use std::sync::Arc;

use tokio::sync::watch;

/// Counts requests from their first byte to the end of their answer, streams included.
#[derive(Debug, Clone)]
pub struct InFlight(Arc<watch::Sender<usize>>);

impl Default for InFlight {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl InFlight {
    /// Counts one until the guard is dropped.
    pub(crate) fn begin(&self) -> InFlightGuard {
        self.0.send_modify(|count| *count += 1);
        InFlightGuard(Arc::clone(&self.0))
    }

    /// Waits until there is none.
    pub async fn ended(&self) {
        // The sender is ours, so the wait cannot fail.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// One request in flight.
#[derive(Debug)]
pub(crate) struct InFlightGuard(Arc<watch::Sender<usize>>);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_is_when_the_last_guard_goes() {
        let in_flight = InFlight::default();
        in_flight.ended().await;
        let (first, second) = (in_flight.begin(), in_flight.begin());
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
