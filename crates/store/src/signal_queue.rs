//! The bounded queue between an adapter's source of signals and the node's one [`RelayStream`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::{RelayEvent, RelayStream};

/// Holds signals until the node reads them. When it is full, all that wait are dropped for one
/// [`RelayEvent::Gap`], which asks for the same reading as any number of lost signals.
#[derive(Debug)]
pub struct SignalQueue {
    waiting: Arc<Mutex<Waiting>>,
    is_taken: AtomicBool,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<RelayEvent>,
    reader: Option<Waker>,
}

impl SignalQueue {
    /// A queue of at most `capacity` events, at least 2.
    pub fn new(capacity: usize) -> Self {
        Self {
            waiting: Arc::default(),
            is_taken: AtomicBool::new(false),
            capacity: capacity.max(2),
        }
    }

    /// Adds an event without waiting.
    pub fn push(&self, event: RelayEvent) {
        let reader = {
            let mut waiting = lock(&self.waiting);
            if event == RelayEvent::Gap || waiting.events.len() >= self.capacity {
                // Whoever meets a gap reads every log, so what waited before it says nothing more.
                waiting.events.clear();
                waiting.events.push_back(RelayEvent::Gap);
            }
            if event != RelayEvent::Gap {
                waiting.events.push_back(event);
            }
            waiting.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The reading end, once. It never ends by itself.
    pub fn stream(&self) -> Option<RelayStream> {
        if self.is_taken.swap(true, Ordering::SeqCst) {
            return None;
        }
        let waiting = Arc::clone(&self.waiting);
        Some(Box::pin(futures_util::stream::poll_fn(move |context| {
            let mut waiting = lock(&waiting);
            if let Some(event) = waiting.events.pop_front() {
                return Poll::Ready(Some(event));
            }
            waiting.reader = Some(context.waker().clone());
            Poll::Pending
        })))
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    // Nothing in here panics half-way, so a poisoned queue is still whole.
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt};

    use super::*;
    use crate::{Signal, Topic};

    fn signal() -> RelayEvent {
        RelayEvent::Signal(Topic::Workspace("acme".parse().unwrap()), Signal::Changed)
    }

    #[test]
    fn a_full_queue_becomes_one_gap_and_goes_on() {
        let queue = SignalQueue::new(4);
        for _ in 0..5 {
            queue.push(signal());
        }
        let mut stream = queue.stream().unwrap();
        assert_eq!(Some(Some(RelayEvent::Gap)), stream.next().now_or_never());
        assert_eq!(Some(Some(signal())), stream.next().now_or_never());
        assert_eq!(None, stream.next().now_or_never());
    }

    #[test]
    fn gaps_in_a_row_are_one() {
        let queue = SignalQueue::new(4);
        queue.push(RelayEvent::Gap);
        queue.push(RelayEvent::Gap);
        let mut stream = queue.stream().unwrap();
        assert_eq!(Some(Some(RelayEvent::Gap)), stream.next().now_or_never());
        assert_eq!(None, stream.next().now_or_never());
    }

    #[test]
    fn the_stream_is_given_out_once() {
        let queue = SignalQueue::new(4);
        assert!(queue.stream().is_some());
        assert!(queue.stream().is_none());
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken() {
        let queue = Arc::new(SignalQueue::new(4));
        let mut stream = queue.stream().unwrap();
        let (event, ()) = tokio::join!(stream.next(), async {
            tokio::task::yield_now().await;
            queue.push(signal());
        });
        assert_eq!(Some(signal()), event);
    }
}
