//! The PostgreSQL engine on a private server.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod connections;
mod fairness;
mod proxy;
mod queries;
mod search_path;
mod session;
mod values;
mod writes;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::Value;
use tidegate_engines::{DataSource, DatabaseConfig, Engines, Mode, PoolLimits, Query, QueryError};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::UserId;

/// Who asks, where it makes no difference.
const USER: UserId = UserId(1);
/// Longer than any test waits for its end.
const SLOW: &str = "SELECT pg_sleep(600)";

async fn engine_on(
    server: &PostgresServer,
    allow_dml: bool,
    connections: u32,
) -> Arc<dyn DataSource> {
    let uri = server
        .url("postgres")
        .replace("postgresql:", "postgresql+psycopg2:");
    engine_with(&uri, allow_dml, limits(connections)).await
}

async fn engine_at(uri: &str) -> Arc<dyn DataSource> {
    engine_with(uri, false, PoolLimits::default()).await
}

async fn engine_with(uri: &str, allow_dml: bool, limits: PoolLimits) -> Arc<dyn DataSource> {
    open(config(uri, allow_dml, limits)).await.unwrap()
}

async fn open(config: DatabaseConfig) -> Result<Arc<dyn DataSource>, QueryError> {
    Engines::builder().build().get(&config).await
}

fn config(uri: &str, allow_dml: bool, limits: PoolLimits) -> DatabaseConfig {
    DatabaseConfig {
        workspace: "acme".parse().unwrap(),
        id: 1,
        sqlalchemy_uri: uri.to_owned().into(),
        connect_args: Vec::new(),
        server_certificate: None,
        allow_dml,
        limits,
    }
}

fn limits(connections: u32) -> PoolLimits {
    PoolLimits {
        connections,
        waiting: 4,
        ..PoolLimits::default()
    }
}

/// One server for the tests that run at this time, each of which keeps to its own tables. The last one
/// stops it: what lies in a static is never dropped.
fn server() -> Arc<PostgresServer> {
    static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(PostgresServer::start().unwrap());
        *shared = Arc::downgrade(&server);
        server
    })
}

fn write(sql: &[&str]) -> Query {
    Query {
        statements: sql.iter().map(|&sql| sql.to_owned()).collect(),
        mode: Mode::Write,
        ..Query::read(USER, "")
    }
}

/// The first value of the first row.
async fn read_value(engine: &Arc<dyn DataSource>, sql: &str) -> Value {
    let result = engine.run_one(Query::read(USER, sql)).await;
    let result = result.unwrap_or_else(|err| panic!("{sql}: {err}"));
    result.rows[0][0].clone()
}

/// How many sessions run something with this in it.
fn running(marker: &str) -> String {
    format!(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%{marker}%' AND pid <> pg_backend_pid()"
    )
}
