use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::try_join_all;
use tidegate_database_uri::PostgresUri;
use tidegate_postgres::{Connector, words};
use tidegate_sql_guard::{Catalogue, Dialect, Leakproof, NamesInUse};
use tidegate_types::UserId;
use tokio::time::Instant;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::{SimpleQueryMessage, Statement};

use super::catalogue::{self, Question};
use super::manager::{PostgresConnection, PostgresManager};
use super::mistake;
use super::values::Reading;
use super::write;
use crate::data_source::{ColumnInfo, DataSource, Mode, Query, TableInfo, TableKind};
use crate::error::{MESSAGE_BYTES, shorten};
use crate::pool::{Connections, Generation, Lease, PoolLimits};
use crate::result::{Column, ResultSet, RowCollector, unique_names};
use crate::row::ROW_BYTES;
use crate::{QueryError, UnknownName};

/// How much later than our own deadline the server gives up by itself, should we be gone.
const SERVER_MARGIN: Duration = Duration::from_secs(1);
/// For the statement that ends a transaction in which nothing was changed.
const END_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the connection's own search path is remembered: it changes with the role's settings and when the
/// first of its schemas is made.
const SEARCH_PATH_LIFE: Duration = Duration::from_secs(30);
/// Locks that a function took for the session would outlive the transaction.
pub(super) const ROLLBACK: &str = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()";

/// A PostgreSQL database.
pub(crate) struct PostgresEngine {
    connections: Connections<PostgresManager>,
    allow_dml: bool,
    limits: PoolLimits,
    search_path: RwLock<Option<(Instant, Vec<String>)>>,
    /// As long as the server is of one version.
    leakproof: OnceLock<Arc<Leakproof>>,
}

impl PostgresEngine {
    /// Reads the files that the URI names; no connection is made yet.
    pub(crate) fn new(
        uri: PostgresUri,
        allow_dml: bool,
        limits: PoolLimits,
    ) -> Result<Self, QueryError> {
        let generation = Generation::default();
        let connector = Connector::new(uri, limits.checkout_timeout)?;
        let manager = PostgresManager::new(connector, generation.clone());
        Ok(Self {
            connections: Connections::new(manager, generation, limits),
            allow_dml,
            limits,
            search_path: RwLock::new(None),
            leakproof: OnceLock::new(),
        })
    }

    /// A query of ours on the catalogue. Literals are put in by [`literal`].
    async fn catalogue(
        &self,
        user: UserId,
        sql: &str,
    ) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
        let result = self.run_one(Query::read(user, sql)).await?;
        if result.truncation.is_some() {
            // What is left out would count as not there.
            return Err(QueryError::Internal(
                "an answer of the catalogue was cut".to_owned(),
            ));
        }
        Ok(result
            .rows
            .into_iter()
            .map(|row| row.into_iter().map(text).collect())
            .collect())
    }

    /// The connection's own search path, where it was asked for lately.
    fn remembered_path(&self) -> Option<Vec<String>> {
        let remembered = self
            .search_path
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let (since, path) = remembered.as_ref()?;
        (since.elapsed() < SEARCH_PATH_LIFE).then(|| path.clone())
    }

    /// The operators that tell nothing of the values that they compare.
    async fn leakproof(&self, user: UserId) -> Result<Arc<Leakproof>, QueryError> {
        if let Some(known) = self.leakproof.get() {
            return Ok(Arc::clone(known));
        }
        let rows = self.catalogue(user, catalogue::LEAKPROOF).await?;
        let operators = rows.into_iter().filter_map(|row| {
            let [operator, left, right] = <[Option<String>; 3]>::try_from(row).ok()?;
            Some((operator?, left?, right?))
        });
        let found = Arc::new(operators.collect());
        Ok(Arc::clone(self.leakproof.get_or_init(|| found)))
    }

    async fn read(&self, query: &Query) -> Result<Vec<ResultSet>, QueryError> {
        let deadline = Instant::now() + query.timeout;
        let lease = self.connections.lease(query, deadline).await?;
        match read_on(lease, query, deadline).await {
            // No row has left the engine yet, and nothing was changed: it may run again.
            Err(QueryError::ConnectionLost { .. }) => {
                self.connections.renew();
                let lease = self.connections.lease(query, deadline).await?;
                read_on(lease, query, deadline).await
            }
            outcome => outcome,
        }
    }
}

