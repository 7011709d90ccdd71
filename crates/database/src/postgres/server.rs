//! Where the server is, and how to connect to it.

use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tidegate_database_uri::{DatabaseUri, PostgresUri};
use tidegate_postgres::{Canceller, ConnectError, Connected, Connector, Socket};
use tidegate_types::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;
use tokio_postgres::Client;
use tokio_util::task::AbortOnDropHandle;

/// A server, or several of which one will do.
pub(super) struct Server {
    /// Asks the server to limit the time of statements.
    direct: Arc<Connector>,
    /// Asks for nothing that a pooler does not know.
    plain: Arc<Connector>,
    /// The URI has options of its own for the server, which must not be lost.
    has_options: bool,
}

impl Server {
    /// `statement_timeout` is what the server is told, `connect_timeout` how long a connection may take to be made.
    ///
    /// # Errors
    /// Why the URL cannot be used, without showing it.
    pub(super) fn new(
        url: &SecretString,
        connect_timeout: Duration,
        statement_timeout: Duration,
    ) -> Result<Self, String> {
        let uri = match DatabaseUri::parse_with(url, &bracketed_options(url)) {
            Ok(DatabaseUri::PostgreSql(uri)) => *uri,
            Ok(DatabaseUri::Sqlite(_)) => return Err("it is no PostgreSQL URL".to_owned()),
            Err(err) => return Err(format!("the database's URL cannot be used: {err}")),
        };
        let ignored = uri.ignored.iter();
        for option in ignored.filter(|option| !option.starts_with("options[")) {
            tracing::warn!(option, "an option of a database's URL has no effect");
        }
        let has_options = uri.options.is_some();
        let limit = format!("-c statement_timeout={}", statement_timeout.as_millis());
        let direct = PostgresUri {
            options: Some(match &uri.options {
                Some(own) => format!("{own} {limit}"),
                None => limit,
            }),
            ..uri.clone()
        };
        let connector = |uri| {
            Connector::new(uri, connect_timeout)
                .map(Arc::new)
                .map_err(|err| format!("the database's URL cannot be used: {err}"))
        };
        Ok(Self {
            direct: connector(direct)?,
            plain: connector(uri)?,
            has_options,
        })
    }

    /// Whether a pooler that does not pass on options would lose some.
    pub(super) fn has_options(&self) -> bool {
        self.has_options
    }

    /// Connects, with a limit for statements or without. `runtime` runs what serves the socket.
    pub(super) async fn connect(
        &self,
        is_limited: bool,
        runtime: &Handle,
    ) -> Result<(Client, Canceller), ConnectError> {
        let connector = if is_limited {
            &self.direct
        } else {
            &self.plain
        };
        let connecting = {
            let connector = Arc::clone(connector);
            async move {
                let plain: &(dyn Fn(Socket) -> Socket + Sync) = &|socket| socket;
                connector.connect(&plain).await
            }
        };
        // There, so that the socket belongs to it.
        let made = AbortOnDropHandle::new(runtime.spawn(connecting)).await;
        let Connected {
            client,
            connection,
            route,
        } = made.map_err(|_| ConnectError {
            cause: tidegate_postgres::ConnectFailure::Other,
            reason: "the runtime of the connections has ended".to_owned(),
            code: None,
        })??;
        // Ends with the client.
        runtime.spawn(async move {
            if let Err(err) = connection.await {
                tracing::debug!(error = %tidegate_postgres::words(&err), "a database connection ended");
            }
        });
        let canceller = Canceller::new(&client, Arc::clone(connector), route);
        Ok((client, canceller))
    }
}

/// `options[name]=value` of a URI's query, which earlier versions took, as the `options` that everybody takes.
fn bracketed_options(url: &SecretString) -> Vec<(String, String)> {
    let query = url
        .expose_secret()
        .split_once('?')
        .map_or("", |(_, query)| query);
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    let mut own = String::new();
    let mut switches = String::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let (name, value) = (decoded(name), decoded(value));
        if name == "options" {
            own = value;
        } else if let Some(setting) = name
            .strip_prefix("options[")
            .and_then(|rest| rest.strip_suffix(']'))
        {
            // As libpq reads them: a space within a value is escaped.
            let value = value.replace('\\', "\\\\").replace(' ', "\\ ");
            switches = format!("{switches} -c {setting}={value}");
        }
    }
    if switches.is_empty() {
        return Vec::new();
    }
    vec![(
        "options".to_owned(),
        format!("{own}{switches}").trim().to_owned(),
    )]
}
