//! Values as JSON with the version of their layout: `{"v":1,"value":…}`.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tidegate_store::{StoreError, StoreErrorKind};

/// Raised when a value's layout changes so that older nodes cannot read it.
pub(crate) const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    v: u8,
    value: T,
}

/// The value as JSON text.
pub(crate) fn encode<T: Serialize>(value: T) -> String {
    serde_json::to_string(&Versioned { v: VERSION, value })
        .expect("the store's types have string keys and no failing serializer")
}

/// # Errors
/// `Corrupt`: it is not JSON of this version and type.
pub(crate) fn decode<T: DeserializeOwned>(
    operation: &'static str,
    text: &[u8],
) -> Result<T, StoreError> {
    match serde_json::from_slice::<Versioned<T>>(text) {
        Ok(Versioned { v: VERSION, value }) => Ok(value),
        Ok(Versioned { v, .. }) => Err(corrupt(operation, format!("version {v} is not known"))),
        Err(err) => Err(corrupt(operation, err)),
    }
}

pub(crate) fn corrupt(
    operation: &'static str,
    reason: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError {
        operation,
        kind: StoreErrorKind::Corrupt,
        source: Some(reason.into()),
    }
}

/// A time to live as Redis takes it: whole milliseconds, at least one, at most a hundred years.
pub(crate) fn millis(ttl: Duration) -> u64 {
    const HUNDRED_YEARS: u64 = 100 * 366 * 86_400 * 1_000;
    u64::try_from(ttl.as_millis())
        .unwrap_or(u64::MAX)
        .clamp(1, HUNDRED_YEARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_version_is_refused() {
        assert_eq!(7, decode::<u32>("read", encode(7).as_bytes()).unwrap());
        let err = decode::<u32>("read", br#"{"v":2,"value":7}"#).unwrap_err();
        assert_eq!(StoreErrorKind::Corrupt, err.kind);
    }

    #[test]
    fn a_time_to_live_is_never_zero_or_endless() {
        assert_eq!(1, millis(Duration::ZERO));
        assert!(millis(Duration::MAX) < u64::MAX / 2);
    }
}
