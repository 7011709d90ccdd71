//! Rate limits: one script over strings that expire when their bucket is full.

use std::sync::Arc;
use std::time::Duration;

use redis::Script;
use tidegate_store::{Budget, Plane, RateLimiter, StoreError, Verdict};

use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::corrupt;

pub(crate) struct RedisRateLimiter {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
    script: Script,
}

impl RedisRateLimiter {
    pub(crate) fn new(redis: Arc<Connections>, keys: Arc<Keys>) -> Self {
        Self {
            redis,
            keys,
            script: Script::new(include_str!("scripts/limit.lua")),
        }
    }
}

#[async_trait::async_trait]
impl RateLimiter for RedisRateLimiter {
    /// One script for all budgets: one round trip. Not repeated, since it would take two calls.
    async fn check(&self, plane: &Plane, budgets: &[Budget]) -> Result<Verdict, StoreError> {
        const OPERATION: &str = "check rate limits";
        if budgets.is_empty() {
            return Ok(Verdict::Allowed);
        }
        let mut script = self.script.prepare_invoke();
        for budget in budgets {
            script
                .key(self.keys.limit(plane, &budget.scope))
                .arg(budget.interval_micros())
                .arg(budget.window_micros());
        }
        let (first, wait_micros): (usize, u64) = self
            .redis
            .query(OPERATION, Repeat::Never, Request::Script(script))
            .await?;
        match first.checked_sub(1) {
            None => Ok(Verdict::Allowed),
            Some(index) => {
                let budget = budgets
                    .get(index)
                    .ok_or_else(|| corrupt(OPERATION, "the script named no budget"))?;
                Ok(Verdict::Limited {
                    scope: budget.scope.clone(),
                    retry_after: Duration::from_micros(wait_micros),
                })
            }
        }
    }
}
