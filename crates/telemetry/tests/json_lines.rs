//! The audit as JSON lines.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};
use tidegate_config::JsonLines;
use tidegate_telemetry::{AuditOutcome, AuditRecord, AuditSink, JsonLinesSink, TraceContext};
use tidegate_types::{ClientName, ServiceCode, UserId};

fn record(outcome: AuditOutcome) -> AuditRecord {
    let context = TraceContext::parse(
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        None,
    );
    AuditRecord {
        time: DateTime::from_timestamp_millis(1_800_000_000_123).expect("in range"),
        workspace: "demo".parse().expect("a slug"),
        user: Some(UserId(7)),
        username: Some("alice".into()),
        client: Some(ClientName("desktop".into())),
        method: "tools/call".into(),
        tool: Some("execute_sql".into()),
        arguments: Some(r#"{"sql":"SELECT ?\n"}"#.to_owned()),
        outcome,
        rows: Some(3),
        bytes: 120,
        duration: Duration::from_micros(1_500),
        trace_id: context.map(|context| context.trace_id()),
        node: "node-1".parse().expect("a node"),
    }
}

#[tokio::test]
async fn a_record_is_a_line_at_the_end_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    std::fs::write(&path, "{\"earlier\":true}\n").unwrap();
    let sink = JsonLinesSink::from_settings(&JsonLines::File(path.clone()))
        .unwrap()
        .unwrap();
    let batch = [
        record(AuditOutcome::Succeeded),
        record(AuditOutcome::of_code(ServiceCode::RateLimited)),
        record(AuditOutcome::of_code(ServiceCode::Timeout)),
    ];
    sink.write(&batch).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(4, lines.len());
    let expected = json!({
        "time": "2027-01-15T08:00:00.123Z",
        "workspace": "demo",
        "user_id": 7,
        "username": "alice",
        "client": "desktop",
        "method": "tools/call",
        "tool": "execute_sql",
        "arguments": "{\"sql\":\"SELECT ?\\n\"}",
        "decision": "allowed",
        "outcome": "success",
        "rows": 3,
        "bytes": 120,
        "duration_ms": 1.5,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "node": "node-1",
    });
    assert_eq!(expected, lines[1]);
    assert_eq!(
        (&json!("denied"), &json!("rate_limited")),
        (&lines[2]["decision"], &lines[2]["outcome"])
    );
    assert_eq!(
        (&json!("allowed"), &json!("timeout")),
        (&lines[3]["decision"], &lines[3]["outcome"])
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let sink = JsonLinesSink::from_settings(&JsonLines::File(path.clone()))
        .unwrap()
        .unwrap();
    sink.write(&[record(AuditOutcome::ToolError)])
        .await
        .unwrap();
    assert_eq!(
        0o600,
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777
    );
}

#[tokio::test]
async fn batches_of_several_writers_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let sink = Arc::new(
        JsonLinesSink::from_settings(&JsonLines::File(path.clone()))
            .unwrap()
            .unwrap(),
    );
    let batch: Arc<Vec<AuditRecord>> =
        Arc::new((0..100).map(|_| record(AuditOutcome::Succeeded)).collect());
    let write = || sink.write(&batch);
    let (a, b, c) = tokio::join!(write(), write(), write());
    a.and(b).and(c).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        300,
        text.lines()
            .filter(|line| serde_json::from_str::<Value>(line).is_ok())
            .count()
    );
}

#[test]
fn off_is_no_sink_and_a_folder_is_no_file() {
    assert!(
        JsonLinesSink::from_settings(&JsonLines::Off)
            .unwrap()
            .is_none()
    );
    let folder = tempfile::tempdir().unwrap();
    assert!(JsonLinesSink::from_settings(&JsonLines::File(folder.path().to_owned())).is_err());
}
