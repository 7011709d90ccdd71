use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, InterruptHandle};
use tidegate_sql_guard::{Catalogue, ColumnFacts, Dialect, NamesInUse, RelationKind, TableFacts};
use tidegate_types::UserId;

use super::manager::{HEAP_BYTES, SqliteConnection, SqliteManager};
use super::mistake;
use super::values::{SeenTypes, json};
use crate::data_source::{ColumnInfo, DataSource, Mode, Query, TableInfo, TableKind};
use crate::error::shorten;
use crate::pool::{Connections, Generation, Lease, PoolLimits, Pooled};
use crate::result::{Column, ResultSet, RowCollector, unique_names};
use crate::{QueryError, UnknownName};

/// How many steps of SQLite's machine lie between two looks at the stop flag; about 10 µs.
const STEPS_BETWEEN_CHECKS: i32 = 1_000;

/// A SQLite file.
pub(crate) struct SqliteEngine {
    connections: Connections<SqliteManager>,
    allow_dml: bool,
}

impl SqliteEngine {
    /// `path` is resolved and allowed.
    pub(crate) fn new(path: PathBuf, allow_dml: bool, limits: PoolLimits) -> Self {
        let generation = Generation::default();
        let manager = SqliteManager {
            path,
            allow_dml,
            generation: generation.clone(),
        };
        Self {
            connections: Connections::new(manager, generation, limits),
            allow_dml,
        }
    }

    /// Runs `work` on a connection, on a blocking thread, until it ends or is told to stop.
    async fn on_connection<T: Send + 'static>(
        &self,
        query: &Query,
        work: impl FnOnce(&mut SqliteConnection, &Running) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        let deadline = tokio::time::Instant::now() + query.timeout;
        let lease = self.connections.lease(query, deadline).await?;
        let stop = Stop::new(&lease.connection);
        let running = stop.running.clone();
        let mut task =
            tokio::task::spawn_blocking(move || run_until_stopped(lease, &running, work));
        let reason = tokio::select! {
            biased;
            done = &mut task => return stop.finish(done, query),
            () = query.cancel.cancelled() => CANCELLED,
            () = tokio::time::sleep_until(deadline) => TIMED_OUT,
        };
        stop.now(reason);
        // The connection is back in the pool, and the file's lock free, before the caller hears of it.
        let done = task.await;
        stop.finish(done, query)
    }
}

#[async_trait::async_trait]
impl DataSource for SqliteEngine {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn unknown_name(&self, err: &QueryError) -> Option<UnknownName> {
        mistake::unknown_name(err)
    }

    async fn run_sql(&self, query: Query) -> Result<Vec<ResultSet>, QueryError> {
        if query.mode == Mode::Write && !self.allow_dml {
            return Err(QueryError::Internal(
                "a write for a read-only engine".to_owned(),
            ));
        }
        let task = query.clone();
        self.on_connection(&query, move |leased, running| {
            let result = run_all(leased, running, &task);
            leased.allowance.own();
            if result.is_err() && !leased.connection.is_autocommit() {
                // Fails only when SQLite has rolled back by itself.
                let _ = leased.connection.execute_batch("ROLLBACK");
            }
            if task.mode == Mode::Write {
                // The next caller would be told the row that this one inserted last.
                leased.retire();
            }
            result
        })
        .await
    }

