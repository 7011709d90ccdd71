use std::time::Duration;

use bb8::ManageConnection;
use tidegate_types::ExposeSecret;
use tokio_postgres::config::SslMode;
use tokio_postgres::{CancelToken, Client, Config};

use super::tls::Tls;
use crate::QueryError;
use crate::uri::{PostgresLocation, TlsMode};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A cancel request is one short connection; the query that it is for is over for us anyway.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct PostgresConnection {
    pub(super) client: Client,
    canceller: Canceller,
    /// Set while a query runs, and left set by one that did not end as it should: what the server would
    /// send next is not known then, so nobody else may get the connection.
    pub(super) is_in_use: bool,
}

impl PostgresConnection {
    pub(super) fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }
}

/// Tells the server to stop what a connection does.
#[derive(Clone)]
pub(super) struct Canceller {
    token: CancelToken,
    tls: Tls,
}

impl Canceller {
    /// Sends the request; whether it came in time is seen by the query.
    pub(super) async fn cancel(self) {
        let sent = self.token.cancel_query(self.tls);
        match tokio::time::timeout(CANCEL_TIMEOUT, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(err)) => tracing::debug!(error = %err, "could not cancel a query"),
            Err(_) => tracing::debug!("cancelling a query took too long"),
        }
    }
}

pub(super) struct PostgresManager {
    config: Config,
    tls: Tls,
}

impl PostgresManager {
    pub(super) fn new(location: &PostgresLocation) -> Result<Self, QueryError> {
        let mut config = Config::new();
        config
            .host(&location.host)
            .port(location.port)
            .connect_timeout(CONNECT_TIMEOUT)
            .application_name("tidegate")
            .ssl_mode(match location.tls {
                TlsMode::Disable => SslMode::Disable,
                TlsMode::Prefer => SslMode::Prefer,
                TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
            });
        if let Some(user) = &location.user {
            config.user(user);
        }
        if let Some(password) = &location.password {
            config.password(password.expose_secret());
        }
        if let Some(database) = &location.database {
            config.dbname(database);
        }
        let tls = Tls::new(location.tls, location.root_certificate.as_deref())?;
        Ok(Self { config, tls })
    }
}

impl ManageConnection for PostgresManager {
    type Connection = PostgresConnection;
    type Error = QueryError;

    async fn connect(&self) -> Result<PostgresConnection, QueryError> {
        let attempt = self.config.connect(self.tls.clone());
        // The driver's own time-out covers the socket, not the greeting.
        let (client, connection) = tokio::time::timeout(CONNECT_TIMEOUT * 2, attempt)
            .await
            .map_err(|_| QueryError::Unavailable {
                reason: "the server did not answer in time".to_owned(),
            })?
            .map_err(|err| QueryError::Unavailable {
                reason: super::engine::words(&err),
            })?;
        // Ends with the client.
        tokio::spawn(async move {
            if let Err(err) = connection.await {
                tracing::debug!(error = %err, "a database connection ended");
            }
        });
        let canceller = Canceller {
            token: client.cancel_token(),
            tls: self.tls.clone(),
        };
        Ok(PostgresConnection {
            client,
            canceller,
            is_in_use: false,
        })
    }

    async fn is_valid(&self, connection: &mut PostgresConnection) -> Result<(), QueryError> {
        if self.has_broken(connection) {
            return Err(QueryError::Unavailable {
                reason: "the connection is closed".to_owned(),
            });
        }
        Ok(())
    }

    fn has_broken(&self, connection: &mut PostgresConnection) -> bool {
        connection.is_in_use || connection.client.is_closed()
    }
}
