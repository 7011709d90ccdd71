#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod options;
mod postgres;
mod sqlite;

use tidegate_types::{ExposeSecret, SecretString};

pub use options::{Keepalive, SessionKind, TlsMode, TlsSettings, TlsVersion};
pub use postgres::{Host, PostgresUri, Target};
pub use sqlite::SqliteUri;

/// Where a database is.
#[derive(Debug, Clone)]
pub enum DatabaseUri {
    /// A PostgreSQL server.
    PostgreSql(Box<PostgresUri>),
    /// A SQLite file.
    Sqlite(SqliteUri),
}

/// Why a URI cannot be used. Never shows the URI itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Another kind of database.
    #[error("{backend} databases cannot be connected to")]
    Backend {
        /// As in the URI, before `+` and `:`; at most 40 characters.
        backend: String,
    },
    /// It says something that cannot be used.
    #[error("{reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
}

pub(crate) fn invalid(reason: impl Into<String>) -> UriError {
    UriError::Invalid {
        reason: reason.into(),
    }
}

impl DatabaseUri {
    /// Reads `dialect[+driver]://user:password@host:port/database?options`.
    ///
    /// # Errors
    /// `Backend`: neither PostgreSQL nor SQLite. `Invalid`: a part cannot be read, or an option is not supported.
    pub fn parse(uri: &SecretString) -> Result<Self, UriError> {
        Self::parse_with(uri, &[])
    }

    /// Reads a URI together with further options by name, such as SQLAlchemy's `connect_args`, which win over
    /// those of the URI.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_with(
        uri: &SecretString,
        arguments: &[(String, String)],
    ) -> Result<Self, UriError> {
        let text = uri.expose_secret().trim();
        let (backend, rest) = split(text)?;
        match backend.as_str() {
            "sqlite" => {
                let mut uri = SqliteUri::parse(rest)?;
                for (name, value) in arguments {
                    uri.option(name, value)?;
                }
                Ok(Self::Sqlite(uri))
            }
            "postgresql" | "postgres" => {
                PostgresUri::parse(rest, arguments).map(|uri| Self::PostgreSql(Box::new(uri)))
            }
            other => Err(UriError::unknown(other)),
        }
    }
}

impl UriError {
    /// A kind of database that nothing here connects to.
    pub fn unknown(backend: &str) -> Self {
        Self::Backend {
            backend: backend.chars().take(40).collect(),
        }
    }
}

/// The kind of database that a URI leads to, in lower case: what stands before `+` and `:`.
///
/// # Errors
/// `Invalid`: it has no scheme.
pub fn backend(uri: &SecretString) -> Result<String, UriError> {
    split(uri.expose_secret()).map(|(backend, _)| backend)
}

/// The kind of database, and what comes after the scheme.
fn split(uri: &str) -> Result<(String, &str), UriError> {
    let (scheme, rest) = uri
        .split_once(':')
        .ok_or_else(|| invalid("it has no scheme"))?;
    let backend = scheme.split('+').next().unwrap_or_default();
    Ok((backend.to_ascii_lowercase(), rest))
}

/// Undoes percent-encoding; a `%` without two hexadecimal digits stands for itself, as in SQLAlchemy.
pub(crate) fn decode(text: &str) -> Result<String, UriError> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| invalid("it is not UTF-8"))?;
    if decoded.contains('\0') {
        return Err(invalid("it has a zero byte"));
    }
    Ok(decoded.into_owned())
}