    async fn describe(
        &self,
        user: UserId,
        _: &[String],
        names: &NamesInUse,
    ) -> Result<Catalogue, QueryError> {
        let dialect = self.dialect();
        let tables = names.tables.clone();
        self.on_connection(&Query::read(user, ""), move |leased, _| {
            leased.allowance.own();
            let sql = "SELECT name FROM pragma_table_info(?1)";
            let mut statement = leased.connection.prepare(sql).map_err(failed)?;
            // A virtual table has no pages of its own, but tables beneath it.
            let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema \
                       WHERE name = ?1 COLLATE NOCASE AND type = 'table' AND rootpage > 0)";
            let mut is_plain = leased.connection.prepare(sql).map_err(failed)?;
            let mut catalogue = Catalogue::default();
            for table in tables {
                let rows = statement.query_map([&table.table], |row| row.get::<_, String>(0));
                let columns: BTreeMap<_, _> = rows
                    .map_err(failed)?
                    .map(|name| Ok((name?.to_ascii_lowercase(), ColumnFacts::default())))
                    .collect::<Result<_, _>>()
                    .map_err(failed)?;
                if columns.is_empty() {
                    continue;
                }
                let name = table.or_schema(dialect, dialect.default_schema());
                let is_plain: bool = is_plain
                    .query_row([&table.table], |row| row.get(0))
                    .map_err(failed)?;
                let facts = TableFacts {
                    name,
                    kind: if is_plain {
                        RelationKind::Plain
                    } else {
                        RelationKind::Other
                    },
                    columns,
                };
                catalogue.tables.insert(table, Arc::new(facts));
            }
            Ok(catalogue)
        })
        .await
    }

    async fn search_path(&self, user: UserId) -> Result<Vec<String>, QueryError> {
        self.schemas(user).await
    }

    async fn find_tables(
        &self,
        _: UserId,
        path: &[String],
        names: &[String],
    ) -> Result<BTreeMap<String, String>, QueryError> {
        // There is one schema, and whatever is in it is in that one.
        let schema = path.first().cloned().unwrap_or_default();
        let found = names.iter().map(|name| (name.clone(), schema.clone()));
        Ok(found.collect())
    }

    async fn schemas(&self, _: UserId) -> Result<Vec<String>, QueryError> {
        Ok(vec![self.dialect().default_schema().to_owned()])
    }

    async fn tables(&self, user: UserId, schema: &str) -> Result<Vec<TableInfo>, QueryError> {
        if schema != self.dialect().default_schema() {
            return Ok(Vec::new());
        }
        self.on_connection(&Query::read(user, ""), |leased, _| {
            leased.allowance.own();
            let sql = "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') \
                       AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
            let mut statement = leased.connection.prepare(sql).map_err(failed)?;
            let rows = statement.query_map([], |row| {
                let kind: String = row.get(1)?;
                Ok(TableInfo {
                    name: row.get(0)?,
                    kind: if kind == "view" {
                        TableKind::View
                    } else {
                        TableKind::Table
                    },
                })
            });
            rows.map_err(failed)?
                .collect::<Result<_, _>>()
                .map_err(failed)
        })
        .await
    }

    async fn columns(
        &self,
        user: UserId,
        schema: &str,
        table: &str,
    ) -> Result<Vec<ColumnInfo>, QueryError> {
        if schema != self.dialect().default_schema() {
            return Ok(Vec::new());
        }
        let table = table.to_owned();
        self.on_connection(&Query::read(user, ""), move |leased, _| {
            leased.allowance.own();
            let sql = "SELECT name, type, \"notnull\" FROM pragma_table_info(?1)";
            let mut statement = leased.connection.prepare(sql).map_err(failed)?;
            let rows = statement.query_map([table], |row| {
                Ok(ColumnInfo {
                    name: row.get(0)?,
                    data_type: row.get(1)?,
                    is_nullable: row.get::<_, i64>(2)? == 0,
                })
            });
            rows.map_err(failed)?
                .collect::<Result<_, _>>()
                .map_err(failed)
        })
        .await
    }
}

fn run_all(
    leased: &mut SqliteConnection,
    running: &Running,
    query: &Query,
) -> Result<Vec<ResultSet>, QueryError> {
    let may_write = query.mode == Mode::Write;
    leased.allowance.own();
    let connection = &leased.connection;
    let begin = if may_write {
        "PRAGMA query_only = 0; BEGIN IMMEDIATE"
    } else {
        "PRAGMA query_only = 1; BEGIN"
    };
    connection.execute_batch(begin).map_err(failed)?;
    let mut results = Vec::with_capacity(query.statements.len());
    let mut bytes_left = query.max_bytes;
    for (index, sql) in query.understood.iter().enumerate() {
        leased.allowance.caller(may_write);
        let prepared = connection.prepare(sql);
        prepared.map_err(|err| failed(err).of_understood(index))?;
    }
    for sql in &query.statements {
        leased.allowance.caller(may_write);
        let start = Instant::now();
        let (mut result, left) = run_statement(connection, sql, query, bytes_left)?;
        result.elapsed = start.elapsed();
        bytes_left = left;
        results.push(result);
    }
    leased.allowance.own();
    if may_write {
        running.commit()?;
        connection
            .execute_batch("COMMIT")
            .map_err(|err| not_committed(connection, err))?;
    } else {
        connection.execute_batch("ROLLBACK").map_err(failed)?;
    }
    Ok(results)
}