#[async_trait::async_trait]
impl DataSource for PostgresEngine {
    fn dialect(&self) -> Dialect {
        Dialect::PostgreSql
    }

    fn unknown_name(&self, err: &QueryError) -> Option<UnknownName> {
        mistake::unknown_name(err)
    }

    async fn run_sql(&self, query: Query) -> Result<Vec<ResultSet>, QueryError> {
        match query.mode {
            Mode::Read => self.read(&query).await,
            Mode::Write if self.allow_dml => {
                write::run(&self.connections, query, self.limits.commit_timeout).await
            }
            Mode::Write => Err(QueryError::Internal(
                "a write for a read-only engine".to_owned(),
            )),
        }
    }

    async fn search_path(&self, user: UserId) -> Result<Vec<String>, QueryError> {
        if let Some(path) = self.remembered_path() {
            return Ok(path);
        }
        // Callers that come together ask each for themselves: one who waits for a connection holds up nobody else.
        let sql = "SELECT s.name::text FROM \
                   unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS s(name, place) \
                   WHERE s.name !~ '^pg_(toast_)?temp' ORDER BY s.place";
        let rows = self.catalogue(user, sql).await?;
        let path: Vec<String> = rows.into_iter().flatten().flatten().collect();
        let mut remembered = self
            .search_path
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *remembered = Some((Instant::now(), path.clone()));
        Ok(path)
    }

    async fn find_tables(
        &self,
        user: UserId,
        path: &[String],
        names: &[String],
    ) -> Result<BTreeMap<String, String>, QueryError> {
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = format!(
            "SELECT DISTINCT ON (c.relname) c.relname::text, p.schema FROM \
             unnest({}) WITH ORDINALITY AS p(schema, place) \
             JOIN pg_catalog.pg_namespace n ON n.nspname = p.schema \
             JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
             WHERE c.relname = ANY ({}::name[]) ORDER BY c.relname, p.place",
            looked_in(path),
            array(names.iter().map(String::as_str)),
        );
        let rows = self.catalogue(user, &sql).await?.into_iter();
        Ok(rows
            .filter_map(|row| {
                let mut row = row.into_iter();
                Some((row.next()??, row.next()??))
            })
            .collect())
    }

    async fn describe(
        &self,
        user: UserId,
        path: &[String],
        names: &NamesInUse,
    ) -> Result<Catalogue, QueryError> {
        let question = Question::new(path, names);
        let rows = if names.needs_answers() {
            self.catalogue(user, &question.sql(path)).await?
        } else {
            Vec::new()
        };
        let leakproof = self.leakproof(user).await?;
        Ok(question.catalogue(rows, leakproof))
    }

    async fn schemas(&self, user: UserId) -> Result<Vec<String>, QueryError> {
        let sql = "SELECT nspname::text FROM pg_catalog.pg_namespace \
                   WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1";
        let rows = self.catalogue(user, sql).await?;
        Ok(rows.into_iter().flatten().flatten().collect())
    }

    async fn tables(&self, user: UserId, schema: &str) -> Result<Vec<TableInfo>, QueryError> {
        let sql = format!(
            "SELECT c.relname::text, c.relkind IN ('v', 'm') FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relkind IN ('r', 'p', 'f', 'v', 'm') ORDER BY 1",
            literal(schema)
        );
        let rows = self.catalogue(user, &sql).await?.into_iter();
        Ok(rows
            .filter_map(|row| {
                let mut row = row.into_iter();
                let name = row.next()??;
                let kind = match row.next()??.as_str() {
                    "true" => TableKind::View,
                    _ => TableKind::Table,
                };
                Some(TableInfo { name, kind })
            })
            .collect())
    }

