//! How often grants are used: collected on the node, told once a minute.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_token_verifier::TokenKind;
use tidegate_types::GrantId;
use tokio_util::sync::CancellationToken;

use super::ControlError;

/// Grants whose calls wait to be told. Calls of more are not counted until these were.
const MAX_WAITING: usize = 10_000;

/// How often it is told.
const EVERY: Duration = Duration::from_mins(1);

/// How long telling may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Calls under one grant or API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantUse {
    /// The connection's or API token's id.
    pub id: GrantId,
    /// Whether it is an API token.
    pub is_api_token: bool,
    /// How many, at least 1.
    pub calls: u32,
}

/// Adds calls to the counters of grants.
#[async_trait::async_trait]
pub trait GrantUses: Send + Sync {
    /// Adds them. They may be added twice when an error comes too late.
    ///
    /// # Errors
    /// They were not added, as far as can be known; they come again.
    async fn note(&self, uses: &[GrantUse]) -> Result<(), ControlError>;
}

/// Collects calls until they are told.
pub(crate) struct UseCounter {
    sink: Option<Arc<dyn GrantUses>>,
    waiting: Mutex<HashMap<GrantId, (bool, u32)>>,
}

impl UseCounter {
    pub(crate) fn new(sink: Option<Arc<dyn GrantUses>>) -> Self {
        Self {
            sink,
            waiting: Mutex::default(),
        }
    }

    /// Counts one call.
    pub(crate) fn count(&self, grant: &GrantId, kind: TokenKind) {
        if self.sink.is_some() {
            self.add(grant, kind == TokenKind::ApiToken, 1);
        }
    }

    fn add(&self, grant: &GrantId, is_api_token: bool, calls: u32) {
        let mut waiting = self.waiting.lock();
        if let Some((_, so_far)) = waiting.get_mut(grant) {
            *so_far = so_far.saturating_add(calls);
        } else if waiting.len() < MAX_WAITING {
            waiting.insert(grant.clone(), (is_api_token, calls));
        }
    }

    /// Tells what was collected. What could not be told is told the next time.
    pub(crate) async fn flush(&self) {
        let Some(sink) = &self.sink else {
            return;
        };
        let uses: Vec<GrantUse> = std::mem::take(&mut *self.waiting.lock())
            .into_iter()
            .map(|(id, (is_api_token, calls))| GrantUse {
                id,
                is_api_token,
                calls,
            })
            .collect();
        if uses.is_empty() {
            return;
        }
        let told = tokio::time::timeout(TIMEOUT, sink.note(&uses)).await;
        let told = told.unwrap_or_else(|elapsed| Err(ControlError(elapsed.into())));
        if let Err(err) = told {
            tracing::warn!(
                error = &err as &dyn std::error::Error,
                "could not record uses of grants; they are recorded later"
            );
            for GrantUse {
                id,
                is_api_token,
                calls,
            } in uses
            {
                self.add(&id, is_api_token, calls);
            }
        }
    }

    /// Tells once a minute until the node stops, and once more then.
    pub(crate) async fn run(self: Arc<Self>, ends: CancellationToken) {
        if self.sink.is_none() {
            return;
        }
        while ends
            .run_until_cancelled(tokio::time::sleep(EVERY))
            .await
            .is_some()
        {
            self.flush().await;
        }
        self.flush().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[derive(Default)]
    struct Sink {
        is_away: AtomicBool,
        told: Mutex<Vec<GrantUse>>,
    }

    #[async_trait::async_trait]
    impl GrantUses for Sink {
        async fn note(&self, uses: &[GrantUse]) -> Result<(), ControlError> {
            if self.is_away.load(Ordering::SeqCst) {
                return Err(ControlError("away".into()));
            }
            self.told.lock().extend_from_slice(uses);
            Ok(())
        }
    }

    fn grant(n: usize) -> GrantId {
        format!("grant-{n:08}").parse().unwrap()
    }

    #[tokio::test]
    async fn calls_are_told_together_and_none_is_lost_while_nobody_listens() {
        let sink = Arc::new(Sink::default());
        let counter = UseCounter::new(Some(Arc::clone(&sink) as _));
        for _ in 0..3 {
            counter.count(&grant(1), TokenKind::OAuth);
        }
        sink.is_away.store(true, Ordering::SeqCst);
        counter.flush().await;
        counter.count(&grant(1), TokenKind::OAuth);
        sink.is_away.store(false, Ordering::SeqCst);
        counter.flush().await;
        counter.flush().await;
        let expected = GrantUse {
            id: grant(1),
            is_api_token: false,
            calls: 4,
        };
        assert_eq!(vec![expected], *sink.told.lock());
    }

    #[tokio::test]
    async fn what_waits_is_bounded() {
        let sink = Arc::new(Sink::default());
        let counter = UseCounter::new(Some(Arc::clone(&sink) as _));
        for n in 0..MAX_WAITING + 10 {
            counter.count(&grant(n), TokenKind::ApiToken);
        }
        counter.flush().await;
        assert_eq!(MAX_WAITING, sink.told.lock().len());
        assert!(sink.told.lock()[0].is_api_token);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_calls_are_told_when_the_node_stops() {
        let sink = Arc::new(Sink::default());
        let counter = Arc::new(UseCounter::new(Some(Arc::clone(&sink) as _)));
        let ends = CancellationToken::new();
        counter.count(&grant(1), TokenKind::OAuth);
        let running = tokio::spawn(Arc::clone(&counter).run(ends.clone()));
        tokio::time::sleep(Duration::from_secs(61)).await;
        assert_eq!(1, sink.told.lock().len());
        counter.count(&grant(2), TokenKind::OAuth);
        ends.cancel();
        running.await.unwrap();
        assert_eq!(2, sink.told.lock().len());
    }
}
