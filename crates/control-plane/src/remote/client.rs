//! The side that asks.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, StatusCode, redirect};
use tidegate_types::{ExposeSecret, SecretString};
use url::Url;

use super::wire::WireError;
use crate::operations::Listed;
use crate::{ManagerError, Operation};

/// Larger answers are refused; the largest list is 10,000 audit records.
const MAX_ANSWER_BYTES: usize = 32 << 20;

/// Where another process's manager is.
#[derive(Debug, Clone)]
pub struct RemoteSettings {
    /// The origin, or a path before `manager/v1`: `https://tidegate.example`.
    pub url: Url,
    /// What its `manager.service_token` is.
    pub token: SecretString,
    /// How long an operation may take, connecting included.
    pub timeout: Duration,
}

/// The manager of another process, over HTTP. It remembers nothing: whoever may live with an old answer keeps it.
pub struct RemoteManager {
    client: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
}

impl RemoteManager {
    /// Prepares to ask; nothing is sent yet.
    ///
    /// # Errors
    /// `Invalid`: the URL or the token cannot be used.
    pub fn new(settings: &RemoteSettings) -> Result<Self, ManagerError> {
        let RemoteSettings {
            url,
            token,
            timeout,
        } = settings;
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() {
            return Err(ManagerError::Invalid(
                "manager.url is not valid: use an http or https URL without a query".to_owned(),
            ));
        }
        let mut base = url.clone();
        base.set_path(&format!("{}/manager/v1/", url.path().trim_end_matches('/')));
        let authorization = format!("Bearer {}", token.expose_secret());
        let mut authorization = HeaderValue::from_str(&authorization).map_err(|_| {
            ManagerError::Invalid(
                "manager.service_token is not valid: use visible ASCII characters".to_owned(),
            )
        })?;
        authorization.set_sensitive(true);
        let client = reqwest::Client::builder()
            .timeout(*timeout)
            .connect_timeout((*timeout).min(Duration::from_secs(3)))
            // A redirect or a proxy of the environment could take the token where nobody configured.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|err| ManagerError::Internal(Box::new(err)))?;
        Ok(Self {
            client,
            base,
            authorization,
        })
    }

    /// Sends it. What changes nothing is sent once more when no answer came.
    pub(crate) async fn call<O: Operation>(&self, operation: &O) -> Result<O::Reply, ManagerError> {
        let body =
            serde_json::to_vec(operation).map_err(|err| ManagerError::Internal(Box::new(err)))?;
        let is_read = <O as Listed>::IS_READ;
        match self.send::<O>(body.clone(), is_read).await {
            Err(ManagerError::Unavailable(_)) if is_read => self.send::<O>(body, is_read).await,
            result => result,
        }
    }

    async fn send<O: Operation>(
        &self,
        body: Vec<u8>,
        is_read: bool,
    ) -> Result<O::Reply, ManagerError> {
        let url = self
            .base
            .join(O::NAME)
            .map_err(|err| ManagerError::Internal(Box::new(err)))?;
        let request = self
            .client
            .post(url)
            .header(reqwest::header::AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .body(body);
        let lost = |err| lost(err, is_read);
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status();
        let answer = read(&mut response).await.map_err(|err| match err {
            ReadError::Lost(err) => lost(err),
            ReadError::TooLarge => ManagerError::Internal(
                format!(
                    "the answer of {} is larger than {MAX_ANSWER_BYTES} bytes",
                    O::NAME
                )
                .into(),
            ),
        })?;
        if status == StatusCode::OK {
            // The cause may quote what it read.
            return serde_json::from_slice(&answer).map_err(|_| {
                let reason = format!("the answer of {} does not parse: another version", O::NAME);
                ManagerError::Internal(reason.into())
            });
        }
        Err(match serde_json::from_slice::<WireError>(&answer) {
            Ok(err) => err.into_error(),
            Err(_) => foreign(status, is_read),
        })
    }
}

/// No answer came. What was not sent was not done; what changes something may have been done otherwise.
fn lost(err: reqwest::Error, is_read: bool) -> ManagerError {
    // The URL is the operator's and may hold what is nobody's business.
    let err = err.without_url();
    if err.is_connect() {
        ManagerError::Unavailable(Box::new(err))
    } else if err.is_timeout() || !is_read {
        ManagerError::Timeout
    } else {
        ManagerError::Unavailable(Box::new(err))
    }
}

/// An answer that is not the manager's: of a proxy before it, or of something else at that URL.
fn foreign(status: StatusCode, is_read: bool) -> ManagerError {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            ManagerError::Internal("the remote manager refused the service token".into())
        }
        status if status.is_server_error() && is_read => ManagerError::Unavailable(
            format!("the remote manager's address answers {status}").into(),
        ),
        status if status.is_server_error() => ManagerError::Timeout,
        status => ManagerError::Internal(
            format!("the remote manager's address answers {status}: is manager.url right?").into(),
        ),
    }
}

enum ReadError {
    Lost(reqwest::Error),
    TooLarge,
}

async fn read(response: &mut Response) -> Result<Vec<u8>, ReadError> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Lost)? {
        if answer.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(ReadError::TooLarge);
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

impl std::fmt::Debug for RemoteManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RemoteManager")
    }
}
