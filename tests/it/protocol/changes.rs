//! A change that is being committed is made and told as made, whoever goes away meanwhile.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{OneNode, eventually};

const INSERT: &str = "INSERT INTO noted VALUES (1)";

/// A node whose sample data may be changed, with a table for it.
async fn node() -> OneNode {
    let node = OneNode::builder()
        .set("SERVER__SSE_AFTER_MS", "50")
        .set("AUDIT__JSON_LINES", "{folder}/audit.jsonl")
        .set("AUDIT__FLUSH_MS", "20")
        .changes_data()
        .start()
        .await;
    node.metastore("demo")
        .execute_batch("UPDATE dbs SET allow_dml = 1")
        .unwrap();
    data(&node)
        .execute_batch("CREATE TABLE noted(a INTEGER)")
        .unwrap();
    node
}

/// Where the data are.
fn path(node: &OneNode) -> PathBuf {
    let sql = "SELECT sqlalchemy_uri FROM dbs WHERE id = 1";
    let uri: String = node
        .metastore("demo")
        .query_row(sql, [], |row| row.get(0))
        .unwrap();
    uri.strip_prefix("sqlite:///").unwrap().into()
}

/// The data, opened beside the node.
fn data(node: &OneNode) -> rusqlite::Connection {
    let data = rusqlite::Connection::open(path(node)).unwrap();
    data.busy_timeout(Duration::ZERO).unwrap();
    data
}

/// Holds up the commit of a change until it is dropped.
fn reader(node: &OneNode) -> rusqlite::Connection {
    let reader = data(node);
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM noted")
        .unwrap();
    reader
}

/// Waits until the change waits for the reader: it holds the lock then that lets nobody else begin to read (SQLite's
/// "pending" byte). The system tells of it; to SQLite the locks of one process, the reader's and another's here, are one.
async fn is_committing(node: &OneNode) {
    use std::os::unix::fs::MetadataExt as _;
    const PENDING: &str = "1073741824";
    let inode = std::fs::metadata(path(node)).unwrap().ino().to_string();
    eventually("the change is being committed", async || {
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        let is_pending = locks.lines().any(|lock| {
            let words: Vec<_> = lock.split_whitespace().collect();
            let file = words
                .iter()
                .find(|word| word.contains(':') && !word.ends_with(':'));
            words.contains(&"WRITE")
                && words.contains(&PENDING)
                && file.and_then(|file| file.rsplit(':').next()) == Some(&*inode)
        });
        is_pending.then_some(())
    })
    .await;
}

async fn outcome(node: &OneNode) -> String {
    let record = eventually("the call is audited", async || {
        std::fs::read_to_string(node.folder().join("audit.jsonl"))
            .unwrap()
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|record| record["tool"] == "execute_sql")
    })
    .await;
    record["outcome"].as_str().unwrap().to_owned()
}

async fn rows(node: &OneNode) -> i64 {
    let data = data(node);
    eventually("the change is over", async || {
        let count = data.query_row("SELECT count(*) FROM noted", [], |row| row.get(0));
        count.ok()
    })
    .await
}

fn insert() -> Value {
    json!({ "database_id": 1, "sql": INSERT, "timeout": 30 })
}

#[tokio::test]
async fn a_modern_client_that_goes_away_during_the_commit_undoes_nothing() {
    let node = node().await;
    let reader = reader(&node);
    let params = json!({ "name": "execute_sql", "arguments": insert() });
    let reply = node.as_user("admin").send("tools/call", params).await;
    assert!(reply.is_stream());
    is_committing(&node).await;
    drop(reply);
    drop(reader);
    assert_eq!("success", outcome(&node).await);
    assert_eq!(1, rows(&node).await);
}

#[tokio::test]
async fn a_cancel_and_the_end_of_a_session_during_the_commit_undo_nothing() {
    for ends_session in [false, true] {
        let node = node().await;
        let reader = reader(&node);
        let session = node.as_user("admin").open_session().await;
        let reply = session.begin_call(9, "execute_sql", insert()).await;
        assert!(reply.is_stream());
        is_committing(&node).await;
        if ends_session {
            assert!(session.delete().await.is_success());
        } else {
            let cancelled = json!({ "requestId": 9, "reason": "no more" });
            session.notify("notifications/cancelled", cancelled).await;
        }
        drop(reader);
        assert_eq!("success", outcome(&node).await, "{ends_session}");
        assert_eq!(1, rows(&node).await);
    }
}

#[tokio::test]
async fn a_node_that_is_told_to_stop_waits_for_a_commit() {
    let node = node().await;
    let reader = reader(&node);
    let params = json!({ "name": "execute_sql", "arguments": insert() });
    let reply = node.as_user("admin").send("tools/call", params).await;
    is_committing(&node).await;
    // Its client is gone: nobody but the node itself waits for it.
    drop(reply);
    node.terminate();
    eventually("the node stops to listen", async || {
        node.readiness().await.is_none().then_some(())
    })
    .await;
    drop(reader);
    assert_eq!("success", outcome(&node).await);
    assert_eq!(1, rows(&node).await);
}
