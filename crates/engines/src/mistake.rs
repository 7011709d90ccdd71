//! What a database says of a name that it does not know.

use crate::QueryError;

/// A name in a statement that the database does not know, as far as its words tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownName {
    /// A table or view, without its schema.
    Table(String),
    /// A column, without its table. `None`: the server speaks another language than English.
    Column(Option<String>),
}

/// The code of a failure, and the first line of its message: hints come on lines of their own.
pub(crate) fn said(err: &QueryError) -> Option<(&str, &str)> {
    match err {
        QueryError::Database {
            message,
            code: Some(code),
        } => Some((code, message.lines().next()?)),
        _ => None,
    }
}

/// What comes after the last dot.
pub(crate) fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
