//! Tools that a user may not use are, for that user, not there.

use serde_json::{Value, json};

use crate::harness::{OneNode, result_text};

#[tokio::test]
async fn a_tool_that_may_not_be_used_is_neither_listed_nor_found_nor_told_from_one_that_is_not_there()
 {
    let node = OneNode::start().await;
    let viewer = node.as_user("viewer");
    let listed = viewer.ask("tools/list", json!({})).await;
    let listed: Vec<&str> = listed["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert!(
        listed.contains(&"list_charts") && !listed.contains(&"execute_sql"),
        "{listed:?}"
    );
    let told = async |name: &str| {
        let reply = viewer
            .send("tools/call", json!({ "name": name, "arguments": {} }))
            .await;
        assert_eq!(200, reply.status().as_u16());
        let answer = reply.answer().await;
        assert_eq!(-32602, answer["error"]["code"], "{answer}");
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .replace(name, "it")
    };
    assert_eq!(told("zzz_no_such_tool").await, told("execute_sql").await);
    let near = told("execute_sq").await;
    assert!(!near.contains("execute_sql"), "{near}");
    let found = viewer
        .call("search_tools", json!({ "query": "execute sql query" }))
        .await;
    let found: Value = serde_json::from_str(result_text(&found)).unwrap();
    let found: Vec<&str> = found["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert!(
        !found.is_empty() && !found.contains(&"execute_sql"),
        "{found:?}"
    );
    let session = viewer.open_session().await;
    let answer = session
        .call(
            "execute_sql",
            json!({ "database_id": 1, "sql": "SELECT 1" }),
        )
        .await;
    assert_eq!(-32602, answer["error"]["code"], "{answer}");
}

#[tokio::test]
async fn call_tool_gives_no_more_rights_than_a_direct_call() {
    let node = OneNode::start().await;
    let arguments = json!({ "database_id": 1, "sql": "SELECT 1 AS one" });
    let indirect = json!({ "name": "execute_sql", "arguments": arguments });
    let refused = node
        .as_user("viewer")
        .call("call_tool", indirect.clone())
        .await;
    assert!(
        refused.get("error").is_some() || refused["result"]["isError"] == true,
        "{refused}"
    );
    let admin = node.as_user("admin");
    let direct = admin.call("execute_sql", arguments).await;
    let indirect = admin.call("call_tool", indirect).await;
    let rows = |answer: &Value| {
        serde_json::from_str::<Value>(result_text(answer)).unwrap()["rows"].clone()
    };
    assert_eq!(rows(&direct), rows(&indirect));
}

#[tokio::test]
async fn a_tool_that_is_switched_off_is_not_there_for_anybody() {
    let node = OneNode::builder()
        .set("TOOLS__DISABLED", "execute_sql,list_databases")
        .start()
        .await;
    let admin = node.as_user("admin");
    let listed = admin.ask("tools/list", json!({})).await.to_string();
    for tool in ["execute_sql", "list_databases"] {
        assert!(!listed.contains(&format!("\"name\":\"{tool}\"")), "{tool}");
        let answer = admin.call(tool, json!({})).await;
        assert_eq!(-32602, answer["error"]["code"], "{tool}: {answer}");
    }
}
