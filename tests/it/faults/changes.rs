//! A change of which nobody knows whether it was made.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{OneNode, Servers, eventually, result_text};

const UNKNOWN: &str = "The change may have been made; look before you repeat it.";

/// A relay to a server whose connections break once `COMMIT` has passed, before its answer does. Gives its port.
async fn relay_that_breaks_at_commit(target: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(relay(client, target.clone()));
        }
    });
    port
}

async fn relay(client: TcpStream, target: String) {
    let (mut from_client, mut to_client) = client.into_split();
    let server = TcpStream::connect(target).await.unwrap();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let mut bytes = vec![0; 16 << 10];
        loop {
            let count = from_client.read(&mut bytes).await.unwrap_or_default();
            if count == 0 || to_server.write_all(&bytes[..count]).await.is_err() {
                return;
            }
            if bytes[..count].windows(6).any(|window| window == b"COMMIT") {
                return;
            }
        }
    };
    tokio::select! {
        () = there => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

#[tokio::test]
async fn whoever_asked_is_told_to_look_in_both_eras_and_so_is_the_audit() {
    let servers = Servers::get().await;
    let (start, database) = servers.postgres_url.rsplit_once('/').unwrap();
    let address = start.rsplit_once('@').unwrap().1.to_owned();
    let port = relay_that_breaks_at_commit(address.clone()).await;
    let node = OneNode::builder()
        .set("AUDIT__JSON_LINES", "{folder}/audit.jsonl")
        .set("AUDIT__FLUSH_MS", "20")
        .start()
        .await;
    let uri = format!("{start}/{database}").replace(&address, &format!("127.0.0.1:{port}"));
    let described =
        "UPDATE dbs SET allow_dml = 1, password = NULL, extra = NULL, sqlalchemy_uri = ?1";
    node.metastore("demo").execute(described, [uri]).unwrap();
    let table = format!("unknown_{port}");
    servers.execute(&format!("CREATE TABLE {table}(a int)"));
    let insert = json!({ "database_id": 1, "sql": format!("INSERT INTO {table} VALUES (1)") });
    let caller = node.as_user("admin");
    let modern = caller.call("execute_sql", insert.clone()).await;
    let legacy = caller
        .open_session()
        .await
        .call("execute_sql", insert)
        .await;
    for answer in [modern, legacy] {
        assert_eq!(json!(true), answer["result"]["isError"], "{answer}");
        assert_eq!(UNKNOWN, result_text(&answer));
    }
    let outcomes = eventually("both are audited", async || {
        let text = std::fs::read_to_string(node.folder().join("audit.jsonl")).unwrap();
        let outcomes: Vec<Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .map(|record| record["outcome"].clone())
            .collect();
        (outcomes.len() == 2).then_some(outcomes)
    })
    .await;
    assert_eq!(vec![json!("outcome_unknown"); 2], outcomes);
    servers.execute(&format!("DROP TABLE {table}"));
}
