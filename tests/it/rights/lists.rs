//! Lists, infos and counts.

use serde_json::{Value, json};

use crate::harness::{Caller, OneNode, result_text};

async fn answer(caller: &Caller, tool: &str, arguments: Value) -> Value {
    let answer = caller.call(tool, arguments).await;
    assert_ne!(true, answer["result"]["isError"], "{tool}: {answer}");
    serde_json::from_str(result_text(&answer)).unwrap()
}

async fn names(caller: &Caller, tool: &str, list: &str, name: &str) -> Vec<String> {
    let answer = answer(caller, tool, json!({ "page_size": 100 })).await;
    assert_eq!(answer["total_count"], answer["count"]);
    let mut names: Vec<String> = answer[list]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_viewer_sees_what_rests_on_the_two_datasets_of_its_role() {
    let node = OneNode::start().await;
    let viewer = node.as_user("viewer");
    assert_eq!(
        vec!["orders", "web_sessions"],
        names(&viewer, "list_datasets", "datasets", "table_name").await
    );
    assert_eq!(
        vec!["Sales overview", "Web traffic"],
        names(&viewer, "list_dashboards", "dashboards", "dashboard_title").await
    );
    assert_eq!(
        vec![
            "Conversion by source and device",
            "Orders a month",
            "Revenue by country",
            "Revenue of three years",
            "Visits by source",
            "Way to the till",
            "When people order",
        ],
        names(&viewer, "list_charts", "charts", "slice_name").await
    );
}

#[tokio::test]
async fn administrators_and_alpha_see_all() {
    let node = OneNode::start().await;
    for user in ["admin", "analyst"] {
        let caller = node.as_user(user);
        assert_eq!(
            4,
            names(&caller, "list_datasets", "datasets", "table_name")
                .await
                .len()
        );
        assert_eq!(
            3,
            names(&caller, "list_dashboards", "dashboards", "dashboard_title")
                .await
                .len()
        );
        assert_eq!(
            12,
            names(&caller, "list_charts", "charts", "slice_name")
                .await
                .len()
        );
        assert_eq!(
            1,
            names(&caller, "list_databases", "databases", "database_name")
                .await
                .len()
        );
    }
}

#[tokio::test]
async fn a_user_without_a_role_sees_nothing() {
    let node = OneNode::builder()
        .workspace(
            "demo",
            "INSERT INTO ab_user (id, first_name, last_name, username, password, active, email)
             VALUES (60, 'No', 'Role', 'newcomer', '!', 1, 'newcomer@example.com');",
        )
        .start()
        .await;
    let newcomer = node.as_user("newcomer");
    for (tool, list) in [
        ("list_charts", "charts"),
        ("list_datasets", "datasets"),
        ("list_dashboards", "dashboards"),
        ("list_databases", "databases"),
    ] {
        let called = newcomer.call(tool, json!({})).await;
        if called.get("error").is_some() {
            continue;
        }
        let value: Value = serde_json::from_str(result_text(&called)).unwrap();
        assert_eq!(0, value[list].as_array().unwrap().len(), "{value}");
        assert_eq!(0, value["total_count"], "{value}");
    }
}

#[tokio::test]
async fn what_is_hidden_looks_like_what_is_not_there() {
    let node = OneNode::start().await;
    let (viewer, admin) = (node.as_user("viewer"), node.as_user("admin"));
    for (tool, hidden, missing) in [
        ("get_chart_info", json!(5), json!(987)),
        ("get_dataset_info", json!(2), json!(987)),
        ("get_dashboard_info", json!(2), json!(987)),
        (
            "get_dashboard_info",
            json!("products-and-customers"),
            json!("no-such-dashboard"),
        ),
    ] {
        let visible = admin.call(tool, json!({ "identifier": hidden })).await;
        assert_ne!(
            true, visible["result"]["isError"],
            "{tool} {hidden}: {visible}"
        );
        let told = async |identifier: &Value| {
            let answer = viewer.call(tool, json!({ "identifier": identifier })).await;
            assert_eq!(
                true, answer["result"]["isError"],
                "{tool} {identifier}: {answer}"
            );
            let word = identifier
                .as_str()
                .map_or_else(|| identifier.to_string(), str::to_owned);
            result_text(&answer).replace(&word, "it")
        };
        assert_eq!(told(&missing).await, told(&hidden).await, "{tool}");
    }
}

#[tokio::test]
async fn neither_filter_nor_search_nor_order_tells_what_is_hidden() {
    let node = OneNode::start().await;
    let viewer = node.as_user("viewer");
    for arguments in [
        json!({ "search": "Best sellers" }),
        json!({ "filters": [{ "col": "slice_name", "opr": "eq", "value": "Best sellers" }] }),
        json!({ "filters": [{ "col": "slice_name", "opr": "sw", "value": "Best" }] }),
    ] {
        let hidden = answer(&viewer, "list_charts", arguments.clone()).await;
        assert_eq!(0, hidden["total_count"], "{arguments}: {hidden}");
        let visible = answer(&node.as_user("admin"), "list_charts", arguments.clone()).await;
        assert_eq!(1, visible["total_count"], "{arguments}: {visible}");
    }
    let counts = answer(&viewer, "get_instance_info", json!({})).await;
    assert_eq!(2, counts["instance_summary"]["total_dashboards"]);
    assert_eq!(7, counts["instance_summary"]["total_charts"]);
    assert_eq!(2, counts["instance_summary"]["total_datasets"]);
    let text = counts.to_string();
    for hidden in ["Products and customers", "Best sellers", "order_items"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let metadata = viewer
        .ask("resources/read", json!({ "uri": "instance://metadata" }))
        .await;
    for hidden in ["Products and customers", "Best sellers", "order_items"] {
        assert!(
            !metadata.to_string().contains(hidden),
            "{hidden}: {metadata}"
        );
    }
}

/// As in Superset, where a dashboard names its charts to all who see it: what they hold stays hidden.
#[tokio::test]
async fn a_dashboard_names_charts_that_its_reader_may_not_open() {
    let node = OneNode::start().await;
    let viewer = node.as_user("viewer");
    let seen = answer(&viewer, "get_dashboard_info", json!({ "identifier": 1 })).await;
    let names = seen["charts"].to_string();
    assert!(names.contains("Revenue by category"), "{names}");
    let opened = viewer
        .call("get_chart_info", json!({ "identifier": 5 }))
        .await;
    assert_eq!(true, opened["result"]["isError"], "{opened}");
}
