use tidegate_metastore::LogRow;

use crate::fixture::Fixture;

#[tokio::test]
async fn log_rows_are_written_in_batches_of_any_size() {
    let fixture = Fixture::start().await;
    let row = |number: i64| LogRow {
        action: "a_test_of_batches".repeat(50),
        user_id: Some(2),
        json: format!("{{\"number\":{number},\"text\":\"it's\"}}"),
        dttm: "2026-12-01T10:00:00.25".parse().unwrap(),
        dashboard_id: None,
        slice_id: Some(4),
        duration_ms: Some(number),
        referrer: None,
    };
    let rows: Vec<_> = (0..2500).map(row).collect();
    for metastore in fixture.all() {
        metastore.logs().insert_batch(Vec::new()).await.unwrap();
        metastore.logs().insert_batch(rows.clone()).await.unwrap();
    }
    // Two of them lead to this database.
    let sql = "SELECT count(*), sum(duration_ms), min(dttm), max(length(action)) FROM logs WHERE action LIKE 'a_test_of_batches%'";
    let written = fixture.server.execute("superset", sql).unwrap();
    assert_eq!("5000|6247500|2026-12-01 10:00:00.25|512", written.trim());
}

#[tokio::test]
async fn a_row_of_an_unknown_user_is_refused_as_a_conflict_and_writes_nothing() {
    let fixture = Fixture::start().await;
    let row = LogRow {
        action: "mcp_tool_call_of_nobody".into(),
        user_id: Some(4711),
        json: "{}".into(),
        dttm: "2026-12-01T10:00:00".parse().unwrap(),
        dashboard_id: None,
        slice_id: None,
        duration_ms: None,
        referrer: None,
    };
    let err = fixture
        .postgres
        .logs()
        .insert_batch(vec![row])
        .await
        .unwrap_err();
    assert!(
        matches!(err, tidegate_metastore::MetastoreError::Conflict { .. }),
        "{err:?}"
    );
}
