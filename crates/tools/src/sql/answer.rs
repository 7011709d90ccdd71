use std::sync::Arc;

use serde::{Serialize, Serializer};
use tidegate_engines::{ResultSet, Truncation};

/// Superset's shape of an answer to `execute_sql`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct SqlAnswer {
    pub(super) success: bool,
    /// Of the last statement that gives rows.
    pub(super) rows: Option<Rows>,
    pub(super) columns: Option<Vec<ColumnInfo>>,
    pub(super) row_count: Option<usize>,
    pub(super) affected_rows: Option<i64>,
    /// Seconds.
    pub(super) execution_time: Option<f64>,
    pub(super) error: Option<String>,
    pub(super) error_type: Option<&'static str>,
    pub(super) statements: Option<Vec<StatementInfo>>,
    pub(super) multi_statement_warning: Option<String>,
    /// Only where rows, or parts of texts, are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) truncated: Option<String>,
}

/// A column as answers show it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ColumnInfo {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    is_nullable: Option<bool>,
}

/// What one statement came to.
#[derive(Debug, Serialize)]
pub(crate) struct StatementInfo {
    pub(super) original_sql: String,
    pub(super) executed_sql: String,
    /// Rows read or changed; -1 for statements that do neither.
    pub(super) row_count: i64,
    pub(super) execution_time_ms: f64,
    /// Where several statements give rows. Superset repeats the rows of a single one here as well, which
    /// doubles every answer.
    pub(super) data: Option<StatementData>,
}

/// The rows of one of several statements.
#[derive(Debug, Serialize)]
pub(crate) struct StatementData {
    rows: Rows,
    columns: Vec<ColumnInfo>,
}

/// Rows as objects.
#[derive(Debug, Clone)]
pub(crate) struct Rows(Arc<ResultSet>);

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.row_objects().serialize(serializer)
    }
}

/// A statement before it runs.
pub(super) struct Planned {
    pub(super) original_sql: String,
    /// `None` for transaction control, which is not sent.
    pub(super) executed_sql: Option<String>,
    /// Whether each row that it gives is one that it changed.
    pub(super) gives_changed_rows: bool,
}

fn columns_of(result: &ResultSet) -> Vec<ColumnInfo> {
    let columns = result.columns.iter().map(|column| ColumnInfo {
        name: column.name.clone(),
        type_name: column.type_name.clone(),
        is_nullable: column.is_nullable,
    });
    columns.collect()
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What of a result is not in the answer.
fn missing(result: &ResultSet, changed: Option<u64>) -> Option<String> {
    let rows = result.truncation.map(|reason| {
        let reason = match reason {
            Truncation::Rows => "rows",
            Truncation::Bytes => "bytes",
        };
        if let Some(changed) = changed {
            return format!(
                "all {changed} rows were changed; these are the first {} of them, which is the limit of {reason} for one answer",
                result.row_count()
            );
        }
        format!(
            "there are more rows than these {}, which is the limit of {reason} for one answer; \
             aggregate, filter, or page with ORDER BY, LIMIT and OFFSET",
            result.row_count()
        )
    });
    let values = result.has_cut_values.then(|| {
        "texts that end with \"… [cut]\" are the beginnings of longer ones; take the part of them that you need \
         in SQL"
            .to_owned()
    });
    match (rows, values) {
        (Some(rows), Some(values)) => Some(format!("{rows}. Also, {values}")),
        (rows, values) => rows.or(values),
    }
}

impl SqlAnswer {
    /// Of statements that were checked and not run.
    pub(super) fn dry_run(planned: Vec<Planned>, seconds: f64) -> Self {
        let statements = planned.into_iter().map(|statement| StatementInfo {
            executed_sql: statement
                .executed_sql
                .unwrap_or_else(|| statement.original_sql.clone()),
            original_sql: statement.original_sql,
            row_count: 0,
            execution_time_ms: 0.0,
            data: None,
        });
        Self {
            success: true,
            affected_rows: Some(0),
            execution_time: Some(seconds),
            statements: Some(statements.collect()),
            ..Self::default()
        }
    }

    /// Of statements that ran; `results` has one for each that was sent.
    pub(super) fn done(planned: Vec<Planned>, results: Vec<ResultSet>, seconds: f64) -> Self {
        let with_rows = results.iter().filter(|result| result.has_rows()).count();
        let mut results = results.into_iter().map(Arc::new);
        let mut answer = Self {
            success: true,
            execution_time: Some(seconds),
            ..Self::default()
        };
        let mut statements = Vec::with_capacity(planned.len());
        let mut last = None;
        let mut changed = None;
        for statement in planned {
            let result = match &statement.executed_sql {
                Some(_) => results.next(),
                None => None,
            };
            let mut info = StatementInfo {
                executed_sql: statement
                    .executed_sql
                    .unwrap_or_else(|| statement.original_sql.clone()),
                original_sql: statement.original_sql,
                row_count: -1,
                execution_time_ms: 0.0,
                data: None,
            };
            if let Some(result) = result {
                changed = result.given_rows.filter(|_| statement.gives_changed_rows);
                info.execution_time_ms = result.elapsed.as_secs_f64() * 1_000.0;
                info.row_count = match result.affected_rows.or(changed) {
                    Some(rows) => signed(rows),
                    None => signed(result.row_count() as u64),
                };
                if result.has_rows() {
                    if with_rows > 1 {
                        info.data = Some(StatementData {
                            rows: Rows(result.clone()),
                            columns: columns_of(&result),
                        });
                    }
                    last = Some((result, changed));
                }
            }
            answer.affected_rows = Some(info.row_count);
            statements.push(info);
        }
        if let Some((result, of_result)) = last {
            // Of a change with RETURNING that is the last statement: its rows may be fewer than it changed.
            answer.affected_rows = changed.map(signed);
            answer.columns = Some(columns_of(&result));
            answer.row_count = Some(result.row_count());
            answer.truncated = missing(&result, of_result);
            answer.rows = Some(Rows(result));
        }
        if with_rows > 1 {
            answer.multi_statement_warning = Some(format!(
                "{with_rows} of the statements give rows. rows and columns are those of the last one; each \
                 statement's own are in its data, in statements"
            ));
        }
        answer.statements = Some(statements);
        answer
    }

    /// Of a call that failed.
    pub(super) fn failed(error: String, error_type: &'static str) -> Self {
        Self {
            error: Some(error),
            error_type: Some(error_type),
            ..Self::default()
        }
    }

    /// Rows that left the database.
    pub(super) fn rows_read(&self) -> Option<u64> {
        self.row_count.map(|count| count as u64)
    }
}
