use std::borrow::Cow;

use tidegate_engines::QueryError;
use tidegate_metastore::DatabaseConnection;
use tidegate_protocol::error::MAX_ERROR_TEXT_BYTES;
use tidegate_sql_guard::{GuardError, TemplateError};
use tidegate_types::shortened;

use super::answer::SqlAnswer;
use crate::ToolFailure;

/// Bytes of what a database or a parser said: a message may quote a value of any size. The note that it was cut fits
/// into what the edge leaves of each text, which would otherwise cut it again and tell a wrong length.
const MAX_MESSAGE_BYTES: usize = MAX_ERROR_TEXT_BYTES - 64;

/// A failure in Superset's shape: a JSON object with `success: false`.
pub(super) fn failed(message: &str, error_type: &'static str) -> ToolFailure {
    let message = shortened(message, MAX_MESSAGE_BYTES).into_owned();
    match serde_json::to_value(SqlAnswer::failed(message.clone(), error_type)) {
        Ok(answer) => ToolFailure::Failed {
            message,
            answer: Some(answer),
        },
        Err(err) => ToolFailure::internal(err),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for use with map_err")]
pub(super) fn guard(err: GuardError) -> ToolFailure {
    let error_type = match &err {
        GuardError::Syntax(_) | GuardError::TooLong { .. } | GuardError::TooComplex(_) => "syntax",
        GuardError::DmlNotAllowed(_)
        | GuardError::DdlNotAllowed(_)
        | GuardError::DefinitionNotAllowed(_) => "dml_not_allowed",
        GuardError::Forbidden(_)
        | GuardError::Functions(_)
        | GuardError::Tables(_)
        | GuardError::Catalogue(_)
        | GuardError::UnknownNames(..)
        | GuardError::Ambiguous => "not_allowed",
        GuardError::RowFilter { .. } | GuardError::HiddenRows(_) => "row_level_security",
    };
    let message = match &err {
        GuardError::Forbidden("SHOW" | "DESCRIBE" | "PRAGMA") => {
            format!("{err}: list_datasets finds tables, and get_dataset_info shows their columns")
        }
        _ => err.to_string(),
    };
    failed(&message, error_type)
}

#[expect(clippy::needless_pass_by_value, reason = "for use with map_err")]
pub(super) fn template(err: TemplateError) -> ToolFailure {
    failed(&err.to_string(), "template")
}

/// What a caller hears of an engine's failure. The dialect is named in front of what the database said, as
/// Superset does; the database is named where it is the database that fails.
pub(super) fn query(
    err: QueryError,
    dialect: &'static str,
    database: &DatabaseConnection,
) -> ToolFailure {
    match err {
        QueryError::Database { message, .. } => {
            failed(&format!("{dialect} error: {message}"), "failed")
        }
        QueryError::UnsupportedBackend { .. } => failed(&err.to_string(), "unsupported"),
        QueryError::ConnectionLost { .. } => failed(
            "lost the connection to the database; nothing was changed, and it may be tried again",
            "connection_lost",
        ),
        QueryError::OutcomeUnknown => ToolFailure::OutcomeUnknown,
        QueryError::Timeout { after } => ToolFailure::Timeout {
            seconds: after.as_secs().max(1),
        },
        QueryError::Cancelled => ToolFailure::Cancelled,
        QueryError::Busy => ToolFailure::Busy {
            message: err.to_string(),
            retry_after_secs: 1,
        },
        QueryError::PathNotAllowed
        | QueryError::InvalidUri { .. }
        | QueryError::Unavailable { .. } => unavailable(err, database),
        QueryError::Internal(_) | QueryError::NotUnderstood { .. } => ToolFailure::internal(err),
    }
}

/// The same for a statement that reads a table with row level security. A database quotes values in its messages, so
/// that they are left out, but for the code.
pub(super) fn query_under_rules(err: QueryError, dialect: &'static str) -> QueryError {
    match err {
        QueryError::Database { code, .. } => {
            let what = match code.as_deref() {
                Some("42703") => "a column that it names does not exist",
                Some("42P01") => "a table that it names does not exist",
                Some("42883") => "no function or operator takes values of these types",
                Some("42803") => "a column is neither grouped nor in an aggregate function",
                Some("22P02" | "22007") => "a text is no value of the type that it is read as",
                Some("22012") => "it divides by zero",
                _ => "it was refused",
            };
            let name = match dialect {
                "sqlite" => "code",
                _ => "SQLSTATE",
            };
            let code = code.as_deref().unwrap_or("unknown");
            QueryError::Database {
                message: format!(
                    "{what} ({name} {code}); the database's own words are left out, because row level security \
                     hides rows of a table in the statement"
                ),
                code: Some(code.to_owned()),
            }
        }
        err => err,
    }
}

/// The same for somebody who does not see every table. Details name tables and values that the statement does not: those
/// that refer to its table, or are referred to.
pub(super) fn without_details(err: QueryError) -> QueryError {
    let QueryError::Database { message, code } = err else {
        return err;
    };
    let message = match code.as_deref() {
        Some("23503") => "a foreign key forbids it (SQLSTATE 23503)".to_owned(),
        Some("2BP01") => "something depends on it (SQLSTATE 2BP01)".to_owned(),
        // TRUNCATE and ALTER name the tables that refer to theirs, and their constraints.
        Some("0A000") => first_line(&message).to_owned() + " (SQLSTATE 0A000)",
        Some("42804") if message.starts_with("foreign key constraint") => {
            "a foreign key forbids it (SQLSTATE 42804)".to_owned()
        }
        // SQLite reads all views and triggers anew when a table is altered, and names the one that it stumbles over.
        _ if message.starts_with("error in ") => "something depends on it".to_owned(),
        // Perhaps to what lies under a view.
        Some("42501") => "the database's role has no right to it (SQLSTATE 42501)".to_owned(),
        _ => match message.split_once("\nDETAIL: ") {
            Some((words, details)) => {
                let hint = details.find("\nHINT: ").map_or("", |at| &details[at..]);
                format!("{words}{hint}")
            }
            None => message,
        },
    };
    QueryError::Database { message, code }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The same with what was most likely meant, in words of our own.
pub(super) fn with_hint(err: QueryError, hint: Option<String>) -> QueryError {
    match (err, hint) {
        (QueryError::Database { message, code }, Some(hint)) => QueryError::Database {
            // The server's own hint stands on a line of its own.
            message: if message.contains('\n') {
                format!("{message}\n{hint}")
            } else {
                format!("{message}; {hint}")
            },
            code,
        },
        (err, _) => err,
    }
}

fn unavailable(err: QueryError, database: &DatabaseConnection) -> ToolFailure {
    let reason: Cow<'static, str> = match &err {
        QueryError::Unavailable { cause, .. } => cause.to_string().into(),
        QueryError::PathNotAllowed => "its file lies outside of the allowed folders".into(),
        _ => "its connection is not described in a way that can be used".into(),
    };
    ToolFailure::Unavailable {
        part: format!("database {} {:?}", database.id, database.database_name).into(),
        reason: Some(reason.into_owned()),
        source: Box::new(Unreachable {
            database: database.id,
            err,
        }),
    }
}

/// For the log: which database, and everything that the driver said.
#[derive(Debug, thiserror::Error)]
#[error("database {database}: {err}")]
struct Unreachable {
    database: i64,
    err: QueryError,
}
