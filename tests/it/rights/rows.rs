//! `execute_sql`: datasets that may be read, and the rows of them.

use serde_json::{Value, json};

use crate::harness::{Caller, OneNode, result_text};

/// The viewer may use SQL Lab, besides reading two datasets of which one shows three countries alone.
const VIEWER_IN_SQL_LAB: &str = "INSERT INTO ab_user_role (user_id, role_id) VALUES (3, 5);";

const ALL: u64 = 50_000;
const HOME: u64 = 5_557 + 13_830 + 4_457;

async fn node() -> OneNode {
    OneNode::builder()
        .workspace("demo", VIEWER_IN_SQL_LAB)
        .start()
        .await
}

async fn run(caller: &Caller, sql: &str) -> Result<Value, String> {
    let answer = caller
        .call("execute_sql", json!({ "database_id": 1, "sql": sql }))
        .await;
    let text = result_text(&answer).to_owned();
    if answer["result"]["isError"] == true {
        return Err(text);
    }
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|err| panic!("{err}: {text}"));
    match value["success"].as_bool() {
        Some(true) => Ok(value["rows"].clone()),
        _ => Err(text),
    }
}

#[tokio::test]
async fn row_level_security_holds_however_the_table_is_written() {
    let node = node().await;
    let (viewer, admin) = (node.as_user("viewer"), node.as_user("admin"));
    for sql in [
        "SELECT count(*) AS n FROM orders",
        "SELECT count(*) AS n FROM main.orders",
        "SELECT count(*) AS n FROM \"orders\"",
        "SELECT count(*) AS n FROM ORDERS o",
        "SELECT count(*) AS n FROM (SELECT * FROM orders) AS o",
        "WITH o AS (SELECT * FROM orders) SELECT count(*) AS n FROM o",
        "SELECT (SELECT count(*) FROM orders) AS n",
        "SELECT count(*) AS n FROM orders WHERE 1 = 1 OR country = 'France'",
        "SELECT count(*) AS n FROM orders a JOIN orders b ON a.order_id = b.order_id",
        "SELECT count(*) AS n FROM (SELECT order_id FROM orders UNION SELECT order_id FROM orders)",
        "SELECT count(*) AS n FROM orders -- WHERE nothing",
        "SELECT count(*) AS n FROM orders /* no rule */ AS o",
    ] {
        assert_eq!(Ok(json!([{ "n": ALL }])), run(&admin, sql).await, "{sql}");
        assert_eq!(Ok(json!([{ "n": HOME }])), run(&viewer, sql).await, "{sql}");
    }
    let countries = run(&viewer, "SELECT DISTINCT country FROM orders ORDER BY 1")
        .await
        .unwrap();
    let expected =
        json!([{ "country": "Austria" }, { "country": "Germany" }, { "country": "Switzerland" }]);
    assert_eq!(expected, countries);
}

#[tokio::test]
async fn tables_that_are_no_dataset_of_the_user_are_refused_wherever_they_stand() {
    let node = node().await;
    let viewer = node.as_user("viewer");
    for sql in [
        "SELECT * FROM customers",
        "SELECT * FROM orders JOIN customers USING (customer_id)",
        "SELECT (SELECT max(customer_id) FROM customers) AS n FROM orders",
        "WITH c AS (SELECT * FROM customers) SELECT 1 AS n",
        "SELECT 1 AS n UNION SELECT customer_id FROM customers",
        "SELECT * FROM orders WHERE customer_id IN (SELECT customer_id FROM customers)",
        "SELECT * FROM order_lines",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM pragma_table_info('customers')",
        "SELECT 1; SELECT * FROM customers",
        "EXPLAIN SELECT * FROM customers",
    ] {
        let refused = run(&viewer, sql).await;
        assert!(refused.is_err(), "{sql}: {refused:?}");
    }
    assert!(
        run(
            &node.as_user("analyst"),
            "SELECT count(*) AS n FROM customers"
        )
        .await
        .is_ok()
    );
}

#[tokio::test]
async fn nobody_writes_where_the_database_does_not_allow_it() {
    let node = node().await;
    let admin = node.as_user("admin");
    for sql in [
        "DELETE FROM orders",
        "UPDATE orders SET country = 'Germany'",
        "INSERT INTO orders SELECT * FROM orders",
        "DROP TABLE orders",
        "CREATE TABLE mine (n INTEGER)",
        "WITH x AS (SELECT 1) DELETE FROM orders",
        "SELECT 1; DELETE FROM orders",
        "PRAGMA writable_schema = 1",
        "ATTACH DATABASE '/tmp/other.sqlite' AS other",
        "VACUUM INTO '/tmp/copy.sqlite'",
        "SELECT load_extension('x')",
    ] {
        let refused = run(&admin, sql).await;
        assert!(refused.is_err(), "{sql}: {refused:?}");
    }
    assert_eq!(
        Ok(json!([{ "n": ALL }])),
        run(&admin, "SELECT count(*) AS n FROM orders").await
    );
}

#[tokio::test]
async fn errors_of_the_database_are_told_without_what_is_the_servers_own() {
    let node = node().await;
    for sql in [
        "SELECT nothing FROM orders",
        "SELEC 1",
        "SELECT * FROM nowhere",
        "SELECT 1/",
        "",
    ] {
        let told = run(&node.as_user("admin"), sql).await.unwrap_err();
        assert!(
            !told.contains("/data/") && !told.contains(".sqlite"),
            "{sql}: {told}"
        );
        assert!(!told.to_lowercase().contains("internal"), "{sql}: {told}");
    }
}
