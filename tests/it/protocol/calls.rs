//! Calls of real tools: what is wrong with their arguments is said; what is too large is shortened.

use serde_json::{Value, json};

use crate::harness::{OneNode, result_text};

#[tokio::test]
async fn a_mistake_is_told_by_field_with_what_came_and_what_would_be_right() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    for (tool, arguments, words) in [
        (
            "list_charts",
            json!({ "pagesize": 5 }),
            vec!["pagesize", "page_size"],
        ),
        (
            "list_charts",
            json!({ "request": { "page": "first" } }),
            vec!["page", "first", "integer"],
        ),
        ("list_charts", json!({ "page": 0 }), vec!["page", "0", "1"]),
        (
            "list_dashboards",
            json!({ "order_direction": "up" }),
            vec!["order_direction", "up", "asc", "desc"],
        ),
        ("get_chart_info", json!({}), vec!["identifier"]),
        ("execute_sql", json!({ "database_id": 1 }), vec!["sql"]),
        (
            "execute_sql",
            json!({ "database_id": "one", "sql": "SELECT 1" }),
            vec!["database_id", "one"],
        ),
        (
            "get_schema",
            json!({ "model_type": "charts" }),
            vec!["model_type", "charts", "chart"],
        ),
    ] {
        let answer = caller.call(tool, arguments.clone()).await;
        assert_eq!(
            true, answer["result"]["isError"],
            "{tool} {arguments}: {answer}"
        );
        let text = result_text(&answer);
        for word in words {
            assert!(
                text.contains(word),
                "{tool} {arguments}: no {word:?} in {text}"
            );
        }
        assert!(!text.to_lowercase().contains("internal"), "{text}");
    }
}

#[tokio::test]
async fn arguments_are_taken_flat_in_a_request_and_as_text() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    let wanted = json!({ "page": 1, "page_size": 2, "order_column": "slice_name", "order_direction": "asc" });
    let mut answers = Vec::new();
    for arguments in [
        wanted.clone(),
        json!({ "request": wanted }),
        json!({ "request": wanted.to_string() }),
    ] {
        let answer = caller.call("list_charts", arguments).await;
        assert_ne!(true, answer["result"]["isError"], "{answer}");
        answers.push(serde_json::from_str::<Value>(result_text(&answer)).unwrap());
    }
    assert_eq!(
        2,
        answers[0]["charts"].as_array().unwrap().len(),
        "{}",
        answers[0]
    );
    assert!(
        answers
            .iter()
            .all(|answer| answer["charts"] == answers[0]["charts"])
    );
}

#[tokio::test]
async fn a_misspelt_tool_is_answered_with_the_nearest_name() {
    let node = OneNode::start().await;
    let answer = node.as_user("admin").call("list_chart", json!({})).await;
    assert_eq!(-32602, answer["error"]["code"]);
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("list_charts"),
        "{answer}"
    );
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_shortened_to_valid_json_that_says_so() {
    let node = OneNode::builder()
        .set("RESPONSE_SIZE__TOKEN_LIMIT", "2000")
        .start()
        .await;
    let caller = node.as_user("admin");
    let sql =
        json!({ "database_id": 1, "sql": "SELECT * FROM orders ORDER BY order_id", "limit": 5000 });
    let charts =
        json!({ "page_size": 100, "select_columns": ["id", "slice_name", "description", "uuid"] });
    for (tool, arguments, member) in [
        ("execute_sql", sql, "rows"),
        ("list_charts", charts, "charts"),
    ] {
        let answer = caller.call(tool, arguments).await;
        assert_ne!(true, answer["result"]["isError"], "{answer:.500}");
        let text = result_text(&answer);
        assert!(text.len() < 12_000, "{tool}: {} bytes", text.len());
        let value: Value =
            serde_json::from_str(text).unwrap_or_else(|err| panic!("{tool}: {err}: {text}"));
        assert!(
            value[member]
                .as_array()
                .is_some_and(|items| !items.is_empty()),
            "{tool}: {text:.500}"
        );
        if tool == "execute_sql" {
            let note = text.to_lowercase();
            assert!(
                note.contains("shortened") || note.contains("left out") || note.contains("truncat"),
                "{text}"
            );
        }
    }
}
