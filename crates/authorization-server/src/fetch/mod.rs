//! What clients and issuers publish on the web: metadata documents and key sets.

use std::time::Duration;

use bytes::Bytes;
use url::Url;

mod documents;
mod guarded;
mod reach;

pub(crate) use documents::{DOCUMENT_BYTES, Documents, KEY_SET_BYTES};
pub use guarded::{FetchSettings, FetcherSetupError, GuardedFetcher};
pub(crate) use reach::Reach;

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The body: JSON, by its type.
    pub body: Bytes,
    /// How long it may be used, by its cache headers (RFC 9111 §5.2). `None`: they say nothing.
    pub fresh_for: Option<Duration>,
}

/// Why nothing was fetched. Says nothing of what the network behind us looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not `https`, with user information, or a port or host that is not allowed.
    #[error("the URL is not one that is fetched")]
    UrlNotAllowed,
    /// The host has an address that is not of the public internet.
    #[error("the host is not on the public internet")]
    AddressNotAllowed,
    /// The host has no address, or nobody answers.
    #[error("the host cannot be reached")]
    Unreachable,
    /// It took too long.
    #[error("the host did not answer in time")]
    Timeout,
    /// Anything but 200; redirects are not followed.
    #[error("the answer's status is {0} instead of 200")]
    Status(u16),
    /// The answer is not JSON by its type.
    #[error("the answer is not of a JSON type")]
    NotJson,
    /// The answer is too large.
    #[error("the answer is too large")]
    TooLarge,
    /// Too many fetches are under way.
    #[error("too many documents are being fetched")]
    Busy,
}

impl FetchError {
    /// Whether a host answered, and not as it should.
    pub(crate) const fn is_from_elsewhere(self) -> bool {
        match self {
            Self::Status(_) | Self::NotJson | Self::TooLarge => true,
            Self::UrlNotAllowed
            | Self::AddressNotAllowed
            | Self::Unreachable
            | Self::Timeout
            | Self::Busy => false,
        }
    }
}

/// Fetches one JSON document. [`GuardedFetcher`] is the one for production; tests serve documents from elsewhere.
///
/// Whoever implements it must not follow redirects, must bound time and size, and must keep URLs of strangers away from
/// networks that they cannot reach themselves (SSRF).
#[async_trait::async_trait]
pub trait Fetcher: Send + Sync {
    /// Gets the document at `url`, of at most `most_bytes`.
    ///
    /// # Errors
    /// See [`FetchError`].
    async fn fetch(&self, url: &Url, most_bytes: usize) -> Result<Fetched, FetchError>;
}
