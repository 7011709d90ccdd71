//! Outcomes of session validation: strings that expire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::Script;
use tidegate_store::{
    Generation, MAX_VALIDATION_TTL, Remembered, StoreError, Validation, ValidationCache,
};
use tidegate_types::{TokenId, WorkspaceSlug};

use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::{corrupt, decode, encode, millis};

/// How long generations are known: longer than any outcome that was put before one began.
const GENERATIONS_TTL: Duration = Duration::from_hours(48);

pub(crate) struct RedisValidations {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
    put: Script,
    forget: Script,
    revoke: Script,
    /// [`Validation::Revoked`] as it is stored, for the scripts to compare with.
    revoked: String,
}

impl RedisValidations {
    pub(crate) fn new(redis: Arc<Connections>, keys: Arc<Keys>) -> Self {
        Self {
            redis,
            keys,
            put: Script::new(include_str!("scripts/validation_put.lua")),
            forget: Script::new(include_str!("scripts/validation_forget.lua")),
            revoke: Script::new(include_str!("scripts/validation_revoke.lua")),
            revoked: encode(Validation::Revoked),
        }
    }
}

/// A workspace's generation, and the oldest one whose outcomes count.
fn generations(
    operation: &'static str,
    stored: Option<&[u8]>,
) -> Result<(Generation, Generation), StoreError> {
    let Some(stored) = stored else {
        return Ok((Generation(0), Generation(0)));
    };
    let parsed = str::from_utf8(stored).ok().and_then(|text| {
        let (now, oldest) = text.split_once(' ')?;
        Some((
            Generation(now.parse().ok()?),
            Generation(oldest.parse().ok()?),
        ))
    });
    parsed.ok_or_else(|| corrupt(operation, "the generations are not two numbers"))
}

#[async_trait::async_trait]
impl ValidationCache for RedisValidations {
    /// `MGET`: one round trip.
    async fn get(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
    ) -> Result<Remembered, StoreError> {
        const OPERATION: &str = "read a token's validation";
        let mut command = redis::cmd("MGET");
        command
            .arg(self.keys.validation(workspace, token))
            .arg(self.keys.generations(workspace));
        let (stored, stored_generations): (Option<Bytes>, Option<Bytes>) = self
            .redis
            .query(OPERATION, Repeat::Harmless, Request::Command(command))
            .await?;
        let (generation, oldest) = generations(OPERATION, stored_generations.as_deref())?;
        let outcome = match stored.as_deref() {
            None => None,
            Some(text) if text == self.revoked.as_bytes() => Some(Validation::Revoked),
            Some(text) => {
                let space = text.iter().position(|byte| *byte == b' ');
                let (put_with, outcome) = space
                    .map(|space| text.split_at(space))
                    .ok_or_else(|| corrupt(OPERATION, "the outcome has no generation"))?;
                let put_with: u64 = str::from_utf8(put_with)
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| corrupt(OPERATION, "the generation is not a number"))?;
                if Generation(put_with) >= oldest {
                    Some(decode(OPERATION, outcome)?)
                } else {
                    None
                }
            }
        };
        Ok(Remembered {
            outcome,
            generation,
        })
    }

    /// One script: one round trip.
    async fn put(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        outcome: Validation,
        generation: Generation,
        ttl: Duration,
    ) -> Result<Validation, StoreError> {
        let mut script = self.put.key(self.keys.validation(workspace, token));
        script.key(self.keys.generations(workspace));
        if outcome == Validation::Revoked {
            script.arg(&self.revoked).arg(millis(ttl));
            script.arg(&self.revoked).arg("");
        } else {
            let text = format!("{} {}", generation.0, encode(&outcome));
            script.arg(text).arg(millis(ttl.min(MAX_VALIDATION_TTL)));
            script.arg(&self.revoked).arg(generation.0);
        }
        let is_revoked: bool = self
            .redis
            .query(
                "keep a token's validation",
                Repeat::Harmless,
                Request::Script(script),
            )
            .await?;
        Ok(if is_revoked {
            Validation::Revoked
        } else {
            outcome
        })
    }

    /// One script: one round trip.
    async fn forget(&self, workspace: &WorkspaceSlug, token: &TokenId) -> Result<(), StoreError> {
        let mut script = self.forget.key(self.keys.generations(workspace));
        script.key(self.keys.validation(workspace, token));
        script.arg(&self.revoked).arg(millis(GENERATIONS_TTL));
        self.redis
            .query(
                "forget a token's validation",
                Repeat::Harmless,
                Request::Script(script),
            )
            .await
    }

    /// One script: one round trip.
    async fn forget_all(&self, workspace: &WorkspaceSlug) -> Result<(), StoreError> {
        let mut script = self.forget.key(self.keys.generations(workspace));
        script.arg(&self.revoked).arg(millis(GENERATIONS_TTL));
        self.redis
            .query(
                "forget the validations of a workspace",
                Repeat::Harmless,
                Request::Script(script),
            )
            .await
    }

    /// One script: one round trip.
    async fn revoke(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let mut script = self.revoke.key(self.keys.validation(workspace, token));
        script.arg(millis(ttl)).arg(&self.revoked);
        self.redis
            .query("revoke a token", Repeat::Harmless, Request::Script(script))
            .await
    }
}
