use std::error::Error as _;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::sync::OnceCell;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::catalogue::{self, Question};
use super::manager::{Canceller, PostgresManager};
use super::values::Reading;
use crate::catalogue::{Catalogue, Leakproof, NamesInUse};
use crate::engine::{ColumnInfo, Engine, Mode, Query, TableInfo, TableKind};
use crate::pool::{Connections, Lease, PoolLimits};
use crate::result::{Column, ResultSet, RowCollector, unique_names};
use crate::uri::PostgresLocation;
use crate::{Dialect, QueryError};

/// How much later than our own deadline the server gives up by itself, should we be gone.
const SERVER_MARGIN: Duration = Duration::from_secs(1);
/// For the statement that ends a transaction.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// A PostgreSQL database.
pub(crate) struct PostgresEngine {
    connections: Connections<PostgresManager>,
    allow_dml: bool,
    /// As long as the server is of one version.
    leakproof: OnceCell<Arc<Leakproof>>,
}

impl PostgresEngine {
    pub(crate) fn new(
        location: &PostgresLocation,
        allow_dml: bool,
        limits: PoolLimits,
    ) -> Result<Self, QueryError> {
        let manager = PostgresManager::new(location)?;
        Ok(Self {
            connections: Connections::new(manager, limits),
            allow_dml,
            leakproof: OnceCell::new(),
        })
    }

    /// A query of ours on the catalogue. Literals are put in by [`literal`].
    async fn catalogue(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
        let result = self.run_one(Query::read(sql)).await?;
        Ok(result
            .rows
            .into_iter()
            .map(|row| row.into_iter().map(text).collect())
            .collect())
    }
}

#[async_trait::async_trait]
impl Engine for PostgresEngine {
    fn dialect(&self) -> Dialect {
        Dialect::PostgreSql
    }

    async fn run(&self, query: Query) -> Result<Vec<ResultSet>, QueryError> {
        if query.mode == Mode::Write && !self.allow_dml {
            return Err(QueryError::Internal(
                "a write for a read-only engine".to_owned(),
            ));
        }
        let mut lease = self.connections.lease(&query).await?;
        if lease.connection.client.is_closed() {
            // It died while it was idle. The pool drops it and the next is new; nothing has been sent yet.
            drop(lease);
            lease = self.connections.lease(&query).await?;
        }
        let deadline = lease.deadline;
        let running = Running::new(lease);
        let outcome = tokio::select! {
            biased;
            () = query.cancel.cancelled() => Err(QueryError::Cancelled),
            () = tokio::time::sleep_until(deadline) => Err(QueryError::Timeout { after: query.timeout }),
            outcome = run_all(running.client(), &query) => outcome,
        };
        match outcome {
            Ok(Outcome {
                results,
                is_drained,
            }) => {
                if is_drained {
                    running.end();
                }
                Ok(results)
            }
            Err(err) => {
                let is_alive = matches!(&err, QueryError::Database { .. });
                if is_alive && end_transaction(running.client(), "ROLLBACK").await.is_ok() {
                    running.end();
                }
                Err(err)
            }
        }
    }

    async fn describe(&self, path: &[String], names: &NamesInUse) -> Result<Catalogue, QueryError> {
        let question = Question::new(path, names);
        let rows = if names.needs_answers() {
            self.catalogue(&question.sql(path)).await?
        } else {
            Vec::new()
        };
        let leakproof = self.leakproof.get_or_try_init(|| async {
            let rows = self.catalogue(catalogue::LEAKPROOF).await?.into_iter();
            let operators = rows.filter_map(|row| {
                let [operator, left, right] = <[Option<String>; 3]>::try_from(row).ok()?;
                Some((operator?, left?, right?))
            });
            Ok::<_, QueryError>(Arc::new(operators.collect()))
        });
        let leakproof = Arc::clone(leakproof.await?);
        Ok(question.catalogue(rows, leakproof))
    }

    async fn schemas(&self) -> Result<Vec<String>, QueryError> {
        let sql = "SELECT nspname::text FROM pg_catalog.pg_namespace \
                   WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1";
        let rows = self.catalogue(sql).await?;
        Ok(rows.into_iter().flatten().flatten().collect())
    }

