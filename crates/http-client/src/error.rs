use crate::address::NotPublic;

/// Why nothing came. Says nothing of what the network behind us looks like, and no URL: it may carry what nobody should
/// read in a log.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The rules refuse the URL: its scheme, its user information, its port.
    #[error("the URL is not one that is asked")]
    UrlNotAllowed,
    /// The host has an address that is not of the public internet.
    #[error("the host is not on the public internet")]
    AddressNotAllowed,
    /// The host has no address, nobody answers, or the answer breaks off.
    #[error("the request failed")]
    Failed(#[source] reqwest::Error),
    /// It took too long.
    #[error("the host did not answer in time")]
    Timeout,
    /// The answer is too large.
    #[error("the answer is larger than {most_bytes} bytes")]
    TooLarge {
        /// What was allowed.
        most_bytes: usize,
    },
    /// As many requests as may be are under way.
    #[error("too many requests are under way")]
    Busy,
    /// The authorization has characters that no header may have.
    #[error("the authorization cannot be sent in a header")]
    UnsendableAuthorization,
}

impl HttpError {
    pub(crate) fn from_reqwest(err: reqwest::Error) -> Self {
        if err.is_timeout() {
            return Self::Timeout;
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&err);
        while let Some(err) = cause {
            if err.is::<NotPublic>() {
                return Self::AddressNotAllowed;
            }
            cause = err.source();
        }
        Self::Failed(err.without_url())
    }
}

/// The client cannot be built: the certificates are not PEM, or the proxy is not one.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be built")]
pub struct ClientSetupError(#[from] pub(crate) reqwest::Error);
