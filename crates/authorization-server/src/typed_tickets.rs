//! Tickets with a type: what lies in the shared store while somebody decides.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidegate_store::{StoreError, StoreErrorKind, TicketKind, TicketStore};

/// Values are JSON objects; a version that changes them must read both.
#[derive(Clone)]
pub(crate) struct TypedTickets(Arc<dyn TicketStore>);

/// A value as it lies there, for replacing exactly it.
pub(crate) struct Versioned<T> {
    pub(crate) value: T,
    pub(crate) raw: Bytes,
}

impl TypedTickets {
    pub(crate) fn new(tickets: Arc<dyn TicketStore>) -> Self {
        Self(tickets)
    }

    /// `false`: there is one already, which stays.
    pub(crate) async fn issue<T: Serialize + Sync>(
        &self,
        kind: TicketKind,
        key: &str,
        value: &T,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        self.0.issue(kind, key, encode(value)?, ttl).await
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        kind: TicketKind,
        key: &str,
    ) -> Result<Option<Versioned<T>>, StoreError> {
        let raw = self.0.get(kind, key).await?;
        raw.map(|raw| {
            Ok(Versioned {
                value: decode(&raw)?,
                raw,
            })
        })
        .transpose()
    }

    /// At most once across all nodes.
    pub(crate) async fn take<T: DeserializeOwned>(
        &self,
        kind: TicketKind,
        key: &str,
    ) -> Result<Option<T>, StoreError> {
        let raw = self.0.take(kind, key).await?;
        raw.map(|raw| decode(&raw)).transpose()
    }

    /// `false`: it is gone or another by now.
    pub(crate) async fn replace<T: Serialize + Sync>(
        &self,
        kind: TicketKind,
        key: &str,
        old: &Bytes,
        new: &T,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        self.0.replace(kind, key, old, encode(new)?, ttl).await
    }

    /// As [`replace`](Self::replace), of a value that nobody changed since it was issued.
    pub(crate) async fn exchange<T: Serialize + Sync>(
        &self,
        kind: TicketKind,
        key: &str,
        old: &T,
        new: &T,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        self.replace(kind, key, &encode(old)?, new, ttl).await
    }

    pub(crate) async fn keep(
        &self,
        kind: TicketKind,
        key: &str,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        self.0.keep(kind, key, ttl).await
    }

    pub(crate) async fn remove(&self, kind: TicketKind, key: &str) -> Result<(), StoreError> {
        self.0.remove(kind, key).await
    }
}

fn encode<T: Serialize>(value: &T) -> Result<Bytes, StoreError> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|err| corrupt("encode a ticket", err))
}

fn decode<T: DeserializeOwned>(raw: &Bytes) -> Result<T, StoreError> {
    serde_json::from_slice(raw).map_err(|err| corrupt("decode a ticket", err))
}

fn corrupt(operation: &'static str, err: serde_json::Error) -> StoreError {
    StoreError {
        operation,
        kind: StoreErrorKind::Corrupt,
        source: Some(Box::new(err)),
    }
}
