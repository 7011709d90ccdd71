//! What a caller without all rights reaches through the guard, on a private PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod differential;
mod functions;
mod operators;
mod rules;
mod statements;

use std::collections::BTreeSet;
use std::sync::Arc;

use tidegate_engines::{DataSource, DatabaseConfig, Engines, PoolLimits};
use tidegate_sql_guard::{
    Catalogue, Dialect, GuardError, NamesInUse, Policy, RowFilters, Script, TableName,
};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::UserId;

/// Who asks, where it makes no difference.
const USER: UserId = UserId(1);
const PATH: &str = "public";
/// What a caller without all tables may know of.
const OPEN_SCHEMAS: &[&str] = &[PATH, "other"];

async fn engine(server: &PostgresServer) -> Arc<dyn DataSource> {
    let uri = server
        .url("postgres")
        .replace("postgresql:", "postgresql+psycopg2:");
    let config = DatabaseConfig {
        workspace: "acme".parse().unwrap(),
        id: 1,
        sqlalchemy_uri: uri.into(),
        connect_args: Vec::new(),
        server_certificate: None,
        allow_dml: false,
        limits: PoolLimits::default(),
    };
    Engines::builder().build().get(&config).await.unwrap()
}

fn table(name: &str) -> TableName {
    let (schema, table) = name.split_once('.').unwrap_or((PATH, name));
    TableName::stored(Dialect::PostgreSql, Some(schema), table)
}

/// Tables with a condition each.
type Rules<'a> = &'a [(&'a str, &'a str)];

/// Why a script is not sent.
#[derive(Debug)]
#[expect(dead_code, reason = "for the messages of failed tests")]
enum Refused {
    Guard(GuardError),
    Tables(Vec<String>),
}

impl From<GuardError> for Refused {
    fn from(err: GuardError) -> Self {
        Self::Guard(err)
    }
}

/// What the database says of the names in a script and in the rules.
struct Known {
    catalogue: Catalogue,
    home: Catalogue,
}

impl Known {
    async fn of(engine: &dyn DataSource, names: &NamesInUse, rules: Rules<'_>) -> Self {
        let path = [PATH.to_owned()];
        let mut filters = RowFilters::new();
        for (of, condition) in rules {
            filters.add(table(of), condition);
        }
        let read = NamesInUse {
            tables: filters.tables(Dialect::PostgreSql).unwrap(),
            ..NamesInUse::default()
        };
        Self {
            catalogue: engine.describe(USER, &path, names).await.unwrap(),
            home: engine.describe(USER, &path, &read).await.unwrap(),
        }
    }
}

/// What is sent of a script for a caller to whom only `open` tables are open, `None`: all of them.
fn secured(
    known: &Known,
    policy: Policy,
    open: Option<&BTreeSet<TableName>>,
    rules: Rules<'_>,
    mut script: Script,
) -> Result<String, Refused> {
    script.check(policy)?;
    let Known { catalogue, home } = known;
    let seen = script.schemas(policy, catalogue).into_iter();
    let seen = seen.filter(|schema| OPEN_SCHEMAS.contains(&&**schema));
    let rows = script.check_names(policy, catalogue, &seen.collect())?;
    script.check_relations(policy, catalogue)?;
    script.place(catalogue)?;
    if let Some(open) = open {
        let used = script.tables().into_iter().chain(rows.values());
        let closed: Vec<_> = used.filter(|table| !open.contains(table)).collect();
        if !closed.is_empty() {
            let closed = closed.iter().map(ToString::to_string);
            return Err(Refused::Tables(closed.collect()));
        }
    }
    let mut filters = RowFilters::new();
    for name in script.tables() {
        for (of, condition) in rules {
            if *name == table(of) {
                filters.add(name.clone(), condition);
            }
        }
    }
    filters.place(Dialect::PostgreSql, catalogue, home)?;
    let mut sent = Vec::new();
    for statement in script.statements_mut() {
        statement.filter_rows(&filters)?;
        sent.push(statement.sql()?);
    }
    Ok(sent.join(";\n"))
}

/// The same for a caller to whom every table is open.
async fn under(
    engine: &dyn DataSource,
    policy: Policy,
    rules: Rules<'_>,
    sql: &str,
) -> Result<String, Refused> {
    let script = Script::parse(Dialect::PostgreSql, sql)?;
    let known = Known::of(engine, &script.names(policy), rules).await;
    secured(&known, policy, None, rules, script)
}
