use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_engines::{Mode, Query, QueryError, database_name};
use tidegate_protocol::ToolAnnotations;
use tidegate_sql_guard::{
    Dialect, GuardError, Policy, RowFilters, Script, StatementKind, mentions_any, render,
};
use tidegate_types::Scope;

use super::answer::{Planned, SqlAnswer};
use super::names::Names;
use super::open::{OpenDatabase, open};
use super::{failure, nearest, rights};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Longer texts are parsed on a blocking thread: about 500 µs of work.
const LONG_SQL_BYTES: usize = 8_000;

/// Runs SQL on a database of the workspace. One SQL statement on the metastore, two more where the database
/// is not open to the caller as a whole.
pub(crate) struct ExecuteSql;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    /// Which database: see list_databases.
    database_id: i64,
    /// One or more statements in the database's own SQL, separated by semicolons.
    #[schemars(length(min = 1, max = 200_000), extend("x-has-lines" = true))]
    sql: String,
    /// The schema in which unqualified tables are looked up first; then, or if it is left out, those that the
    /// database's connection looks in by itself.
    #[serde(default)]
    schema: Option<String>,
    /// The catalog (PostgreSQL: the database's name); a connection reaches only its own.
    #[serde(default)]
    catalog: Option<String>,
    /// Rows to give at most; the deployment's default if left out. A LIMIT in the SQL stays: the smaller of the two
    /// counts.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10_000))]
    limit: Option<u32>,
    /// Seconds that the query may take.
    #[serde(default = "default_timeout")]
    #[schemars(range(min = 1, max = 300))]
    timeout: u32,
    /// Values for placeholders such as {{ name }} in the SQL, where the workspace fills them in. In quotes a value is
    /// data; outside of quotes a text becomes part of the SQL.
    #[serde(default)]
    template_params: Option<Map<String, Value>>,
    /// Only checks the SQL, and shows what would run.
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    #[expect(dead_code, reason = "results of SQL are never kept")]
    force_refresh: bool,
}

const fn default_timeout() -> u32 {
    30
}

impl Tool for ExecuteSql {
    type Arguments = Arguments;
    type Answer = SqlAnswer;

    const SPEC: ToolSpec = ToolSpec {
        name: "execute_sql",
        title: "Execute SQL query",
        description: "Runs SQL on a database of the workspace with your rights and gives rows and columns. Reads only, \
                      unless the database allows changes. Find the database with list_databases and names of tables \
                      and columns with list_datasets and get_dataset_info. Aggregate in SQL and set limit: long \
                      results are cut. dry_run checks without running.",
        scope: Scope::Query,
        permission: Some(Permission {
            permission: "can_execute_sql_query",
            view: "SQLLab",
        }),
        annotations: ToolAnnotations::CHANGES,
        tags: &["mutate"],
        touches: Touches::Databases,
        cache: CacheRule::Never,
        size: SizeRule::Shorten(&["rows", "statements"]),
        redaction: Redaction::Data,
    };

    fn rows(answer: &SqlAnswer) -> Option<u64> {
        answer.rows_read()
    }

    async fn call(
        &self,
        context: &CallContext,
        arguments: Arguments,
    ) -> Result<SqlAnswer, ToolFailure> {
        let start = context.clock.instant();
        if arguments.sql.trim().is_empty() {
            return Err(ToolFailure::argument(
                "request.sql",
                "is blank; give at least one statement",
            ));
        }
        let database = open(context, arguments.database_id).await?;
        let dialect = database.engine.dialect();
        let schema = schema_of(&arguments, &database)?;
        let policy = rights::policy(context, &database);
        let sql = fill_in(context, &arguments, dialect).await?;
        let mut script = parse(sql, dialect, policy).await?;
        rights::check_schema(context, &database, schema.as_deref()).await?;
        let failed = |err| failure::query(err, dialect.as_str(), &database.connection);
        let limits = context.workspace.sql_limits;
        let timeout = Duration::from_secs(u64::from(arguments.timeout.min(limits.max_seconds)));
        let timeout = timeout.min(context.time_limit);
        let depends_on_names = rights::depend_on_names(context, &database);
        let names = if depends_on_names || !arguments.dry_run {
            // Whoever may read everything is asked for no name.
            let tables = if depends_on_names {
                script.tables()
            } else {
                BTreeSet::new()
            };
            let resolved = Names::resolve(&database, &tables, schema.as_deref());
            let resolved = tokio::time::timeout(timeout, resolved).await;
            resolved
                .unwrap_or(Err(QueryError::Timeout { after: timeout }))
                .map_err(failed)?
        } else {
            Names::default()
        };
        let filters = rights::secure(context, &database, policy, &mut script, &names).await?;
        let max_rows = arguments
            .limit
            .unwrap_or(limits.default_rows)
            .min(limits.max_rows);
        let mode = if script.is_write() {
            Mode::Write
        } else {
            Mode::Read
        };
        let planned = plan(&mut script, &filters, max_rows).map_err(failure::guard)?;
        let seconds = || start.elapsed().as_secs_f64();
        if arguments.dry_run {
            return Ok(SqlAnswer::dry_run(planned, seconds()));
        }
        let statements: Vec<_> = planned
            .iter()
            .filter_map(|statement| statement.executed_sql.clone())
            .collect();
        if statements.is_empty() {
            return Ok(SqlAnswer::done(planned, Vec::new(), seconds()));
        }
        let rules = script.understood();
        let query = Query {
            user: database.user,
            statements,
            understood: rules.iter().map(|(_, alone)| alone.clone()).collect(),
            search_path: Some(names.path().to_vec()),
            mode,
            max_rows: max_rows as usize,
            max_bytes: limits.max_bytes,
            timeout,
            cancel: context.cancel.clone(),
        };
        if mode == Mode::Write {
            context.write.set();
        }
        match database.engine.run_sql(query).await {
            Ok(results) => Ok(SqlAnswer::done(planned, results, seconds())),
            Err(QueryError::NotUnderstood { index, .. }) => {
                let table = rules.get(index).map(|(table, _)| table.to_string());
                let table = table.unwrap_or_default();
                let reason = "the database does not understand it; nothing is wrong with your statement, and an \
                              administrator has to mend the rule"
                    .to_owned();
                Err(failure::guard(GuardError::RowFilter { table, reason }))
            }
            Err(err) => {
                let tables = script.tables();
                let hint = nearest::hint(context, &database, &tables, schema.as_deref(), &err);
                let hint = hint.await;
                let err = as_written(&script, err);
                let err = if !filters.is_empty() {
                    failure::query_under_rules(err, dialect.as_str())
                } else if depends_on_names {
                    failure::without_details(err)
                } else {
                    err
                };
                Err(failed(failure::with_hint(err, hint)))
            }
        }
    }
}