    async fn columns(
        &self,
        user: UserId,
        schema: &str,
        table: &str,
    ) -> Result<Vec<ColumnInfo>, QueryError> {
        let sql = format!(
            "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull \
             FROM pg_catalog.pg_attribute a \
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relname = {} AND a.attnum > 0 AND NOT a.attisdropped \
             ORDER BY a.attnum",
            literal(schema),
            literal(table)
        );
        let rows = self.catalogue(user, &sql).await?.into_iter();
        Ok(rows
            .filter_map(|row| {
                let mut row = row.into_iter();
                Some(ColumnInfo {
                    name: row.next()??,
                    data_type: row.next()??,
                    is_nullable: row.next()?? != "true",
                })
            })
            .collect())
    }
}

const SYSTEM_SCHEMA: &str = "pg_catalog";

/// The schemas of a path, as an array. The system's own comes first unless the path says otherwise (manual §5.9.5).
pub(super) fn looked_in(path: &[String]) -> String {
    let own = (!path.iter().any(|schema| schema == SYSTEM_SCHEMA)).then_some(SYSTEM_SCHEMA);
    array(own.into_iter().chain(path.iter().map(String::as_str)))
}

/// A text as a literal. `standard_conforming_strings` is on in every transaction of ours.
pub(super) fn literal(text: &str) -> String {
    Dialect::PostgreSql.literal(text)
}

/// `ARRAY['a', 'b']::text[]`
fn array<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let literals: Vec<_> = texts.map(literal).collect();
    format!("ARRAY[{}]::text[]", literals.join(", "))
}

/// Runs a read. Dropped before its end, it stops the query in the server and gives the connection up.
async fn read_on(
    mut lease: Lease<PostgresManager>,
    query: &Query,
    deadline: Instant,
) -> Result<Vec<ResultSet>, QueryError> {
    lease.connection.begin();
    let outcome = tokio::select! {
        biased;
        () = query.cancel.cancelled() => return Err(QueryError::Cancelled),
        () = tokio::time::sleep_until(deadline) => {
            return Err(QueryError::Timeout { after: query.timeout });
        }
        outcome = run_statements(&lease.connection, query) => outcome,
    };
    match outcome {
        Ok(Outcome {
            results,
            is_drained,
        }) => {
            if is_drained {
                lease.connection.end();
            }
            Ok(results)
        }
        Err(err) => {
            if matches!(err, QueryError::Database { .. })
                && roll_back(&lease.connection).await.is_ok()
            {
                lease.connection.end();
            }
            Err(err)
        }
    }
}

pub(super) struct Outcome {
    pub(super) results: Vec<ResultSet>,
    /// Everything that the server sent was read, and its transaction is over if it only read.
    pub(super) is_drained: bool,
}

/// Begins a transaction and runs the statements in it. One that only reads is over after that.
pub(super) async fn run_statements(
    connection: &PostgresConnection,
    query: &Query,
) -> Result<Outcome, QueryError> {
    let client = &connection.client;
    let failed = |err| failed(connection, &err);
    connection
        .rows
        .set(ROW_BYTES.min(query.max_bytes.max(MESSAGE_BYTES)));
    let mut results = Vec::with_capacity(query.statements.len());
    let mut bytes_left = query.max_bytes;
    let begin = begin(query);
    let mut begun = false;
    if !query.understood.is_empty() {
        let understood = query
            .understood
            .iter()
            .enumerate()
            .map(async |(index, sql)| {
                let prepared = client.prepare(sql).await;
                prepared.map_err(|err| failed(err).of_understood(index))
            });
        let (began, understood) =
            tokio::join!(client.batch_execute(&begin), try_join_all(understood));
        began.map_err(failed)?;
        connection.has_begun();
        begun = true;
        understood?;
    }
    for (index, sql) in query.statements.iter().enumerate() {
        // A write must come to its end whatever it returns, and so must what others wait behind.
        let is_last_read = query.mode == Mode::Read && index + 1 == query.statements.len();
        let start = Instant::now();
        // Sent together, answered in order: the types are asked for inside of the transaction.
        let prepared = if begun {
            client.prepare(sql).await
        } else {
            begun = true;
            let (begun, prepared) = tokio::join!(client.batch_execute(&begin), client.prepare(sql));
            begun.map_err(failed)?;
            connection.has_begun();
            prepared
        };
        let shape = Shape::of(&prepared.map_err(failed)?);
        let (mut result, left) =
            read(connection, query, sql, shape, bytes_left, is_last_read).await?;
        result.elapsed = start.elapsed();
        bytes_left = left.bytes;
        results.push(result);
        if !left.is_drained {
            // What follows would wait behind the rest of these rows. Only the last one is left so.
            return Ok(Outcome {
                results,
                is_drained: false,
            });
        }
    }
    Ok(Outcome {
        results,
        is_drained: true,
    })
}

