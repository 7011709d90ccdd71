use serde_json::{Value, json};

use crate::harness::{OneNode, eventually, token_of};

async fn node() -> OneNode {
    OneNode::builder()
        .set("AUDIT__METASTORE", "true")
        .set("AUDIT__JSON_LINES", "{folder}/audit.jsonl")
        .set("AUDIT__FLUSH_MS", "20")
        .start()
        .await
}

/// The lines of the file, once there are so many.
async fn lines(node: &OneNode, count: usize) -> Vec<Value> {
    eventually("the lines are written", async || {
        let text = std::fs::read_to_string(node.folder().join("audit.jsonl")).ok()?;
        let lines: Vec<Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        (lines.len() >= count).then_some(lines)
    })
    .await
}

/// User, action and details of the rows of `logs`, once there are so many.
async fn rows(node: &OneNode, count: usize) -> Vec<(i64, String, Value)> {
    let metastore = node.metastore("demo");
    eventually("the rows are written", async || {
        let mut statement = metastore
            .prepare("SELECT user_id, action, json, duration_ms, dttm FROM logs WHERE action LIKE 'mcp%' ORDER BY id")
            .unwrap();
        let rows: Vec<(i64, String, Value)> = statement
            .query_map([], |row| {
                let json: String = row.get(2)?;
                assert!(row.get::<_, i64>(3)? >= 0);
                assert!(!row.get::<_, String>(4)?.is_empty());
                Ok((row.get(0)?, row.get(1)?, serde_json::from_str(&json).unwrap()))
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        (rows.len() >= count).then_some(rows)
    })
    .await
}

/// One call of each end, and what is no call.
async fn make_calls(node: &OneNode) {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let (admin, viewer) = (node.as_user("admin"), node.as_user("viewer"));
    let reader = node.anyone().bearer(token_of(&json!({
        "sub": "admin", "client_id": "a robot", "scope": "mcp:read", "exp": now + 60,
    })));
    admin.call("health_check", json!({})).await;
    viewer
        .call("get_chart_info", json!({ "identifier": 5 }))
        .await;
    viewer
        .call(
            "execute_sql",
            json!({ "database_id": 1, "sql": "SELECT 1" }),
        )
        .await;
    reader
        .call(
            "execute_sql",
            json!({ "database_id": 1, "sql": "SELECT 1" }),
        )
        .await;
    admin.call("list_charts", json!({ "page": "x" })).await;
    admin
        .ask("resources/read", json!({ "uri": "instance://metadata" }))
        .await;
    admin
        .ask("prompts/get", json!({ "name": "quickstart" }))
        .await;
    admin
        .open_session()
        .await
        .call("list_charts", json!({ "page_size": 3 }))
        .await;
    // Lists and pings are no calls.
    admin.ask("tools/list", json!({})).await;
}

#[tokio::test]
async fn every_call_leaves_one_row_and_one_line_whatever_becomes_of_it() {
    let node = node().await;
    make_calls(&node).await;
    let expected = [
        ("admin", 1, "tools/call", "health_check", "success"),
        ("viewer", 3, "tools/call", "get_chart_info", "not_found"),
        ("viewer", 3, "tools/call", "execute_sql", "not_found"),
        (
            "admin",
            1,
            "tools/call",
            "execute_sql",
            "insufficient_scope",
        ),
        ("admin", 1, "tools/call", "list_charts", "tool_error"),
        (
            "admin",
            1,
            "resources/read",
            "instance://metadata",
            "success",
        ),
        ("admin", 1, "prompts/get", "quickstart", "success"),
        ("admin", 1, "tools/call", "list_charts", "success"),
    ];
    let (lines, rows) = (
        lines(&node, expected.len()).await,
        rows(&node, expected.len()).await,
    );
    assert_eq!(expected.len(), lines.len(), "{lines:?}");
    assert_eq!(expected.len(), rows.len(), "{rows:?}");
    for (number, (username, user, method, tool, outcome)) in expected.into_iter().enumerate() {
        let line = &lines[number];
        assert_eq!(username, line["username"], "{line}");
        assert_eq!(
            (
                &json!("demo"),
                &json!(method),
                &json!(tool),
                &json!(outcome)
            ),
            (
                &line["workspace"],
                &line["method"],
                &line["tool"],
                &line["outcome"]
            ),
            "{line}"
        );
        let (logged_user, action, details) = &rows[number];
        assert_eq!(
            (user, "mcp_tool_call"),
            (*logged_user, &**action),
            "{details}"
        );
        assert_eq!(
            (&json!(method), &json!(tool), &json!(outcome)),
            (
                &details["mcp_method"],
                &details["tool"],
                &details["outcome"]
            ),
            "{details}"
        );
        assert_eq!(line["trace_id"], details["trace_id"]);
    }
    assert_eq!("a robot", lines[3]["client"]);
    let last = &lines[7];
    assert!(
        last["bytes"].as_u64().unwrap() > 100 && last["trace_id"].is_string(),
        "{last}"
    );
}

#[tokio::test]
async fn secrets_and_literals_are_not_written_down() {
    let node = node().await;
    let admin = node.as_user("admin");
    let sql = "SELECT 'geheim-4711' AS x FROM orders WHERE country = 'geheim-4712' LIMIT 1";
    for arguments in [
        json!({ "database_id": 1, "sql": sql }),
        json!({ "request": { "database_id": 1, "sql": sql } }),
        json!({ "request": json!({ "database_id": 1, "sql": sql }).to_string() }),
        json!({ "database_id": 1, "sql": "SELECT 1", "password": "geheim-4713" }),
        json!({ "database_id": 1, "sql": "SELECT 1", "api_key": { "value": "geheim-4714" } }),
    ] {
        admin.call("execute_sql", arguments).await;
    }
    let (lines, rows) = (lines(&node, 5).await, rows(&node, 5).await);
    let written = format!("{lines:?}{rows:?}{}", node.log());
    assert!(!written.contains("geheim"), "{written}");
    assert!(
        written.contains("orders") && written.contains("[redacted]"),
        "{written}"
    );
}

#[tokio::test]
async fn a_call_carries_the_trace_of_its_caller() {
    let node = node().await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let params = json!({ "name": "health_check", "_meta": { "traceparent": parent } });
    node.as_user("admin").ask("tools/call", params).await;
    assert_eq!(trace, lines(&node, 1).await[0]["trace_id"]);
}