/// The schema that the call asks for: unqualified names mean its tables first.
fn schema_of(
    arguments: &Arguments,
    database: &OpenDatabase,
) -> Result<Option<String>, ToolFailure> {
    let dialect = database.engine.dialect();
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(catalog) = given(&arguments.catalog)
        && !dialect.has_one_schema()
        && Some(&catalog) != database_name(&database.connection.uri).as_ref()
    {
        return Err(ToolFailure::argument(
            "request.catalog",
            format!("{catalog:?} is another database than the connection's; leave it out"),
        ));
    }
    let schema = given(&arguments.schema);
    match schema {
        Some(schema) if dialect.has_one_schema() && schema != dialect.default_schema() => {
            Err(ToolFailure::argument(
                "request.schema",
                "a SQLite database has the schema main only; leave it out",
            ))
        }
        _ if dialect.has_one_schema() => Ok(None),
        schema => Ok(schema),
    }
}

/// The SQL with `template_params` in it, where there are any and the workspace fills them in. Otherwise nothing is a
/// template: braces are data like everything else.
async fn fill_in(
    context: &CallContext,
    arguments: &Arguments,
    dialect: Dialect,
) -> Result<String, ToolFailure> {
    let sql = &arguments.sql;
    let Some(params) = &arguments.template_params else {
        return Ok(sql.clone());
    };
    let workspace = &context.workspace;
    if workspace.features.fills_in_templates(&workspace.slug).await {
        return render(dialect, sql, params).map_err(failure::template);
    }
    if mentions_any(sql, params) {
        return Err(ToolFailure::argument(
            "request.template_params",
            "cannot be filled in: ENABLE_TEMPLATE_PROCESSING is off in this workspace; write the values into the SQL",
        ));
    }
    Ok(sql.clone())
}

/// Parses, and refuses what may not run whoever asks.
async fn parse(sql: String, dialect: Dialect, policy: Policy) -> Result<Script, ToolFailure> {
    let is_long = sql.len() > LONG_SQL_BYTES;
    let work = move || {
        let script = Script::parse(dialect, &sql)?;
        script.check(policy)?;
        Ok(script)
    };
    let script = if is_long {
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(ToolFailure::internal)?
    } else {
        work()
    };
    script.map_err(failure::guard)
}

/// A failure of what was sent, in words about what was written: a limit may have been added.
fn as_written(script: &Script, err: QueryError) -> QueryError {
    match (err, script.statements()) {
        (QueryError::Database { message, code }, [only]) => QueryError::Database {
            message: only.message(&message),
            code,
        },
        (err, _) => err,
    }
}

/// What is sent of each statement.
fn plan(
    script: &mut Script,
    filters: &RowFilters,
    max_rows: u32,
) -> Result<Vec<Planned>, tidegate_sql_guard::GuardError> {
    let mut planned = Vec::with_capacity(script.statements().len());
    for statement in script.statements_mut() {
        let original_sql = statement.text().to_owned();
        if statement.kind() == StatementKind::Transaction {
            planned.push(Planned {
                original_sql,
                executed_sql: None,
                gives_changed_rows: false,
            });
            continue;
        }
        statement.filter_rows(filters)?;
        // One more than is given, so that a cut is noticed, and the database need not make the rest.
        statement.limit_rows(u64::from(max_rows) + 1);
        planned.push(Planned {
            original_sql,
            executed_sql: Some(statement.sql()?),
            gives_changed_rows: statement.gives_changed_rows(),
        });
    }
    Ok(planned)
}
