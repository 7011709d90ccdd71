//! Signals of a node to itself.

use std::collections::HashSet;

use parking_lot::RwLock;
use tidegate_store::{
    Relay, RelayEvent, RelayStream, Signal, SignalQueue, StoreError, StoreErrorKind, Topic,
};

pub(crate) struct MemoryRelay {
    topics: RwLock<HashSet<Topic>>,
    queue: SignalQueue,
    max_topics: usize,
}

impl MemoryRelay {
    pub(crate) fn new(max_signals: usize, max_topics: usize) -> Self {
        Self {
            topics: RwLock::default(),
            queue: SignalQueue::new(max_signals),
            max_topics,
        }
    }

    pub(crate) fn signal(&self, topic: &Topic, signal: &Signal) {
        // Under the lock, so that no signal follows a finished unsubscribe.
        let topics = self.topics.read();
        if topics.contains(topic) {
            self.queue
                .push(RelayEvent::Signal(topic.clone(), signal.clone()));
        }
    }
}

#[async_trait::async_trait]
impl Relay for MemoryRelay {
    async fn publish(&self, topic: &Topic, signal: &Signal) -> Result<(), StoreError> {
        self.signal(topic, signal);
        Ok(())
    }

    async fn subscribe(&self, topic: &Topic) -> Result<(), StoreError> {
        let mut topics = self.topics.write();
        if topics.len() >= self.max_topics && !topics.contains(topic) {
            return Err(StoreError {
                operation: "subscribe to one more topic",
                kind: StoreErrorKind::Unavailable,
                source: None,
            });
        }
        topics.insert(topic.clone());
        Ok(())
    }

    async fn unsubscribe(&self, topic: &Topic) -> Result<(), StoreError> {
        self.topics.write().remove(topic);
        Ok(())
    }

    fn is_connected(&self) -> bool {
        true
    }

    fn stream(&self) -> Option<RelayStream> {
        self.queue.stream()
    }
}