/// The columns of a statement.
struct Shape {
    names: Vec<String>,
    readings: Vec<Reading>,
}

impl Shape {
    /// The prepared statement is not needed after that. It is closed as soon as it is dropped, inside of the
    /// transaction: behind a pooler what follows may reach another session.
    fn of(statement: &Statement) -> Self {
        let columns = statement.columns().iter();
        Self {
            names: unique_names(columns.clone().map(|column| column.name().to_owned())),
            readings: columns.map(|column| Reading::of(column.type_())).collect(),
        }
    }
}

struct Left {
    bytes: usize,
    /// Everything was read, and of the last read the transaction is over.
    is_drained: bool,
}

/// Runs one statement and reads its rows. The last one of a transaction that only reads ends it as well, in
/// the same round trip.
async fn read(
    connection: &PostgresConnection,
    query: &Query,
    sql: &str,
    Shape { names, readings }: Shape,
    bytes_left: usize,
    is_last_read: bool,
) -> Result<(ResultSet, Left), QueryError> {
    let collector = RowCollector::new(&names, query.max_rows, query.max_bytes, bytes_left);
    let rows = rows(connection, sql, &readings, collector, is_last_read);
    let (seen, is_drained) = if is_last_read {
        let mut rows = pin!(rows);
        let mut end = pin!(connection.client.batch_execute(ROLLBACK));
        let mut ended = None;
        // Both are sent at once. Rows that are cut short are not waited for.
        let seen = loop {
            tokio::select! {
                biased;
                seen = &mut rows => break seen?,
                outcome = &mut end, if ended.is_none() => ended = Some(outcome),
            }
        };
        let end = async {
            match ended {
                Some(outcome) => outcome,
                None => end.await,
            }
        };
        // The rows are there whatever the end says; only the connection is given up without one.
        let is_drained = !seen.is_cut && ended_in_time(connection, end).await.is_ok();
        (seen, is_drained)
    } else {
        (rows.await?, true)
    };
    let collected = seen.collector.finish();
    let columns = names
        .iter()
        .zip(&readings)
        .enumerate()
        .map(|(index, (name, reading))| Column {
            name: name.clone(),
            type_name: reading.type_name(
                seen.has_null[index],
                connection.zone.as_deref(),
                collected.rows.iter().map(|row| &row[index]),
            ),
            is_nullable: None,
        })
        .collect();
    let result = ResultSet {
        columns,
        affected_rows: seen.affected.filter(|_| names.is_empty()),
        given_rows: seen.affected.filter(|_| !names.is_empty()),
        truncation: collected.truncation,
        has_cut_values: collected.has_cut_values,
        rows: collected.rows,
        elapsed: Duration::ZERO,
    };
    let left = Left {
        bytes: collected.bytes_left,
        is_drained,
    };
    Ok((result, left))
}

struct Seen {
    collector: RowCollector,
    has_null: Vec<bool>,
    affected: Option<u64>,
    is_cut: bool,
}

async fn rows(
    connection: &PostgresConnection,
    sql: &str,
    readings: &[Reading],
    mut collector: RowCollector,
    may_cut: bool,
) -> Result<Seen, QueryError> {
    let failed = |err| failed(connection, &err);
    let mut has_null = vec![false; readings.len()];
    let mut affected = None;
    let mut is_cut = false;
    let messages = connection.client.simple_query_raw(sql).await;
    let mut messages = pin!(messages.map_err(failed)?);
    while let Some(message) = messages.next().await {
        match message.map_err(failed)? {
            SimpleQueryMessage::Row(row) => {
                let mut budget = collector.budget();
                let mut values = Vec::new();
                if !collector.is_full() {
                    values.reserve_exact(readings.len());
                    for (index, reading) in readings.iter().enumerate() {
                        let text = row.try_get(index).map_err(|_| not_text(&row, index))?;
                        has_null[index] |= text.is_none();
                        values.push(reading.json(text, &mut budget));
                    }
                }
                if !collector.push(values, &budget) && may_cut {
                    is_cut = true;
                    break;
                }
            }
            SimpleQueryMessage::CommandComplete(rows) => affected = Some(rows),
            _ => {}
        }
    }
    Ok(Seen {
        collector,
        has_null,
        affected,
        is_cut,
    })
}