/// What a refused commit comes to. With a lock in the way, or a constraint that does not hold, the transaction is
/// still there to be rolled back; what the file has after an error of the disk, nobody knows.
fn not_committed(connection: &Connection, err: rusqlite::Error) -> QueryError {
    let is_certain = matches!(
        err.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::ConstraintViolation
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
        )
    );
    if is_certain && !connection.is_autocommit() {
        failed(err)
    } else {
        QueryError::OutcomeUnknown
    }
}

/// Runs one statement. A name in double quotes that is no column is an error where the caller may have written it, and a text where
/// views and triggers of the file have it, which SQLite takes it for.
fn run_statement(
    connection: &Connection,
    sql: &str,
    query: &Query,
    bytes_left: usize,
) -> Result<(ResultSet, usize), QueryError> {
    match connection.prepare(sql) {
        Ok(statement) => return run_prepared(connection, statement, query, bytes_left),
        Err(err) if sql.contains('"') => return Err(failed(err)),
        Err(_) => {}
    }
    // To change it makes prepared statements stale: it stays until the last row was read.
    let texts_in_quotes = |on| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, on);
    texts_in_quotes(true).map_err(failed)?;
    let prepared = connection.prepare(sql).map_err(failed);
    let outcome =
        prepared.and_then(|statement| run_prepared(connection, statement, query, bytes_left));
    texts_in_quotes(false).map_err(failed)?;
    outcome
}

fn run_prepared(
    connection: &Connection,
    mut statement: rusqlite::Statement<'_>,
    query: &Query,
    bytes_left: usize,
) -> Result<(ResultSet, usize), QueryError> {
    if statement.column_count() == 0 {
        let before = connection.total_changes();
        let changed = statement.execute([]).map_err(failed)?;
        // A change of tables leaves the count of the statement before it.
        let is_other = connection.total_changes() == before;
        let result = ResultSet {
            affected_rows: Some(if is_other { 0 } else { changed as u64 }),
            ..ResultSet::default()
        };
        return Ok((result, bytes_left));
    }
    let names = unique_names(statement.column_names().into_iter().map(str::to_owned));
    let mut types = vec![SeenTypes::default(); names.len()];
    let mut collector = RowCollector::new(&names, query.max_rows, query.max_bytes, bytes_left);
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if collector.is_full() {
            break;
        }
        let mut budget = collector.budget();
        let mut values = Vec::with_capacity(types.len());
        for (index, seen) in types.iter_mut().enumerate() {
            let value = row.get_ref(index).map_err(failed)?;
            seen.note(value);
            values.push(json(value, &mut budget));
        }
        if !collector.push(values, &budget) {
            break;
        }
    }
    drop(rows);
    // All changes are made before the first row comes.
    let given_rows = (!statement.readonly()).then(|| connection.changes());
    let collected = collector.finish();
    let columns = names
        .into_iter()
        .zip(types)
        .map(|(name, seen)| Column {
            name,
            type_name: seen.type_name().to_owned(),
            is_nullable: None,
        })
        .collect();
    let result = ResultSet {
        columns,
        rows: collected.rows,
        affected_rows: None,
        given_rows,
        truncation: collected.truncation,
        has_cut_values: collected.has_cut_values,
        ..ResultSet::default()
    };
    Ok((result, collected.bytes_left))
}

const RUNNING: u8 = 0;
const CANCELLED: u8 = 1;
const TIMED_OUT: u8 = 2;
const DROPPED: u8 = 3;
/// Not to be stopped any more.
const COMMITTING: u8 = 4;