    async fn tables(&self, schema: &str) -> Result<Vec<TableInfo>, QueryError> {
        let sql = format!(
            "SELECT c.relname::text, c.relkind IN ('v', 'm') FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relkind IN ('r', 'p', 'f', 'v', 'm') ORDER BY 1",
            literal(schema)
        );
        let rows = self.catalogue(&sql).await?.into_iter();
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

    async fn columns(&self, schema: &str, table: &str) -> Result<Vec<ColumnInfo>, QueryError> {
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
        let rows = self.catalogue(&sql).await?.into_iter();
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

/// A text as a literal. `standard_conforming_strings` is on in every transaction of ours.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\0', ""))
}

struct Outcome {
    results: Vec<ResultSet>,
    /// Everything that the server sent was read, and its transaction is over.
    is_drained: bool,
}

async fn run_all(client: &Client, query: &Query) -> Result<Outcome, QueryError> {
    let mut results = Vec::with_capacity(query.statements.len());
    let mut bytes_left = query.max_bytes;
    let begin = begin(query);
    let mut begun = false;
    for (index, sql) in query.statements.iter().enumerate() {
        // A write must come to its end whatever it returns, and so must what others wait behind.
        let may_cut = query.mode == Mode::Read && index + 1 == query.statements.len();
        let start = Instant::now();
        // Sent together, answered in order: the types are asked for inside of the transaction.
        let prepared = if begun {
            client.prepare(sql).await
        } else {
            begun = true;
            let (begun, prepared) = tokio::join!(client.batch_execute(&begin), client.prepare(sql));
            begun.map_err(failed)?;
            prepared
        };
        let statement = prepared.map_err(failed)?;
        let readings: Vec<_> = statement
            .columns()
            .iter()
            .map(|column| Reading::of(column.type_()))
            .collect();
        let names = unique_names(
            statement
                .columns()
                .iter()
                .map(|column| column.name().to_owned()),
        );
        let mut collector = RowCollector::new(query.max_rows, bytes_left);
        let (affected, seen) =
            read(client, sql, may_cut, &readings, &names, &mut collector).await?;
        let (rows, left, truncation) = collector.finish();
        bytes_left = left;
        let has_rows = !names.is_empty();
        let columns = names
            .into_iter()
            .zip(readings)
            .zip(seen.has_null)
            .map(|((name, reading), has_null)| Column {
                name,
                type_name: reading.type_name(has_null).to_owned(),
                is_nullable: None,
            })
            .collect();
        results.push(ResultSet {
            columns,
            rows,
            affected_rows: affected.filter(|_| !has_rows),
            truncation,
            elapsed: start.elapsed(),
        });
        if seen.is_cut {
            // What follows would wait behind the rest of these rows. Only the last one is left so.
            return Ok(Outcome {
                results,
                is_drained: false,
            });
        }
    }
    let end = if query.mode == Mode::Write {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    end_transaction(client, end).await?;
    Ok(Outcome {
        results,
        is_drained: true,
    })
}

struct Seen {
    has_null: Vec<bool>,
    /// Reading stopped while there was more.
    is_cut: bool,
}

async fn read(
    client: &Client,
    sql: &str,
    may_cut: bool,
    readings: &[Reading],
    names: &[String],
    collector: &mut RowCollector,
) -> Result<(Option<u64>, Seen), QueryError> {
    let overhead: usize = names.iter().map(|name| name.len() + 6).sum();
    let mut seen = Seen {
        has_null: vec![false; readings.len()],
        is_cut: false,
    };
    let mut affected = None;
    let mut messages = pin!(client.simple_query_raw(sql).await.map_err(failed)?);
    while let Some(message) = messages.next().await {
        match message.map_err(failed)? {
            SimpleQueryMessage::Row(row) => {
                let mut size = overhead;
                let mut values = Vec::with_capacity(readings.len());
                if !collector.is_full() {
                    for (index, reading) in readings.iter().enumerate() {
                        let text = row.try_get(index).map_err(failed)?;
                        seen.has_null[index] |= text.is_none();
                        let (value, bytes) = reading.json(text);
                        size += bytes;
                        values.push(value);
                    }
                }
                if !collector.push(values, size) && may_cut {
                    seen.is_cut = true;
                    break;
                }
            }
            SimpleQueryMessage::CommandComplete(rows) => affected = Some(rows),
            _ => {}
        }
    }
    Ok((affected, seen))
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
    if let Some(schema) = &query.schema {
        let quoted = Dialect::PostgreSql.quote(&schema.replace('\0', ""));
        // Writing to a String cannot fail.
        let _ = write!(sql, "; SET LOCAL search_path = {quoted}");
    }
    sql
}

async fn end_transaction(client: &Client, sql: &str) -> Result<(), QueryError> {
    match tokio::time::timeout(END_TIMEOUT, client.batch_execute(sql)).await {
        Ok(ended) => ended.map_err(failed),
        Err(_) => Err(QueryError::ConnectionLost {
            reason: format!("no answer to {sql}"),
        }),
    }
}

/// A query on a leased connection. Dropped before `end`, it stops the query in the server and gives the
/// connection up.
struct Running {
    lease: Lease<PostgresManager>,
    canceller: Option<Canceller>,
}

impl Running {
    fn new(mut lease: Lease<PostgresManager>) -> Self {
        lease.connection.is_in_use = true;
        let canceller = Some(lease.connection.canceller());
        Self { lease, canceller }
    }

    fn client(&self) -> &Client {
        &self.lease.connection.client
    }

    /// The server waits for the next query.
    fn end(mut self) {
        self.canceller = None;
        self.lease.connection.is_in_use = false;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Outside of a runtime the process ends, and the server sees the connection close.
        if let (Some(canceller), Ok(runtime)) =
            (self.canceller.take(), tokio::runtime::Handle::try_current())
            && !self.client().is_closed()
        {
            runtime.spawn(canceller.cancel());
        }
    }
}

/// The driver's words: those of the server where it spoke, of the cause where there is one.
pub(super) fn words(err: &tokio_postgres::Error) -> String {
    match (err.as_db_error(), err.source()) {
        (Some(db), _) => db.message().to_owned(),
        (None, Some(source)) => source.to_string(),
        (None, None) => err.to_string(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for use with map_err")]
fn failed(err: tokio_postgres::Error) -> QueryError {
    let Some(db) = err.as_db_error() else {
        return QueryError::ConnectionLost {
            reason: words(&err),
        };
    };
    let code = db.code();
    if *code == SqlState::TOO_MANY_CONNECTIONS {
        return QueryError::Busy;
    }
    // 57014 is either the server's own time-out or somebody's cancel; both end the query in time.
    let is_shutdown = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
    ];
    if is_shutdown.contains(code) {
        return QueryError::ConnectionLost {
            reason: db.message().to_owned(),
        };
    }
    QueryError::Database {
        message: full_message(db),
        code: Some(code.code().to_owned()),
    }
}

fn full_message(db: &DbError) -> String {
    let mut text = db.message().to_owned();
    for (label, more) in [("DETAIL", db.detail()), ("HINT", db.hint())] {
        if let Some(more) = more {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n{label}: {more}");
        }
    }
    text
}
