//! A metastore is away, hangs, or could never be opened.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidegate_testkit::tcp_relay::TcpRelay;

use crate::harness::{Caller, Node, Servers, TestCluster, at_port, eventually, result_text};

/// What anything may take that waits for nothing, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Nodes with the workspaces `demo`, which is reached by a relay, and `other`, which is not.
async fn cluster(relay: &TcpRelay, nodes: usize) -> TestCluster {
    let servers = Servers::get().await;
    TestCluster::builder()
        .await
        .set("LIMITS__ENABLED", "false")
        .set("WORKSPACES__OTHER__METASTORE", &servers.metastore_url)
        .set("WORKSPACES__OTHER__SECRET_KEY", crate::harness::SECRET_KEY)
        .postgres_at(relay.port())
        .start(nodes)
        .await
}

async fn relay() -> TcpRelay {
    TcpRelay::to(Servers::get().await.postgres_port()).unwrap()
}

fn caller(node: &Node, workspace: &str) -> Caller {
    node.as_user("admin").workspace(workspace)
}

async fn charts(caller: &Caller) -> Value {
    caller.call("list_charts", json!({})).await
}

/// Answers with charts, at once.
async fn lists(caller: &Caller) {
    let begun = Instant::now();
    let answer = charts(caller).await;
    assert!(result_text(&answer).contains("total_count"), "{answer}");
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
}

