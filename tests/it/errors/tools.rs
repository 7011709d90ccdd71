//! What a model gets from a tool that did not do what it asked for.

use serde_json::{Value, json};

use super::{Provoker, Shown, compare};
use crate::harness::{ENDLESS_SQL, OneNode};

pub(super) const PROVOKERS: &[Provoker<OneNode>] = &[
    Provoker {
        row: "tool.arguments",
        provoke: |node| {
            Box::pin(async move { call(node, "list_charts", json!({ "page_size": "many" })).await })
        },
    },
    Provoker {
        row: "tool.unknown-argument",
        provoke: |node| {
            Box::pin(async move { call(node, "list_charts", json!({ "page_sise": 10 })).await })
        },
    },
    Provoker {
        row: "tool.argument-range",
        provoke: |node| {
            Box::pin(async move {
                let arguments = json!({ "database_id": 1, "sql": "SELECT 1", "limit": 1_000_000 });
                call(node, "execute_sql", arguments).await
            })
        },
    },
    Provoker {
        row: "tool.not-found",
        provoke: |node| {
            Box::pin(
                async move { call(node, "get_chart_info", json!({ "identifier": 99_999 })).await },
            )
        },
    },
    Provoker {
        row: "tool.database-not-found",
        provoke: |node| Box::pin(query(node, "demo", 99_999, "SELECT 1")),
    },
    Provoker {
        row: "tool.database-not-exposed",
        provoke: |node| Box::pin(query(node, "unexposed", 1, "SELECT 1")),
    },
    Provoker {
        row: "tool.database-unreachable",
        provoke: |node| Box::pin(query(node, "unreachable", 1, "SELECT 1")),
    },
    Provoker {
        row: "tool.sql-syntax",
        provoke: |node| Box::pin(query(node, "demo", 1, "SELEC 1")),
    },
    Provoker {
        row: "tool.sql-changes",
        provoke: |node| Box::pin(query(node, "demo", 1, "DELETE FROM orders")),
    },
    Provoker {
        row: "tool.sql-refused",
        provoke: |node| Box::pin(query(node, "demo", 1, "SHOW TABLES")),
    },
    Provoker {
        row: "tool.sql-function",
        provoke: |node| Box::pin(query(node, "demo", 1, "SELECT load_extension('x')")),
    },
    Provoker {
        row: "tool.sql-no-right",
        provoke: |node| {
            Box::pin(async move {
                let viewer = node.as_user("viewer").workspace("demo");
                let arguments = json!({ "database_id": 1, "sql": "SELECT * FROM customers" });
                let params = json!({ "name": "execute_sql", "arguments": arguments });
                Shown::answer(viewer.send("tools/call", params).await).await
            })
        },
    },
    Provoker {
        row: "tool.sql-table",
        provoke: |node| Box::pin(query(node, "demo", 1, "SELECT * FROM order_lines_2019")),
    },
    Provoker {
        row: "tool.sql-column",
        provoke: |node| Box::pin(query(node, "demo", 1, "SELECT countri FROM orders")),
    },
    Provoker {
        row: "tool.timeout",
        provoke: |node| {
            Box::pin(async move {
                let arguments = json!({ "database_id": 1, "sql": ENDLESS_SQL, "timeout": 1 });
                call(node, "execute_sql", arguments).await
            })
        },
    },
    Provoker {
        row: "tool.too-large",
        provoke: |_| Box::pin(too_large()),
    },
    Provoker {
        row: "tool.internal",
        provoke: |node| Box::pin(async move { call(node, "trouble_panic", json!({})).await }),
    },
];

#[tokio::test]
async fn errors_of_tools_are_as_documented() {
    let unreachable = "UPDATE dbs SET password = NULL, extra = NULL, \
                       sqlalchemy_uri = 'postgresql://nobody@127.0.0.1:1/nothing'";
    // The viewer may use SQL Lab, and reads two datasets.
    let viewer_in_sql_lab = "INSERT INTO ab_user_role (user_id, role_id) VALUES (3, 5)";
    let node = OneNode::builder()
        .workspace("demo", viewer_in_sql_lab)
        .workspace("unexposed", "UPDATE dbs SET expose_in_sqllab = 0")
        .workspace("unreachable", unreachable)
        .start()
        .await;
    compare(PROVOKERS, &node).await;
}

async fn call(node: &OneNode, tool: &str, arguments: Value) -> Shown {
    call_in(node, "demo", tool, arguments).await
}

async fn call_in(node: &OneNode, workspace: &str, tool: &str, arguments: Value) -> Shown {
    let caller = node.as_user("admin").workspace(workspace);
    let params = json!({ "name": tool, "arguments": arguments });
    Shown::answer(caller.send("tools/call", params).await).await
}

async fn query(node: &OneNode, workspace: &str, database: i64, sql: &str) -> Shown {
    let arguments = json!({ "database_id": database, "sql": sql });
    call_in(node, workspace, "execute_sql", arguments).await
}

/// So little room that nothing of the answer fits.
async fn too_large() -> Shown {
    let node = OneNode::builder()
        .workspace("demo", "")
        .set("RESPONSE_SIZE__TOKEN_LIMIT", "100")
        .start()
        .await;
    call(&node, "get_chart_info", json!({ "identifier": 1 })).await
}
