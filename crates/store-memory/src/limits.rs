//! Rate limits.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_store::{Budget, LimitScope, Plane, RateLimiter, StoreError, Verdict};
use tidegate_types::Clock;

use crate::expiring_lru::{ExpiringLru, Weigh};

/// The theoretical arrival time of a bucket's next call (GCRA), in microseconds since the Unix epoch.
struct ArrivalMicros(i64);

impl Weigh for ArrivalMicros {
    fn bytes(&self) -> usize {
        0
    }
}

pub(crate) struct MemoryRateLimiter {
    clock: Arc<dyn Clock>,
    buckets: Mutex<ExpiringLru<(Plane, LimitScope), ArrivalMicros>>,
}

impl MemoryRateLimiter {
    pub(crate) fn new(clock: Arc<dyn Clock>, max_buckets: usize) -> Self {
        Self {
            clock,
            buckets: Mutex::new(ExpiringLru::new(max_buckets, usize::MAX)),
        }
    }
}

#[async_trait::async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn check(&self, plane: &Plane, budgets: &[Budget]) -> Result<Verdict, StoreError> {
        let now = self.clock.now().timestamp_micros();
        let now_millis = now.div_euclid(1_000);
        let mut first_empty = None;
        let mut wait_micros = 0;
        let mut arrivals = Vec::with_capacity(budgets.len());
        let mut buckets = self.buckets.lock();
        for budget in budgets {
            let key = (plane.clone(), budget.scope.clone());
            let last = buckets
                .with(&key, now_millis, |arrival, _| arrival.0)
                .unwrap_or(now);
            // Further ahead than a full window: the clock went back, or the budget was smaller.
            let last = last.clamp(now, now + budget.window_micros());
            let next = last + budget.interval_micros();
            let room_at = next - budget.window_micros();
            if room_at > now {
                first_empty.get_or_insert(&budget.scope);
                wait_micros = wait_micros.max(room_at - now);
            }
            arrivals.push((key, next));
        }
        if let Some(scope) = first_empty {
            let retry_after = Duration::from_micros(wait_micros.unsigned_abs());
            return Ok(Verdict::Limited {
                scope: scope.clone(),
                retry_after,
            });
        }
        for (key, next) in arrivals {
            // From then on the bucket is full, as an unknown one is.
            let full_millis = next.div_euclid(1_000) + 1;
            buckets.put(key, ArrivalMicros(next), full_millis, now_millis);
        }
        Ok(Verdict::Allowed)
    }
}
