//! Outcomes of session validation.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_store::{StoreError, Validation, ValidationCache};
use tidegate_types::{Clock, TokenId, UserId, WorkspaceSlug};

use crate::shelf::{Shelf, Weigh, after};

type TokenKey = (WorkspaceSlug, TokenId);

pub(crate) struct MemoryValidations {
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

/// Revocations lie apart, so that a flood of valid tokens cannot push one out.
struct Known {
    valid: Shelf<TokenKey, ValidUser>,
    revoked: Shelf<TokenKey, ()>,
}

struct ValidUser {
    user: UserId,
    username: String,
}

impl Weigh for ValidUser {
    fn bytes(&self) -> usize {
        0
    }
}

impl Weigh for () {
    fn bytes(&self) -> usize {
        0
    }
}

impl MemoryValidations {
    pub(crate) fn new(clock: Arc<dyn Clock>, max_tokens: usize) -> Self {
        let known = Known {
            valid: Shelf::new(max_tokens, usize::MAX),
            revoked: Shelf::new(max_tokens, usize::MAX),
        };
        Self {
            clock,
            known: Mutex::new(known),
        }
    }
}

impl Known {
    fn revoke(&mut self, key: TokenKey, ttl: Duration, now_millis: i64) {
        self.valid.take(&key, now_millis);
        let earlier = self
            .revoked
            .expires_millis(&key, now_millis)
            .unwrap_or(i64::MIN);
        // A second revocation never shortens the first.
        self.revoked
            .put(key, (), after(now_millis, ttl).max(earlier), now_millis);
    }
}

#[async_trait::async_trait]
impl ValidationCache for MemoryValidations {
    async fn get(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
    ) -> Result<Option<Validation>, StoreError> {
        let now = self.clock.unix_millis();
        let key = (workspace.clone(), token.clone());
        let mut known = self.known.lock();
        if known.revoked.peek(&key, now).is_some() {
            return Ok(Some(Validation::Revoked));
        }
        Ok(known.valid.with(&key, now, |valid, _| Validation::Valid {
            user: valid.user,
            username: valid.username.clone(),
        }))
    }

    async fn put(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        outcome: Validation,
        ttl: Duration,
    ) -> Result<Validation, StoreError> {
        let now = self.clock.unix_millis();
        let key = (workspace.clone(), token.clone());
        let mut known = self.known.lock();
        if known.revoked.peek(&key, now).is_some() {
            return Ok(Validation::Revoked);
        }
        match &outcome {
            Validation::Revoked => known.revoke(key, ttl, now),
            Validation::Valid { user, username } => {
                let valid = ValidUser {
                    user: *user,
                    username: username.clone(),
                };
                known.valid.put(key, valid, after(now, ttl), now);
            }
        }
        Ok(outcome)
    }

    async fn revoke(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let now = self.clock.unix_millis();
        self.known
            .lock()
            .revoke((workspace.clone(), token.clone()), ttl, now);
        Ok(())
    }
}
