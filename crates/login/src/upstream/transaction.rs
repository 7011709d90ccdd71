//! What is remembered of a sign-in while the browser is at the provider.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tidegate_oauth_types::SecretHash;
use tidegate_store::{TicketKind, TicketStore};
use tidegate_types::AccountId;

use crate::{SignInError, UnixSecs};

/// People look for their second factor.
const LIVES: Duration = Duration::from_mins(10);
const KIND: TicketKind = TicketKind::UpstreamSignIn;
const VERSION: u8 = 1;

/// JSON under the hash of `state`.
#[derive(Serialize, Deserialize)]
pub(crate) struct UpstreamTransaction {
    v: u8,
    pub(crate) provider: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    /// Of the cookie of the browser that began.
    pub(crate) binding: SecretHash,
    pub(crate) purpose: Purpose,
}

/// What somebody goes to the provider for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Purpose {
    pub(crate) return_to: String,
    /// Of the secret of the invitation that they came by.
    pub(crate) invitation: Option<SecretHash>,
    /// The account that the provider is connected to, by its owner.
    pub(crate) connects: Option<Owner>,
}

/// An account as it was when its owner asked.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) account: AccountId,
    /// Its `sessions_valid_from`: who signs out everywhere meanwhile connects nothing.
    pub(crate) standing: UnixSecs,
}

impl UpstreamTransaction {
    pub(crate) fn new(
        provider: String,
        nonce: String,
        verifier: String,
        binding: SecretHash,
        purpose: Purpose,
    ) -> Self {
        Self {
            v: VERSION,
            provider,
            nonce,
            verifier,
            binding,
            purpose,
        }
    }

    pub(crate) async fn keep(
        &self,
        tickets: &Arc<dyn TicketStore>,
        state: &str,
    ) -> Result<(), SignInError> {
        let value = serde_json::to_vec(self).map_err(|err| SignInError::Internal(err.into()))?;
        let key = SecretHash::of(state).to_string();
        let is_new = tickets.issue(KIND, &key, Bytes::from(value), LIVES).await?;
        if is_new {
            Ok(())
        } else {
            Err(SignInError::Internal("a state was drawn twice".into()))
        }
    }

    /// The transaction of this state that this browser began at this provider, once. Answers of others leave it where it is.
    pub(crate) async fn take(
        tickets: &Arc<dyn TicketStore>,
        state: &str,
        provider: &str,
        binding: &str,
    ) -> Result<Option<Self>, SignInError> {
        let key = SecretHash::of(state).to_string();
        let Some(value) = tickets.get(KIND, &key).await? else {
            return Ok(None);
        };
        let Some(transaction) = Self::read(&value) else {
            return Ok(None);
        };
        let is_ours =
            transaction.provider == provider && transaction.binding == SecretHash::of(binding);
        if !is_ours {
            return Ok(None);
        }
        let taken = tickets.take(KIND, &key).await?;
        Ok(taken.and_then(|value| Self::read(&value)))
    }

    fn read(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value)
            .ok()
            .filter(|transaction: &Self| transaction.v == VERSION)
    }
}
