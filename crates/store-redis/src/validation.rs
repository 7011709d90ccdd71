//! Outcomes of session validation: JSON strings that expire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::Script;
use tidegate_store::{StoreError, Validation, ValidationCache};
use tidegate_types::{TokenId, WorkspaceSlug};

use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::{decode, encode, millis};

pub(crate) struct RedisValidations {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
    put: Script,
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
            revoke: Script::new(include_str!("scripts/validation_revoke.lua")),
            revoked: encode(Validation::Revoked),
        }
    }
}

#[async_trait::async_trait]
impl ValidationCache for RedisValidations {
    /// `GET`: one round trip.
    async fn get(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
    ) -> Result<Option<Validation>, StoreError> {
        const OPERATION: &str = "read a token's validation";
        let mut command = redis::cmd("GET");
        command.arg(self.keys.validation(workspace, token));
        let stored: Option<Bytes> = self
            .redis
            .query(OPERATION, Repeat::Harmless, Request::Command(command))
            .await?;
        stored.map(|text| decode(OPERATION, &text)).transpose()
    }

    /// One script: one round trip.
    async fn put(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        outcome: Validation,
        ttl: Duration,
    ) -> Result<Validation, StoreError> {
        let mut script = self.put.key(self.keys.validation(workspace, token));
        script
            .arg(encode(&outcome))
            .arg(millis(ttl))
            .arg(&self.revoked);
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
