use std::path::PathBuf;

use tidegate_types::{ExposeSecret, SecretString};
use url::Url;

use crate::QueryError;

/// Where a database is, from a SQLAlchemy URI (`dialect[+driver]://user:password@host:port/database?options`).
pub(crate) enum Location {
    /// A SQLite file; relative paths are relative to the process, as in SQLAlchemy.
    Sqlite {
        path: PathBuf,
    },
    PostgreSql(PostgresLocation),
}

pub(crate) struct PostgresLocation {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<SecretString>,
    pub(crate) database: Option<String>,
    pub(crate) tls: TlsMode,
    pub(crate) root_certificate: Option<PathBuf>,
}

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsMode {
    Disable,
    /// Encrypt when the server can; libpq's default.
    Prefer,
    /// Encrypt, whoever the server is.
    Require,
    /// Encrypt, with a server whose certificate is good.
    VerifyCa,
    /// Encrypt, with a server whose certificate is good and names the host.
    VerifyFull,
}

impl Location {
    pub(crate) fn parse(uri: &SecretString) -> Result<Self, QueryError> {
        let text = uri.expose_secret().trim();
        let (scheme, rest) = text
            .split_once(':')
            .ok_or_else(|| invalid("it has no scheme"))?;
        let backend = scheme.split('+').next().unwrap_or_default();
        match backend.to_ascii_lowercase().as_str() {
            "sqlite" => sqlite(rest),
            "postgresql" | "postgres" => postgres(text, scheme),
            other => Err(QueryError::UnsupportedBackend {
                backend: other.chars().take(40).collect(),
            }),
        }
    }
}

fn invalid(reason: impl Into<String>) -> QueryError {
    QueryError::InvalidUri {
        reason: reason.into(),
    }
}

/// `sqlite:///relative` and `sqlite:////absolute`. Options after `?` are ignored, but for the
/// `mode`, `uri` and `vfs` that would change what is opened: those are refused.
fn sqlite(rest: &str) -> Result<Location, QueryError> {
    let path = rest
        .strip_prefix("///")
        .ok_or_else(|| invalid("a SQLite URI is sqlite:///path"))?;
    let (path, options) = path.split_once('?').unwrap_or((path, ""));
    for (key, _) in url::form_urlencoded::parse(options.as_bytes()) {
        if matches!(
            key.as_ref(),
            "uri" | "mode" | "vfs" | "immutable" | "nolock"
        ) {
            return Err(invalid(format!("the SQLite option {key} is not supported")));
        }
    }
    let path = decode(path)?;
    if path.is_empty() || path == ":memory:" || path.starts_with("file:") {
        return Err(invalid("a SQLite database must be a file"));
    }
    Ok(Location::Sqlite { path: path.into() })
}

fn postgres(text: &str, scheme: &str) -> Result<Location, QueryError> {
    // The URL library treats unknown schemes as hierarchical with `//`, which is what we need.
    let url = Url::parse(&format!("postgresql{}", &text[scheme.len()..]))
        .map_err(|err| invalid(err.to_string()))?;
    let mut location = PostgresLocation {
        host: url
            .host_str()
            .map(|host| decode(host.trim_start_matches('[').trim_end_matches(']')))
            .transpose()?
            .filter(|host| !host.is_empty())
            .unwrap_or_else(|| "localhost".to_owned()),
        port: url.port().unwrap_or(5432),
        user: Some(decode(url.username())?).filter(|user| !user.is_empty()),
        password: url
            .password()
            .map(decode)
            .transpose()?
            .map(SecretString::from),
        database: Some(decode(url.path().trim_start_matches('/'))?).filter(|name| !name.is_empty()),
        tls: TlsMode::Prefer,
        root_certificate: None,
    };
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "host" => location.host = value.into_owned(),
            "port" => {
                location.port = value
                    .parse()
                    .map_err(|_| invalid("its port is no number"))?;
            }
            "user" => location.user = Some(value.into_owned()),
            "password" => location.password = Some(value.into_owned().into()),
            "sslmode" => location.tls = tls_mode(&value)?,
            "sslrootcert" => location.root_certificate = Some(value.into_owned().into()),
            "sslcert" | "sslkey" => {
                return Err(invalid("client certificates are not supported"));
            }
            // Options for other drivers and tuning of libpq do not change where we connect.
            _ => {}
        }
    }
    Ok(Location::PostgreSql(location))
}