/// A query that runs on a connection.
struct Running {
    /// Why it should stop, or that it may not. The progress handler reads it: an interrupt between two statements is lost.
    reason: AtomicU8,
    /// Held while interrupting, and emptied before the connection goes back: an interrupt must not reach
    /// whoever leases it next.
    interrupt: Mutex<Option<InterruptHandle>>,
}

impl Running {
    /// Begins the part that nobody may stop.
    ///
    /// # Errors
    /// Somebody has stopped it: it must roll back.
    fn commit(&self) -> Result<(), QueryError> {
        // An interrupt that is under way has changed the reason before.
        let mut interrupt = self
            .interrupt
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        interrupt.take();
        let begun =
            self.reason
                .compare_exchange(RUNNING, COMMITTING, Ordering::AcqRel, Ordering::Acquire);
        // The reason is told by whoever waits.
        begun.map(drop).map_err(|_| QueryError::Cancelled)
    }
}

/// Stops a running query when told so, and when dropped.
struct Stop {
    running: Arc<Running>,
}

impl Stop {
    fn new(connection: &SqliteConnection) -> Self {
        Self {
            running: Arc::new(Running {
                reason: AtomicU8::new(RUNNING),
                interrupt: Mutex::new(Some(connection.connection.get_interrupt_handle())),
            }),
        }
    }

    fn now(&self, reason: u8) {
        let stopped = self.running.reason.compare_exchange(
            RUNNING,
            reason,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if stopped.is_err() {
            return;
        }
        let interrupt = self.running.interrupt.lock();
        if let Some(interrupt) = &*interrupt.unwrap_or_else(PoisonError::into_inner) {
            interrupt.interrupt();
        }
    }

    fn finish<T>(
        self,
        done: Result<Result<T, QueryError>, tokio::task::JoinError>,
        query: &Query,
    ) -> Result<T, QueryError> {
        match (done, self.running.reason.load(Ordering::Acquire)) {
            (Ok(Ok(result)), _) => Ok(result),
            (Ok(Err(_)), CANCELLED) => Err(QueryError::Cancelled),
            (Ok(Err(_)), TIMED_OUT) => Err(QueryError::Timeout {
                after: query.timeout,
            }),
            (Ok(Err(err)), _) => Err(err),
            (Err(err), _) => Err(QueryError::Internal(err.to_string())),
        }
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.now(DROPPED);
    }
}

fn run_until_stopped<T>(
    mut lease: Lease<SqliteManager>,
    running: &Arc<Running>,
    work: impl FnOnce(&mut SqliteConnection, &Running) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    let asked = running.clone();
    let handler = move || !matches!(asked.reason.load(Ordering::Acquire), RUNNING | COMMITTING);
    let connection = &mut *lease.connection;
    connection
        .connection
        .progress_handler(STEPS_BETWEEN_CHECKS, Some(handler));
    let result = work(connection, running);
    running
        .interrupt
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    connection
        .connection
        .progress_handler(0, None::<fn() -> bool>);
    result
}

#[expect(clippy::needless_pass_by_value, reason = "for use with map_err")]
fn failed(err: rusqlite::Error) -> QueryError {
    if err.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
        return QueryError::Busy;
    }
    let error = match &err {
        // Mistakes whose place in the SQL is known.
        rusqlite::Error::SqlInputError { error, .. } => Some(error),
        err => err.sqlite_error(),
    };
    let code = error.map(|error| error.extended_code.to_string());
    let message = match (&err, err.sqlite_error_code()) {
        (_, Some(ErrorCode::OutOfMemory)) => format!(
            "the query needs more memory than SQLite has here ({} MB for everybody): filter or aggregate first, \
             sort fewer rows, or take parts of long texts",
            HEAP_BYTES >> 20
        ),
        (rusqlite::Error::SqliteFailure(_, Some(message)), _) => shorten(message),
        (rusqlite::Error::SqlInputError { msg, .. }, _) => shorten(msg),
        (other, _) => shorten(&other.to_string()),
    };
    QueryError::Database { message, code }
}