/// Says that the metastore is away, at once.
async fn is_told(caller: &Caller) {
    let begun = Instant::now();
    let answer = charts(caller).await;
    assert!(result_text(&answer).contains("metastore"), "{answer}");
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_metastore_that_is_gone_is_told_at_once_and_is_nobody_elses_business() {
    let relay = relay().await;
    let cluster = cluster(&relay, 1).await;
    let node = cluster.node(0);
    let (demo, other) = (caller(node, "demo"), caller(node, "other"));
    lists(&demo).await;
    lists(&other).await;
    relay.lead_to_nothing();
    relay.cut();
    for _ in 0..10 {
        is_told(&demo).await;
        lists(&other).await;
    }
    let many = (0..30).map(|_| is_told(&demo));
    tokio::join!(futures_util::future::join_all(many), lists(&other));
    assert_eq!(Some(StatusCode::OK), node.readiness().await);
    relay.lead_to(Servers::get().await.postgres_port());
    eventually("the metastore is back", async || {
        let answer = charts(&demo).await;
        result_text(&answer).contains("total_count").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_refusal_for_a_metastore_that_is_gone_costs_no_connection_and_no_line_of_the_log() {
    let relay = relay().await;
    let cluster = cluster(&relay, 1).await;
    let node = cluster.node(0);
    lists(&caller(node, "demo")).await;
    relay.lead_to_nothing();
    relay.cut();
    // Nobody knows yet that they are a user, so that the metastore has to be asked for each call.
    let stranger = node.as_user("analyst").workspace("demo");
    let (begun, before) = (Instant::now(), relay.accepted());
    for _ in 0..10 {
        let refused = (0..40).map(|_| stranger.send("tools/list", json!({})));
        for reply in futures_util::future::join_all(refused).await {
            assert_eq!(StatusCode::SERVICE_UNAVAILABLE, reply.status());
        }
    }
    let tries = relay.accepted() - before;
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
    // Ten a second, and at first as many as the pool may make at once.
    assert!(tries <= 10 * seconds + 10, "{tries} in {seconds} s");
    let log = node.log();
    let lines = log.matches("a caller cannot be identified").count();
    assert!(
        (1..=2 + seconds / 5).contains(&lines),
        "{lines} in {seconds} s"
    );
    relay.lead_to(Servers::get().await.postgres_port());
    eventually("the metastore is back", async || {
        let reply = stranger.send("tools/list", json!({})).await;
        (reply.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn connections_that_were_cut_fail_no_call() {
    let relay = relay().await;
    let cluster = cluster(&relay, 1).await;
    let demo = caller(cluster.node(0), "demo");
    for _ in 0..5 {
        futures_util::future::join_all((0..8).map(|_| lists(&demo))).await;
        relay.cut();
        for _ in 0..8 {
            lists(&demo).await;
        }
    }
}

#[tokio::test]
async fn a_metastore_that_hangs_is_waited_for_once_and_not_by_everybody() {
    let relay = relay().await;
    let cluster = cluster(&relay, 1).await;
    let node = cluster.node(0);
    let (demo, other) = (caller(node, "demo"), caller(node, "other"));
    lists(&demo).await;
    lists(&other).await;
    relay.freeze();
    let begun = Instant::now();
    let (answer, ()) = tokio::join!(charts(&demo), async {
        for _ in 0..20 {
            lists(&other).await;
        }
    });
    assert!(result_text(&answer).contains("metastore"), "{answer}");
    assert!(
        begun.elapsed() < Duration::from_secs(13),
        "{:?}",
        begun.elapsed()
    );
    // One call a second may wait for a connection; the others are told at once.
    let begun = Instant::now();
    let many = (0..20).map(|_| charts(&demo));
    let (told, ()) = tokio::join!(futures_util::future::join_all(many), lists(&other));
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        told.iter()
            .all(|answer| result_text(answer).contains("metastore"))
    );
    assert_eq!(Some(StatusCode::OK), node.readiness().await);
    relay.thaw();
    eventually("the metastore is back", async || {
        let answer = charts(&demo).await;
        result_text(&answer).contains("total_count").then_some(())
    })
    .await;
}

/// What `/readyz` says, on the machine itself or as somebody behind a proxy hears it.
async fn readiness(node: &Node, is_near: bool) -> (StatusCode, Value) {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(15))
        .build()
        .unwrap();
    let mut request = http.get(format!("{}/readyz", node.url()));
    if !is_near {
        request = request.header("X-Forwarded-For", "203.0.113.7");
    }
    let reply = request.send().await.unwrap();
    let status = reply.status();
    (status, reply.json().await.unwrap())
}

#[tokio::test]
async fn a_workspace_that_was_never_opened_keeps_the_node_unready_and_says_why() {
    let servers = Servers::get().await;
    let relay = relay().await;
    relay.lead_to_nothing();
    let (server, _) = servers.postgres_url.rsplit_once('/').unwrap();
    let cluster = TestCluster::builder()
        .await
        .set("TELEMETRY__LOG__FORMAT", "json")
        .set(
            "WORKSPACES__LATE__METASTORE",
            &at_port(&servers.metastore_url, relay.port()),
        )
        .set("WORKSPACES__LATE__SECRET_KEY", "not the Superset's key")
        .set(
            "WORKSPACES__WRONG__METASTORE",
            &format!("{server}/no_such_database"),
        )
        .start(1)
        .await;
    let node = cluster.node(0);
    lists(&caller(node, "demo")).await;

    let (status, body) = readiness(node, true).await;
    assert_eq!(StatusCode::SERVICE_UNAVAILABLE, status);
    assert_eq!(json!(["workspaces"]), body["parts"], "{body}");
    let names: Vec<&String> = body["workspaces"].as_object().unwrap().keys().collect();
    assert_eq!(["late", "wrong"].as_slice(), names);
    let reason = body["workspaces"]["wrong"].as_str().unwrap();
    assert!(reason.contains("no database of that name"), "{reason}");
    // Which tenants there are is no stranger's business.
    let (status, body) = readiness(node, false).await;
    assert_eq!(StatusCode::SERVICE_UNAVAILABLE, status);
    assert_eq!(
        json!({ "status": "not ready", "parts": ["workspaces"] }),
        body
    );

    // The log has the cause, as JSON too.
    let log = node.log();
    let line = log
        .lines()
        .find(|line| {
            line.contains("\"workspace\":\"wrong\"") && line.contains("could not be opened")
        })
        .unwrap();
    let event: Value = serde_json::from_str(line).unwrap();
    let causes = event["error.sources"].to_string();
    assert!(causes.contains("no_such_database"), "{line}");

    // It opens by itself: nobody could ask for it, since a balancer sends nothing to a node that is not ready.
    relay.lead_to(servers.postgres_port());
    eventually("the workspace is opened", async || {
        let (_, body) = readiness(node, true).await;
        body["workspaces"].get("late").is_none().then_some(())
    })
    .await;
    eventually("the log tells of the wrong secret key", async || {
        let words = "workspaces.late.secret_key decrypts none of";
        node.log().contains(words).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_workspace_that_goes_away_later_takes_no_node_from_the_others() {
    let relay = relay().await;
    let cluster = cluster(&relay, 1).await;
    let node = cluster.node(0);
    assert_eq!(Some(StatusCode::OK), node.readiness().await);
    relay.lead_to_nothing();
    relay.cut();
    for _ in 0..3 {
        assert_eq!(Some(StatusCode::OK), node.readiness().await);
    }
}
