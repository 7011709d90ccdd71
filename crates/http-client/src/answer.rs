use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use tokio::sync::SemaphorePermit;

use crate::HttpError;

/// An answer whose body was not read yet.
#[derive(Debug)]
pub struct Answer<'c> {
    pub(crate) response: Response,
    pub(crate) most_bytes: usize,
    /// Held as long as the connection is.
    pub(crate) _slot: SemaphorePermit<'c>,
}

impl Answer<'_> {
    /// The status, whatever it is. A redirect is one of them.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Whether the status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        self.response.status().is_success()
    }

    /// The media type, without parameters and in lower case.
    pub fn content_type(&self) -> Option<String> {
        content_type(self.response.headers())
    }

    /// How long it may be used, by its cache headers (RFC 9111 §5.2). `None`: they say nothing.
    pub fn fresh_for(&self) -> Option<Duration> {
        fresh_for(self.response.headers())
    }

    /// The body.
    ///
    /// # Errors
    /// `TooLarge` whatever its announced length is, `Timeout`, `Failed`.
    pub async fn read(mut self) -> Result<Bytes, HttpError> {
        let most_bytes = self.most_bytes;
        let mut body = BytesMut::new();
        while let Some(chunk) = self
            .response
            .chunk()
            .await
            .map_err(HttpError::from_reqwest)?
        {
            if body.len() + chunk.len() > most_bytes {
                return Err(HttpError::TooLarge { most_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next()?;
    Some(essence.trim().to_ascii_lowercase())
}

/// RFC 9111 §4.2.1, without `Expires`: whoever sets a life these days sets `max-age`.
fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let mut max_age = None;
    for directive in headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let directive = directive.trim().to_ascii_lowercase();
        if matches!(directive.as_str(), "no-store" | "no-cache") {
            return Some(Duration::ZERO);
        }
        if let Some(secs) = directive.strip_prefix("max-age=") {
            max_age = secs.trim_matches('"').parse::<u64>().ok();
        }
    }
    let age = headers
        .get(AGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse::<u64>().ok())
        .unwrap_or(0);
    max_age.map(|secs| Duration::from_secs(secs.saturating_sub(age)))
}

/// Whether a media type says that it is JSON (RFC 6839 §3.1 for the suffix).
pub fn is_json(content_type: &str) -> bool {
    content_type == "application/json"
        || (content_type.starts_with("application/") && content_type.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_what_says_so() {
        for good in ["application/json", "application/jwk-set+json"] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "text/html",
            "text/json",
            "application/jsonp",
            "application/jwt",
            "image/svg+json",
            "",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
