//! Outcomes of session validation.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_store::{
    Generation, KnownGrantStatus, MAX_VALIDATION_TTL, Remembered, StoreError, Validation,
    ValidationCache,
};
use tidegate_types::{Clock, TokenId, UserId, WorkspaceSlug};

use crate::expiring_lru::{ExpiringLru, Weigh, after};

type TokenKey = (WorkspaceSlug, TokenId);

pub(crate) struct MemoryValidations {
    clock: Arc<dyn Clock>,
    known: Mutex<KnownTokens>,
}

/// Revocations lie apart, so that a flood of valid tokens cannot push one out.
struct KnownTokens {
    valid: ExpiringLru<TokenKey, ValidUser>,
    revoked: ExpiringLru<TokenKey, ()>,
    generations: ExpiringLru<WorkspaceSlug, Generations>,
    /// The newest generation of any workspace.
    newest: Generation,
    /// Where workspaces begin whose generations are not known, or no more.
    beginning: Generation,
}

struct ValidUser {
    user: UserId,
    username: String,
    standing: Option<KnownGrantStatus>,
    generation: Generation,
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

#[derive(Clone, Copy)]
struct Generations {
    now: Generation,
    /// Outcomes of older ones do not count.
    oldest: Generation,
}

impl Weigh for Generations {
    fn bytes(&self) -> usize {
        0
    }
}

impl MemoryValidations {
    pub(crate) fn new(clock: Arc<dyn Clock>, max_tokens: usize, max_workspaces: usize) -> Self {
        let known = KnownTokens {
            valid: ExpiringLru::new(max_tokens, usize::MAX),
            revoked: ExpiringLru::new(max_tokens, usize::MAX),
            generations: ExpiringLru::new(max_workspaces, usize::MAX),
            newest: Generation(0),
            beginning: Generation(0),
        };
        Self {
            clock,
            known: Mutex::new(known),
        }
    }
}

impl KnownTokens {
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

    fn generations(&self, workspace: &WorkspaceSlug, now_millis: i64) -> Generations {
        let known = self.generations.peek(workspace, now_millis).copied();
        known.unwrap_or(Generations {
            now: self.beginning,
            oldest: self.beginning,
        })
    }

    /// Begins a generation of the workspace, in which all that was known counts on or nothing does.
    fn begin(&mut self, workspace: &WorkspaceSlug, forgets_all: bool, now_millis: i64) {
        self.newest = Generation(self.newest.0 + 1);
        let now = self.newest;
        let before = self.generations(workspace, now_millis).oldest;
        let oldest = if forgets_all { now } else { before };
        let generations = Generations { now, oldest };
        let gone = self
            .generations
            .put(workspace.clone(), generations, i64::MAX, now_millis);
        if !gone.is_empty() {
            // What those workspaces forgot is forgotten by all whose generations are not known.
            self.beginning = now;
        }
    }
}

#[async_trait::async_trait]
impl ValidationCache for MemoryValidations {
    async fn get(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
    ) -> Result<Remembered, StoreError> {
        let now = self.clock.unix_millis();
        let key = (workspace.clone(), token.clone());
        let mut known = self.known.lock();
        let generations = known.generations(workspace, now);
        let outcome = if known.revoked.peek(&key, now).is_some() {
            Some(Validation::Revoked)
        } else {
            let valid = known.valid.with(&key, now, |valid, _| {
                (valid.generation >= generations.oldest).then(|| Validation::Valid {
                    user: valid.user,
                    username: valid.username.clone(),
                    standing: valid.standing.clone(),
                })
            });
            valid.flatten()
        };
        Ok(Remembered {
            outcome,
            generation: generations.now,
        })
    }

    async fn put(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        outcome: Validation,
        generation: Generation,
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
            Validation::Valid {
                user,
                username,
                standing,
            } => {
                if generation == known.generations(workspace, now).now {
                    let valid = ValidUser {
                        user: *user,
                        username: username.clone(),
                        standing: standing.clone(),
                        generation,
                    };
                    let expires = after(now, ttl.min(MAX_VALIDATION_TTL));
                    known.valid.put(key, valid, expires, now);
                }
            }
        }
        Ok(outcome)
    }

    async fn forget(&self, workspace: &WorkspaceSlug, token: &TokenId) -> Result<(), StoreError> {
        let now = self.clock.unix_millis();
        let mut known = self.known.lock();
        known.valid.take(&(workspace.clone(), token.clone()), now);
        known.begin(workspace, false, now);
        Ok(())
    }

    async fn forget_all(&self, workspace: &WorkspaceSlug) -> Result<(), StoreError> {
        let now = self.clock.unix_millis();
        self.known.lock().begin(workspace, true, now);
        Ok(())
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

#[cfg(test)]
mod tests {
    use tidegate_types::SystemClock;

    use super::*;

    const LIFE: Duration = Duration::from_mins(5);

    fn valid() -> Validation {
        Validation::Valid {
            user: UserId(1),
            username: "anna".to_owned(),
            standing: None,
        }
    }

    #[tokio::test]
    async fn a_workspace_whose_generation_made_room_forgets_rather_than_remembers() {
        let validations = MemoryValidations::new(Arc::new(SystemClock), 100, 2);
        let slug = |name: &str| name.parse::<WorkspaceSlug>().unwrap();
        let (acme, token) = (slug("acme"), "t".parse().unwrap());
        let before = validations.get(&acme, &token).await.unwrap().generation;
        let put = validations.put(&acme, &token, valid(), before, LIFE).await;
        put.unwrap();
        validations.forget_all(&acme).await.unwrap();
        for other in ["b", "c", "d"] {
            validations.forget_all(&slug(other)).await.unwrap();
        }
        assert_eq!(None, validations.get(&acme, &token).await.unwrap().outcome);
        let put = validations.put(&acme, &token, valid(), before, LIFE).await;
        put.unwrap();
        assert_eq!(None, validations.get(&acme, &token).await.unwrap().outcome);
    }
}
