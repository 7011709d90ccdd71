//! The audit in each workspace's metastore: Superset's own `logs`, so that its action log shows what
//! assistants did.

use std::collections::HashMap;

use serde::Serialize;
use tidegate_metastore::LogRow;
use tidegate_telemetry::{AuditError, AuditRecord, AuditSink};
use tidegate_types::WorkspaceSlug;

use crate::late_node::LateNode;

/// What Superset calls such a row.
const ACTION: &str = "mcp_tool_call";

/// Writes to the metastore of each record's workspace.
pub(crate) struct MetastoreAudit(pub LateNode);

#[async_trait::async_trait]
impl AuditSink for MetastoreAudit {
    fn name(&self) -> &'static str {
        "metastore"
    }

    async fn write(&self, batch: &[AuditRecord]) -> Result<(), AuditError> {
        let mut rows: HashMap<&WorkspaceSlug, Vec<LogRow>> = HashMap::new();
        for record in batch {
            let rows = rows.entry(&record.workspace).or_default();
            rows.push(row(record));
        }
        for (workspace, rows) in rows {
            let metastore = self.0.metastore(workspace).await.map_err(AuditError::new)?;
            metastore
                .logs()
                .insert_batch(rows)
                .await
                .map_err(AuditError::new)?;
        }
        Ok(())
    }
}

/// What of a record has no column of its own, as the JSON of the row.
#[derive(Serialize)]
struct Details<'a> {
    arguments: Option<&'a str>,
    bytes: u64,
    client: Option<&'a str>,
    mcp_method: &'a str,
    node: &'a str,
    outcome: &'a str,
    rows: Option<u64>,
    tool: Option<&'a str>,
    trace_id: Option<String>,
}

fn row(record: &AuditRecord) -> LogRow {
    let details = Details {
        arguments: record.arguments.as_deref(),
        bytes: record.bytes,
        client: record.client.as_ref().map(|client| &*client.0),
        mcp_method: &record.method,
        node: record.node.as_str(),
        outcome: record.outcome.as_str(),
        rows: record.rows,
        tool: record.tool.as_deref(),
        trace_id: record.trace_id.map(|id| id.to_string()),
    };
    LogRow {
        action: ACTION.to_owned(),
        user_id: record.user.map(|user| user.0),
        json: serde_json::to_string(&details).expect("texts and numbers serialize"),
        dttm: record.time.naive_utc(),
        dashboard_id: None,
        slice_id: None,
        duration_ms: i64::try_from(record.duration.as_millis()).ok(),
        referrer: None,
    }
}
