//! What a request and its answer have in common.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::value::RawValue;

/// The id of a request: a JSON string or number of at most 256 bytes, echoed byte for byte.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id as JSON text.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// An id of the server's own making: a string.
    ///
    /// # Panics
    /// Never: a string is always valid JSON.
    pub fn from_text(text: &str) -> Self {
        Self(
            serde_json::to_string(text)
                .expect("a string is valid JSON")
                .into(),
        )
    }

    /// The id as a JSON value.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.0)
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let is_id =
            raw.starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit());
        if is_id && raw.len() <= 256 {
            Ok(Self(raw.into()))
        } else {
            Err(D::Error::custom(
                "an id is a string or a number of at most 256 bytes",
            ))
        }
    }
}
