use crate::DefinitionKind;

/// Why a statement may not run. The words are for the person who wrote the SQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// More text than anybody writes.
    #[error("the SQL has {bytes} bytes, and at most {limit} are read")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Nested, chained or repeated more than is sensible.
    #[error("the SQL is too complex: {0}")]
    TooComplex(&'static str),
    /// It does not parse.
    #[error("the SQL could not be parsed: {0}")]
    Syntax(String),
    /// The database does not allow changes.
    #[error("DML queries are not allowed on this database: {0}")]
    DmlNotAllowed(&'static str),
    /// Nor changes of tables.
    #[error("DDL queries are not allowed on this database: {}", .0.words())]
    DdlNotAllowed(DefinitionKind),
    /// The operator does not allow this kind of change.
    #[error(
        "{} is not allowed here, although rows may be changed: the setting query.allowed_ddl does not list it",
        .0.words()
    )]
    DefinitionNotAllowed(DefinitionKind),
    /// A statement that is never run here, whatever the database allows.
    #[error("{0} cannot be run here")]
    Forbidden(&'static str),
    /// Functions that reach files, other servers, sessions or hidden data.
    #[error("Disallowed SQL functions: {}", .0.join(", "))]
    Functions(Vec<String>),
    /// System tables that show other people's data or secrets.
    #[error("Disallowed SQL tables: {}", .0.join(", "))]
    Tables(Vec<String>),
    /// Functions and types that tell of tables, whoever may see them.
    #[error(
        "access denied: {} can tell of any table, and so needs access to the whole database",
        .0.join(", ")
    )]
    Catalogue(Vec<String>),
    /// Functions, types, collations or schemas that the database does not have or that are not open to the caller, or
    /// whose answers tell of tables.
    #[error("access denied: these {0} are not known, or need access to the whole database: {names}", names = .1.join(", "))]
    UnknownNames(&'static str, Vec<String>),
    /// What counts rows that a rule hides, or their bytes.
    #[error(
        "access denied: {} can tell of rows that row level security hides from you",
        .0.join(", ")
    )]
    HiddenRows(Vec<String>),
    /// A rule for row level security that is not an expression.
    #[error("a row level security rule of table {table} could not be applied: {reason}")]
    RowFilter {
        /// The table that it guards.
        table: String,
        /// What is wrong.
        reason: String,
    },
    /// What we would send does not read as what was checked.
    #[error("the SQL cannot be put together with the row level security rules; simplify it")]
    Ambiguous,
}
