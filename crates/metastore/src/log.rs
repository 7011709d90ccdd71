use chrono::NaiveDateTime;
use tidegate_database::BulkInsert;

use crate::{Metastore, MetastoreError};

/// Rows in one statement at the most: SQLite binds 32,766 values.
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

fn shortened(mut text: String, characters: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(characters) {
        text.truncate(end);
    }
    text
}

/// PostgreSQL's text holds no NUL; JSON writes it escaped, so none can be lost here.
fn without_nul(mut json: String) -> String {
    if json.contains('\0') {
        json.retain(|character| character != '\0');
    }
    json
}

/// The columns are 32 bits wide.
fn narrow(number: Option<i64>) -> Option<i32> {
    number.map(|number| i32::try_from(number).unwrap_or(i32::MAX))
}

impl Logs<'_> {
    /// Writes rows. One statement for each thousand; those of one statement are written all or none.
    pub async fn insert_batch(&self, rows: Vec<LogRow>) -> Result<(), MetastoreError> {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let mut statement = BulkInsert::new(
                "logs",
                [
                    "action",
                    "user_id",
                    "json",
                    "dttm",
                    "dashboard_id",
                    "slice_id",
                    "duration_ms",
                    "referrer",
                ],
            );
            for row in rows.by_ref().take(ROWS_PER_STATEMENT) {
                statement.push([
                    shortened(row.action, 512).into(),
                    narrow(row.user_id).into(),
                    without_nul(row.json).into(),
                    row.dttm.into(),
                    narrow(row.dashboard_id).into(),
                    narrow(row.slice_id).into(),
                    narrow(row.duration_ms).into(),
                    row.referrer.map(|text| shortened(text, 1024)).into(),
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
