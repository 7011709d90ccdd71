//! The audit in each workspace's metastore: Superset's own `logs`, so that its action log shows what
//! assistants did.

use std::collections::HashMap;

use serde_json::json;
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
            rows.entry(&record.workspace).or_default().push(row(record));
        }
        for (workspace, rows) in rows {
            let metastore = self.0.metastore(workspace).await.map_err(AuditError::new)?;
            metastore
                .logs()
                .insert_batch(&rows)
                .await
                .map_err(AuditError::new)?;
        }
        Ok(())
    }
}

fn row(record: &AuditRecord) -> LogRow {
    let json = json!({
        "mcp_method": record.method,
        "tool": record.tool,
        "client": record.client.as_ref().map(|client| &*client.0),
        "arguments": record.arguments,
        "outcome": record.outcome.as_str(),
        "rows": record.rows,
        "bytes": record.bytes,
        "trace_id": record.trace_id.map(|id| id.to_string()),
        "node": record.node.as_str(),
    });
    LogRow {
        action: ACTION.to_owned(),
        user_id: record.user.map(|user| user.0),
        json: json.to_string(),
        dttm: record.time.naive_utc(),
        dashboard_id: None,
        slice_id: None,
        duration_ms: i64::try_from(record.duration.as_millis()).ok(),
        referrer: None,
    }
}