fn not_text(row: &tokio_postgres::SimpleQueryRow, index: usize) -> QueryError {
    let name = row.columns().get(index).map_or("?", |column| column.name());
    QueryError::Database {
        message: shorten(&format!("a value of column {name:?} is not UTF-8")),
        code: Some(SqlState::CHARACTER_NOT_IN_REPERTOIRE.code().to_owned()),
    }
}

/// The start of a transaction in which text is read and written as we expect, whatever the server's or
/// the role's settings are.
fn begin(query: &Query) -> String {
    let mode = if query.mode == Mode::Write {
        "READ WRITE"
    } else {
        "READ ONLY"
    };
    let timeout = (query.timeout + SERVER_MARGIN).as_millis();
    let mut sql = format!(
        "BEGIN {mode}; SET LOCAL statement_timeout = {timeout}; \
         SET LOCAL standard_conforming_strings = on; SET LOCAL datestyle = 'ISO, MDY'; \
         SET LOCAL intervalstyle = postgres; SET LOCAL bytea_output = hex; \
         SET LOCAL extra_float_digits = 1"
    );
    if let Some(path) = &query.search_path {
        sql.push_str("; SET LOCAL search_path = ");
        for schema in path {
            // Writing to a String cannot fail.
            let _ = write!(sql, "{}, ", Dialect::PostgreSql.quote(schema));
        }
        // Otherwise temporary tables would come first, unnamed.
        sql.push_str("pg_temp");
    }
    sql
}

/// Ends a transaction in which nothing was changed, or nothing is to stay changed.
pub(super) async fn roll_back(connection: &PostgresConnection) -> Result<(), QueryError> {
    ended_in_time(connection, connection.client.batch_execute(ROLLBACK)).await
}

async fn ended_in_time(
    connection: &PostgresConnection,
    ended: impl Future<Output = Result<(), tokio_postgres::Error>>,
) -> Result<(), QueryError> {
    match tokio::time::timeout(END_TIMEOUT, ended).await {
        Ok(ended) => ended.map_err(|err| failed(connection, &err)),
        Err(_) => Err(QueryError::ConnectionLost {
            reason: "no answer to ROLLBACK".to_owned(),
        }),
    }
}

/// What an error of the driver comes to.
pub(super) fn failed(connection: &PostgresConnection, err: &tokio_postgres::Error) -> QueryError {
    let Some(db) = err.as_db_error() else {
        return match connection.reason() {
            Some(end) if end.is_defect => QueryError::Internal(end.reason.clone()),
            Some(end) => QueryError::ConnectionLost {
                reason: end.reason.clone(),
            },
            None => QueryError::ConnectionLost { reason: words(err) },
        };
    };
    if ends_session(db) || is_poolers(db) {
        return QueryError::ConnectionLost {
            reason: shorten(db.message()),
        };
    }
    QueryError::Database {
        message: full_message(db),
        code: Some(db.code().code().to_owned()),
    }
}

/// Whether the server closes the connection with these words.
pub(super) fn ends_session(db: &DbError) -> bool {
    matches!(
        db.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    ) || [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
    ]
    .contains(db.code())
}

/// Whether a pooler that shares the server's sessions among its clients has mixed up statements that the driver
/// prepares for itself. On another connection they are prepared anew.
fn is_poolers(db: &DbError) -> bool {
    [
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DUPLICATE_PSTATEMENT,
    ]
    .contains(db.code())
}

fn full_message(db: &DbError) -> String {
    let mut text = shorten(db.message());
    for (label, more) in [("DETAIL", db.detail()), ("HINT", db.hint())] {
        if let Some(more) = more {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n{label}: {more}");
        }
    }
    shorten(&text)
}
