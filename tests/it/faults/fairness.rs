//! One user's calls that go on and on, and everybody else's.

use serde_json::{Value, json};

use crate::harness::{Caller, Servers, TestCluster, result_text};

/// Of the one user, at once: more than a node runs, and than a user's share of it.
const FLOOD: usize = 400;

async fn list(caller: &Caller) -> Value {
    caller.call("list_charts", json!({})).await
}

async fn query(caller: &Caller) -> Value {
    caller
        .call(
            "execute_sql",
            json!({ "request": { "database_id": 1, "sql": "select 1 as one" } }),
        )
        .await
}

#[tokio::test]
async fn four_hundred_waiting_calls_of_one_user_refuse_no_call_of_anybody_else() {
    let servers = Servers::get().await;
    let cluster = TestCluster::builder()
        .await
        .set("LIMITS__ENABLED", "false")
        .set("WORKSPACES__OTHER__METASTORE", &servers.metastore_url)
        .set("WORKSPACES__OTHER__SECRET_KEY", crate::harness::SECRET_KEY)
        .start(1)
        .await;
    let node = cluster.node(0);
    let one = node.as_user("admin").workspace("demo");
    let (colleague, neighbour) = (
        node.as_user("analyst").workspace("demo"),
        node.as_user("admin").workspace("other"),
    );
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..FLOOD {
        let one = one.clone();
        flood.spawn(async move { one.call("trouble_hang", json!({})).await });
    }
    for _ in 0..40 {
        for caller in [&colleague, &neighbour] {
            let (listed, queried) = (list(caller).await, query(caller).await);
            assert!(result_text(&listed).contains("total_count"), "{listed}");
            assert!(result_text(&queried).contains("one"), "{queried}");
        }
    }
    flood.shutdown().await;
}
