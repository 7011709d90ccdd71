use std::error::Error as _;
use std::{fmt, io};

use tidegate_types::beginning;
use tokio_postgres::error::SqlState;

/// Texts of a server that are longer are cut where they come in.
const MESSAGE_BYTES: usize = 4 << 10;

/// Why a connection was not made.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct ConnectError {
    /// What a caller may know of it.
    pub cause: ConnectFailure,
    /// The words of the server, the driver or the system, for the log: they may name hosts and users, and never the
    /// password.
    pub reason: String,
    /// The server's SQLSTATE, if it was the server that refused.
    pub code: Option<String>,
}

/// Why no connection could be made, in words that give nothing away: `Display` says no host, user or file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectFailure {
    /// Nobody listens there.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The host's name has no address.
    UnknownHost,
    /// TLS was asked for and could not be agreed on, or the server's certificate is not good.
    Tls,
    /// The user, the password or the right to connect.
    Credentials,
    /// The server has no database of that name.
    UnknownDatabase,
    /// The server takes no further connection.
    TooManyConnections,
    /// The server starts, stops or recovers.
    NotReady,
    /// None of the servers is of the kind that `target_session_attrs` asks for.
    WrongServer,
    /// Something else.
    Other,
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "nothing listens at its address",
            Self::TimedOut => "its server does not answer in time",
            Self::UnknownHost => "the name of its host is not known",
            Self::Tls => "no encrypted connection to its server can be made",
            Self::Credentials => "its server refuses the user or password",
            Self::UnknownDatabase => "its server has no database of that name",
            Self::TooManyConnections => "its server takes no further connections",
            Self::NotReady => "its server is starting or stopping",
            Self::WrongServer => "none of its servers is of the wanted kind",
            Self::Other => "connecting fails",
        })
    }
}

impl ConnectError {
    pub(crate) fn other(reason: impl Into<String>) -> Self {
        Self::new(ConnectFailure::Other, reason)
    }

    fn new(cause: ConnectFailure, reason: impl Into<String>) -> Self {
        Self {
            cause,
            reason: shorten(&reason.into()),
            code: None,
        }
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(
            ConnectFailure::TimedOut,
            "the server did not answer in time",
        )
    }

    pub(crate) fn tls(reason: impl Into<String>) -> Self {
        Self::new(ConnectFailure::Tls, reason)
    }

    pub(crate) fn io(err: &io::Error) -> Self {
        let cause = match err.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => ConnectFailure::Refused,
            io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable => ConnectFailure::TimedOut,
            _ => ConnectFailure::Other,
        };
        Self::new(cause, err.to_string())
    }

    pub(crate) fn of(err: &tokio_postgres::Error) -> Self {
        let Some(db) = err.as_db_error() else {
            if let Some(io) = err.source().and_then(|err| err.downcast_ref::<io::Error>()) {
                return Self::io(io);
            }
            let reason = words(err);
            // The driver says so before it asks the server.
            let cause = if reason.contains("password missing") {
                ConnectFailure::Credentials
            } else {
                ConnectFailure::Other
            };
            return Self::new(cause, reason);
        };
        let code = db.code();
        let cause = if [
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            SqlState::INVALID_PASSWORD,
            SqlState::INSUFFICIENT_PRIVILEGE,
        ]
        .contains(code)
        {
            ConnectFailure::Credentials
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            ConnectFailure::UnknownDatabase
        } else if *code == SqlState::TOO_MANY_CONNECTIONS {
            ConnectFailure::TooManyConnections
        } else if *code == SqlState::CANNOT_CONNECT_NOW {
            ConnectFailure::NotReady
        } else {
            ConnectFailure::Other
        };
        Self {
            code: Some(code.code().to_owned()),
            ..Self::new(cause, db.message())
        }
    }

    /// Whether another server would say the same.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self.cause,
            ConnectFailure::Credentials | ConnectFailure::UnknownDatabase
        )
    }
}

/// The driver's words: those of the server where it spoke, of the cause where there is one.
pub fn words(err: &tokio_postgres::Error) -> String {
    let text = match (err.as_db_error(), err.source()) {
        (Some(db), _) => db.message().to_owned(),
        (None, Some(source)) => source.to_string(),
        (None, None) => err.to_string(),
    };
    shorten(&text)
}

fn shorten(text: &str) -> String {
    beginning(text, MESSAGE_BYTES).into_owned()
}
