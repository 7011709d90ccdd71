//! Control characters in what clients send, on metastores that cannot store them.

use serde_json::{Value, json};

use crate::harness::{TestCluster, result_text};

#[tokio::test]
async fn a_control_character_is_the_caller_s_mistake_wherever_it_stands() {
    let cluster = TestCluster::start(1).await;
    let node = cluster.node(0);
    let admin = node.as_user("admin");
    let session = admin.open_session().await;
    let filter = json!([{ "col": "slice_name", "opr": "eq", "value": "a\0b" }]);
    for (tool, arguments, path) in [
        ("list_charts", json!({ "search": "a\0b" }), "search"),
        (
            "list_charts",
            json!({ "request": { "filters": filter } }),
            "request.filters[0].value",
        ),
        (
            "list_charts",
            json!({ "request": { "select_columns": "id,a\u{1}b" } }),
            "request.select_columns",
        ),
        (
            "list_datasets",
            json!({ "request": "{\"order_column\":\"a\\u0000b\"}" }),
            "request.order_column",
        ),
        (
            "get_dashboard_info",
            json!({ "identifier": "a\0b" }),
            "identifier",
        ),
        (
            "get_chart_info",
            json!({ "identifier": "a\nb" }),
            "identifier",
        ),
        (
            "get_dataset_info",
            json!({ "identifier": "1\u{85}" }),
            "identifier",
        ),
        (
            "execute_sql",
            json!({ "database_id": 1, "sql": "select 'a\0b'" }),
            "sql",
        ),
        (
            "execute_sql",
            json!({ "database_id": 1, "sql": "select 1", "schema": "pub\0lic" }),
            "schema",
        ),
        (
            "execute_sql",
            json!({ "database_id": 1, "sql": "select 1", "catalog": "a\tb" }),
            "catalog",
        ),
        (
            "execute_sql",
            json!({ "database_id": 1, "sql": "select 1", "template_params": { "a": ["\u{9b}"] } }),
            "template_params.a[0]",
        ),
        ("search_tools", json!({ "query": "charts\0" }), "query"),
        (
            "call_tool",
            json!({ "name": "list_charts", "arguments": { "search": "\0" } }),
            "arguments.search",
        ),
    ] {
        for answer in [
            admin.call(tool, arguments.clone()).await,
            session.call(tool, arguments.clone()).await,
        ] {
            assert_eq!(
                json!(true),
                answer["result"]["isError"],
                "{tool} {arguments}: {answer}"
            );
            let text = result_text(&answer);
            let told = format!("{path}: must not contain the control character U+00");
            assert!(text.contains(&told), "{tool} {arguments}: {text}");
        }
    }
}

#[tokio::test]
async fn names_of_the_protocol_have_no_control_characters() {
    let cluster = TestCluster::start(1).await;
    let admin = cluster.node(0).as_user("admin");
    let session = admin.open_session().await;
    let prompt = json!({ "type": "ref/prompt", "name": "quickstart" });
    for (method, params) in [
        ("tools/call", json!({ "name": "list_charts\0" })),
        ("prompts/get", json!({ "name": "quick\0start" })),
        (
            "prompts/get",
            json!({ "name": "quickstart", "arguments": { "focus_area": "a\0" } }),
        ),
        (
            "prompts/get",
            json!({ "name": "quickstart", "arguments": { "focus\0": "a" } }),
        ),
        ("resources/read", json!({ "uri": "instance://meta\0data" })),
        ("tools/list", json!({ "cursor": "a\0" })),
        (
            "completion/complete",
            json!({ "ref": prompt, "argument": { "name": "user_type", "value": "a\0" } }),
        ),
        (
            "completion/complete",
            json!({ "ref": prompt, "argument": { "name": "user\0", "value": "a" } }),
        ),
        (
            "completion/complete",
            json!({ "ref": { "type": "ref/prompt", "name": "\0" }, "argument": { "name": "a", "value": "a" } }),
        ),
        (
            "resources/subscribe",
            json!({ "uri": "instance://meta\0data" }),
        ),
        ("logging/setLevel", json!({ "level": "in\0fo" })),
    ] {
        let answer: Value = session.ask(method, params.clone()).await;
        assert_eq!(
            json!(-32602),
            answer["error"]["code"],
            "{method} {params}: {answer}"
        );
    }
    let wanted = json!({ "notifications": { "resourceSubscriptions": ["a\0"] } });
    let refused = admin.send("subscriptions/listen", wanted).await;
    assert_eq!(400, refused.status().as_u16());
}

#[tokio::test]
async fn nobody_has_a_name_with_a_control_character() {
    let cluster = TestCluster::start(1).await;
    let node = cluster.node(0);
    for name in ["admin\0", "ad\u{1}min", "\0", "admin\n"] {
        let stranger = node.as_user(name);
        let status = stranger
            .send("tools/list", json!({}))
            .await
            .status()
            .as_u16();
        assert!([401, 403].contains(&status), "{name:?}: {status}");
    }
}