fn tls_mode(value: &str) -> Result<TlsMode, QueryError> {
    Ok(match value {
        "disable" => TlsMode::Disable,
        "allow" | "prefer" => TlsMode::Prefer,
        "require" => TlsMode::Require,
        "verify-ca" => TlsMode::VerifyCa,
        "verify-full" => TlsMode::VerifyFull,
        _ => {
            return Err(invalid(
                "its sslmode is not one of disable, allow, prefer, require, verify-ca and verify-full",
            ));
        }
    })
}

fn decode(text: &str) -> Result<String, QueryError> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = (bytes[index] == b'%')
            .then(|| text.get(index + 1..index + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = hex {
            decoded.push(byte);
            index += 3;
        } else {
            decoded.push(bytes[index]);
            index += 1;
        }
    }
    String::from_utf8(decoded).map_err(|_| invalid("it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(uri: &str) -> Result<Location, QueryError> {
        Location::parse(&SecretString::from(uri.to_owned()))
    }

    fn postgres_of(uri: &str) -> PostgresLocation {
        match parse(uri).unwrap() {
            Location::PostgreSql(location) => location,
            Location::Sqlite { .. } => panic!("not a PostgreSQL location"),
        }
    }

    #[test]
    fn a_postgresql_uri_is_taken_apart_and_decoded() {
        let location = postgres_of(
            "postgresql+psycopg2://ann%40x:p%2Fw%3A@db.example:6543/my%20db?sslmode=require",
        );
        assert_eq!("db.example", location.host);
        assert_eq!(6543, location.port);
        assert_eq!(Some("ann@x"), location.user.as_deref());
        assert_eq!("p/w:", location.password.unwrap().expose_secret());
        assert_eq!(Some("my db"), location.database.as_deref());
        assert_eq!(TlsMode::Require, location.tls);
    }

    #[test]
    fn a_short_postgresql_uri_gets_the_defaults() {
        let location = postgres_of("postgres://localhost/db");
        assert_eq!(
            (5432, None, TlsMode::Prefer),
            (location.port, location.user, location.tls)
        );
        assert_eq!(
            "/run/postgresql",
            postgres_of("postgresql:///db?host=/run/postgresql").host
        );
        assert_eq!("::1", postgres_of("postgresql://[::1]/db").host);
    }

    #[test]
    fn a_sqlite_path_is_absolute_with_four_slashes() {
        for (uri, path) in [
            ("sqlite:////var/data/a%20b.db", "/var/data/a b.db"),
            ("sqlite:///rel/a.db?check_same_thread=false", "rel/a.db"),
        ] {
            let Location::Sqlite { path: got } = parse(uri).unwrap() else {
                panic!("{uri}")
            };
            assert_eq!(PathBuf::from(path), got);
        }
    }

    #[test]
    fn other_databases_and_odd_sqlite_uris_are_refused_by_name() {
        assert!(matches!(
            parse("mysql://u:secret@h/db"),
            Err(QueryError::UnsupportedBackend { backend }) if backend == "mysql"
        ));
        for uri in [
            "sqlite://",
            "sqlite:///:memory:",
            "sqlite:///file:x?uri=true",
            "sqlite:///x?vfs=unix-none",
            "nonsense",
        ] {
            let err = parse(uri)
                .err()
                .unwrap_or_else(|| panic!("{uri} must be refused"));
            assert!(matches!(err, QueryError::InvalidUri { .. }), "{uri}: {err}");
        }
    }
}
