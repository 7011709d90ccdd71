//! What unqualified names mean is the connection's own business, unless a call says otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tidegate_engines::{DataSource, DatabaseConfig, Query};
use tidegate_testkit::postgres::PostgresServer;

use crate::{USER, config, engine_with, limits, open, read_value, server};

fn schemas(server: &PostgresServer, name: &str) {
    server
        .execute(
            "postgres",
            &format!(
                "CREATE SCHEMA {name}_a; CREATE SCHEMA {name}_b; \
                 CREATE TABLE {name}_a.kpi(v text); INSERT INTO {name}_a.kpi VALUES ('a'); \
                 CREATE TABLE {name}_b.kpi(v text); INSERT INTO {name}_b.kpi VALUES ('b'); \
                 CREATE TABLE {name}_b.only_b(v int); \
                 CREATE FUNCTION {name}_b.double_it(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'"
            ),
        )
        .unwrap();
}

async fn path_of(engine: &Arc<dyn DataSource>) -> Vec<String> {
    engine.search_path(USER).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_path_of_the_role_the_uri_and_the_arguments_is_kept() {
    let server = server();
    schemas(&server, "own");
    server
        .execute(
            "postgres",
            "CREATE ROLE own_role SUPERUSER LOGIN; \
             ALTER ROLE own_role SET search_path = own_a, own_b, missing, public",
        )
        .unwrap();
    let url = server.url("postgres");
    let by_role = engine_with(&url.replace("postgres@", "own_role@"), false, limits(1)).await;
    let by_uri = format!("{url}?options=-csearch_path%3Down_a,own_b,public");
    let by_uri = engine_with(&by_uri, false, limits(1)).await;
    let by_arguments = open(DatabaseConfig {
        connect_args: vec![(
            "options".to_owned(),
            "-csearch_path=own_a,own_b,public".to_owned().into(),
        )],
        ..config(&url, false, limits(1))
    })
    .await
    .unwrap();
    for engine in [by_role, by_uri, by_arguments] {
        assert_eq!(vec!["own_a", "own_b", "public"], path_of(&engine).await);
        assert_eq!(json!("a"), read_value(&engine, "SELECT v FROM kpi").await);
        assert_eq!(json!(8), read_value(&engine, "SELECT double_it(4)").await);
        let query = Query {
            search_path: Some(path_of(&engine).await),
            ..Query::read(USER, "SELECT v, double_it(4) FROM kpi")
        };
        let result = engine.run_one(query).await.unwrap();
        assert_eq!(json!(["a", 8]), json!(result.rows[0]));
        let query = Query {
            search_path: Some(vec!["own_b".to_owned(), "own_a".to_owned()]),
            ..Query::read(USER, "SELECT v FROM kpi")
        };
        assert_eq!(json!("b"), engine.run_one(query).await.unwrap().rows[0][0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_found_where_postgresql_finds_them() {
    let server = server();
    schemas(&server, "found");
    server
        .execute(
            "postgres",
            "CREATE TABLE found_b.pg_class(v int); CREATE INDEX only_index ON found_a.kpi(v); \
             CREATE TABLE found_b.only_index(v int)",
        )
        .unwrap();
    let engine = engine_with(&server.url("postgres"), false, limits(1)).await;
    let path = ["found_a".to_owned(), "found_b".to_owned()];
    let names = ["kpi", "only_b", "nowhere", "pg_class", "only_index", "it's"].map(str::to_owned);
    let found = engine.find_tables(USER, &path, &names).await.unwrap();
    let expected = [
        ("kpi", "found_a"),
        ("only_b", "found_b"),
        ("pg_class", "pg_catalog"),
        ("only_index", "found_a"),
    ];
    let expected = expected.map(|(name, schema)| (name.to_owned(), schema.to_owned()));
    assert_eq!(BTreeMap::from(expected), found);
    let path = ["found_b".to_owned(), "pg_catalog".to_owned()];
    let found = engine.find_tables(USER, &path, &names).await.unwrap();
    assert_eq!("found_b", found["pg_class"]);
}
