use std::path::PathBuf;

use crate::{UriError, decode, invalid};

/// A SQLite file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteUri {
    /// Relative paths are relative to the process, as in SQLAlchemy.
    pub path: PathBuf,
    /// `mode=ro`: it is opened for reading whatever else allows changes.
    pub is_read_only: bool,
    /// Options of other drivers that were passed over.
    pub ignored: Vec<String>,
}

/// Options of Python's driver that mean nothing here.
const TUNING: &[&str] = &[
    "uri",
    "check_same_thread",
    "timeout",
    "isolation_level",
    "cached_statements",
];

impl SqliteUri {
    /// Reads what follows `sqlite:`: `///relative`, `////absolute`, or `///file:…` as SQLite's own URIs are
    /// written. A file is never created.
    pub(crate) fn parse(rest: &str) -> Result<Self, UriError> {
        let path = rest
            .strip_prefix("///")
            .ok_or_else(|| invalid("a SQLite URI is sqlite:///path"))?;
        let (path, options) = path.split_once('?').unwrap_or((path, ""));
        let mut uri = Self {
            path: PathBuf::new(),
            is_read_only: false,
            ignored: Vec::new(),
        };
        for (key, value) in url::form_urlencoded::parse(options.as_bytes()) {
            uri.option(&key, &value)?;
        }
        let path = match path.strip_prefix("file:") {
            Some(rest) => decode(own_path(rest)?)?,
            None => decode(path)?,
        };
        if path.is_empty() || path.starts_with(":memory:") || path.starts_with("file:") {
            return Err(invalid("a SQLite database must be a file"));
        }
        uri.path = path.into();
        Ok(uri)
    }

    /// Takes one option, of the URI or of `connect_args`.
    ///
    /// # Errors
    /// `Invalid`: it would open something else than a file with its locks.
    pub fn option(&mut self, name: &str, value: &str) -> Result<(), UriError> {
        match (name, value) {
            ("mode", "ro") => self.is_read_only = true,
            ("mode", "rw" | "rwc")
            | ("cache", "shared" | "private")
            | ("immutable" | "nolock", "0") => {}
            ("mode", _) => return Err(invalid("its mode is not ro or rw")),
            ("vfs" | "immutable" | "nolock" | "cache", _) => {
                return Err(invalid(format!(
                    "the SQLite option {name} is not supported"
                )));
            }
            _ if TUNING.contains(&name) => {}
            _ => self.ignored.push(name.chars().take(60).collect()),
        }
        Ok(())
    }
}

/// The path of `file:path`, `file:/path`, `file:///path` and `file://localhost/path`.
fn own_path(rest: &str) -> Result<&str, UriError> {
    let rest = rest.split('#').next().unwrap_or_default();
    let Some(after) = rest.strip_prefix("//") else {
        return Ok(rest);
    };
    match after.strip_prefix("localhost") {
        _ if after.starts_with('/') => Ok(after),
        Some(path) if path.starts_with('/') => Ok(path),
        _ => Err(invalid("a file: URI names no other host")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn paths_are_taken_as_sqlalchemy_and_sqlite_write_them() {
        for (rest, path, is_read_only) in [
            ("////var/data/a%20b.db", "/var/data/a b.db", false),
            ("////var/a#1.db", "/var/a#1.db", false),
            ("///rel/a.db?check_same_thread=false", "rel/a.db", false),
            ("////var/a.db?mode=ro", "/var/a.db", true),
            ("////var/a.db?mode=ro&uri=true", "/var/a.db", true),
            ("////var/a.db?mode=rwc", "/var/a.db", false),
            ("////var/a.db?timeout=10&cache=shared", "/var/a.db", false),
            (
                "///file:/var/a%23b.db?mode=ro&uri=true",
                "/var/a#b.db",
                true,
            ),
            ("///file:///var/a.db?uri=true", "/var/a.db", false),
            ("///file://localhost/var/a.db?uri=true", "/var/a.db", false),
            ("///file:rel/a.db?uri=true", "rel/a.db", false),
        ] {
            let uri = SqliteUri::parse(rest).unwrap_or_else(|err| panic!("{rest}: {err}"));
            assert_eq!(
                (Path::new(path), is_read_only),
                (&*uri.path, uri.is_read_only),
                "{rest}"
            );
        }
    }

    #[test]
    fn what_is_no_file_with_its_locks_is_refused() {
        for rest in [
            "",
            "//",
            "///",
            "//host/a.db",
            "///:memory:",
            "///file::memory:?uri=true",
            "///file:?uri=true",
            "///file://elsewhere/a.db?uri=true",
            "///file:a.db?mode=memory&uri=true",
            "///a.db?mode=memory",
            "///a.db?vfs=unix-none",
            "///a.db?nolock=1",
            "///a.db?immutable=1",
            "///a%00.db",
        ] {
            assert!(SqliteUri::parse(rest).is_err(), "{rest} must be refused");
        }
    }

    #[test]
    fn options_of_other_drivers_are_named() {
        let uri = SqliteUri::parse("///a.db?detect_types=1&charset=utf8").unwrap();
        assert_eq!(vec!["detect_types", "charset"], uri.ignored);
    }
}
