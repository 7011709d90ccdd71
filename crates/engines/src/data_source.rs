use std::collections::BTreeMap;
use std::time::Duration;

use tidegate_sql_guard::{Catalogue, Dialect, NamesInUse};
use tidegate_types::UserId;
use tokio_util::sync::CancellationToken;

use crate::{QueryError, ResultSet, UnknownName};

/// Whether the statements may change anything. The database itself is told, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A read-only transaction, rolled back at the end.
    Read,
    /// A transaction that is committed when every statement went well, and rolled back otherwise. It comes to
    /// one of these ends whoever waits for it: see [`DataSource::run_sql`].
    Write,
}

/// Statements to run in order, in one transaction on one connection.
#[derive(Debug, Clone)]
pub struct Query {
    /// Who asks: connections are shared by users.
    pub user: UserId,
    /// One statement each, without parameters. The guard made them: engines do not look inside.
    pub statements: Vec<String>,
    /// Statements that the database has to understand, in the same transaction, before any of the others runs. They are never run.
    pub understood: Vec<String>,
    /// The schemas in which unqualified names are looked up, in their order; temporary tables come after them.
    /// `None` leaves it to the connection. Means nothing to SQLite.
    pub search_path: Option<Vec<String>>,
    /// Whether they may write.
    pub mode: Mode,
    /// Rows to read of each statement at most.
    pub max_rows: usize,
    /// About how many bytes of JSON to read over all statements; counted while rows come in.
    pub max_bytes: usize,
    /// From the first statement to the last row; waiting for a connection counts, too.
    pub timeout: Duration,
    /// Stops the query in the database. Dropping the future does the same.
    pub cancel: CancellationToken,
}

impl Query {
    /// One reading statement of a user with usual bounds: 10,000 rows, 4 MiB, 30 s.
    pub fn read(user: UserId, sql: impl Into<String>) -> Self {
        Self {
            user,
            statements: vec![sql.into()],
            understood: Vec::new(),
            search_path: None,
            mode: Mode::Read,
            max_rows: 10_000,
            max_bytes: 4 << 20,
            timeout: Duration::from_secs(30),
            cancel: CancellationToken::new(),
        }
    }
}

/// What kind of relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// A table.
    Table,
    /// A view, materialized or not.
    View,
}

/// A table or view of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfo {
    /// Its stored name.
    pub name: String,
    /// Table or view.
    pub kind: TableKind,
}

/// A column of a table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its stored name.
    pub name: String,
    /// The type as the database writes it.
    pub data_type: String,
    /// Whether nulls are allowed.
    pub is_nullable: bool,
}

/// One database that users ask by SQL. Pooled: as many queries at a time as its pool has connections,
/// a bounded number waits for a bounded time, the rest is told [`QueryError::Busy`] at once. Both are shared by the
/// users who ask, so that the queries of one of them hold up nobody else: each operation takes a connection from the
/// share of its user.
///
/// A connection keeps nothing of a caller: reads are rolled back, and after a write it is closed.
#[async_trait::async_trait]
pub trait DataSource: Send + Sync {
    /// The SQL that it speaks.
    fn dialect(&self) -> Dialect;

    /// Runs the statements and gives a result for each, in order.
    ///
    /// Reading stops, in the database too, as soon as the rows or bytes are enough. A read whose connection was
    /// lost runs once more on a new one.
    ///
    /// Cancel safe: dropping the future stops the query in the database and rolls back, unless a write is
    /// being committed by then. From that moment on neither a cancel nor the deadline nor the end of the
    /// caller has a say: the commit is waited for, on a task of its own.
    ///
    /// # Errors
    /// The first statement that fails ends the run, and nothing is changed by any of them.
    /// `OutcomeUnknown` alone, of a write, leaves open whether it happened.
    async fn run_sql(&self, query: Query) -> Result<Vec<ResultSet>, QueryError>;

    /// What the catalogue says of names that a statement uses; those without a schema are looked up in the schemas
    /// of `path`, in their order. Names that are not there are left out. Never old, but for what the server itself
    /// brings.
    async fn describe(
        &self,
        user: UserId,
        path: &[String],
        names: &NamesInUse,
    ) -> Result<Catalogue, QueryError>;

    /// The schemas in which a connection looks unqualified names up when nobody says otherwise, in their order,
    /// as the role, the URI and the server say. May be up to half a minute old.
    async fn search_path(&self, user: UserId) -> Result<Vec<String>, QueryError>;

    /// Which of the schemas of `path` an unqualified name means, for each of `names` that is found: stored names
    /// of tables, views, or whatever else is a relation. Never old.
    async fn find_tables(
        &self,
        user: UserId,
        path: &[String],
        names: &[String],
    ) -> Result<BTreeMap<String, String>, QueryError>;

    /// The schemas, by name; not those of the database itself.
    async fn schemas(&self, user: UserId) -> Result<Vec<String>, QueryError>;

    /// The tables and views of a schema, by name.
    async fn tables(&self, user: UserId, schema: &str) -> Result<Vec<TableInfo>, QueryError>;

    /// The columns of a table or view, in its order. Empty when there is no such table.
    async fn columns(
        &self,
        user: UserId,
        schema: &str,
        table: &str,
    ) -> Result<Vec<ColumnInfo>, QueryError>;

    /// What name the database does not know, when a failure is about that. It reads the server's words.
    fn unknown_name(&self, err: &QueryError) -> Option<UnknownName>;

    /// Runs a query of one statement.
    async fn run_one(&self, query: Query) -> Result<ResultSet, QueryError> {
        self.run_sql(query)
            .await?
            .pop()
            .ok_or_else(|| QueryError::Internal("a query without a statement".to_owned()))
    }
}
