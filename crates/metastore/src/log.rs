use chrono::NaiveDateTime;
use sea_query::Query;

use crate::{Metastore, MetastoreError};

/// Rows in one statement at the most: SQLite binds 32,766 values, PostgreSQL 65,535.
const ROWS_PER_STATEMENT: usize = 1000;

/// A row of Superset's `logs` table, as its event logger writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// What was done; at most 512 characters are kept.
    pub action: String,
    /// Who did it.
    pub user_id: Option<i64>,
    /// Everything else, as a JSON object.
    pub json: String,
    /// When, UTC.
    pub dttm: NaiveDateTime,
    /// On which dashboard.
    pub dashboard_id: Option<i64>,
    /// On which chart.
    pub slice_id: Option<i64>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// From where; at most 1024 characters are kept.
    pub referrer: Option<String>,
}

/// The log repository.
#[derive(Clone, Copy)]
pub struct Logs<'a> {
    pub(crate) metastore: &'a Metastore,
}

fn shortened(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// The columns are 32 bits wide.
fn narrow(number: Option<i64>) -> Option<i32> {
    number.map(|number| i32::try_from(number).unwrap_or(i32::MAX))
}

impl Logs<'_> {
    /// Writes rows. One statement for each thousand; those of one statement are written all or none.
    pub async fn insert_batch(&self, rows: &[LogRow]) -> Result<(), MetastoreError> {
        for chunk in rows.chunks(ROWS_PER_STATEMENT) {
            let mut statement = Query::insert();
            statement.into_table("logs").columns([
                "action",
                "user_id",
                "json",
                "dttm",
                "dashboard_id",
                "slice_id",
                "duration_ms",
                "referrer",
            ]);
            for row in chunk {
                statement.values_panic([
                    shortened(&row.action, 512).into(),
                    narrow(row.user_id).into(),
                    // PostgreSQL's text holds no NUL; JSON writes it escaped, so none can be lost here.
                    row.json.replace('\0', "").into(),
                    row.dttm.into(),
                    narrow(row.dashboard_id).into(),
                    narrow(row.slice_id).into(),
                    narrow(row.duration_ms).into(),
                    row.referrer
                        .as_deref()
                        .map(|text| shortened(text, 1024))
                        .into(),
                ]);
            }
            self.metastore
                .pool()
                .execute("write the log", &statement)
                .await?;
        }
        Ok(())
    }
}
