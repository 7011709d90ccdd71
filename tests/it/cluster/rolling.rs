//! Nodes are replaced one after the other without their clients noticing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::edge::wire::Wire;
use crate::harness::{Nginx, Node, TestCluster, eventually, result_text, token_for};

#[tokio::test]
async fn a_node_told_to_stop_is_unready_finishes_what_runs_and_takes_nothing_new() {
    let mut cluster = TestCluster::start(1).await;
    let caller = cluster.node(0).as_user("admin");
    let session = caller.open_session().await;
    let arguments = json!({ "count": 60, "ms": 25 });
    let mut legacy = session
        .begin_call(1, "trouble_steps", arguments)
        .await
        .events();
    legacy.until("notifications/progress").await;
    let params = json!({
        "name": "trouble_steps", "arguments": { "count": 60, "ms": 25 }, "_meta": { "progressToken": 1 }
    });
    let mut modern = caller.send("tools/call", params).await.events();
    modern.until("notifications/progress").await;
    let mut listener = cluster.node(0).as_user("admin").listen(json!({})).await;

    cluster.node(0).terminate();
    // Ends with the answer to the request, not with a broken connection.
    let ended = listener.message().await.unwrap();
    assert_eq!("complete", ended["result"]["resultType"], "{ended}");
    let refused = eventually(
        "the node is not ready, or does not listen",
        async || match cluster.node(0).readiness().await {
            Some(StatusCode::OK) => None,
            other => Some(other),
        },
    )
    .await;
    assert!(
        matches!(refused, None | Some(StatusCode::SERVICE_UNAVAILABLE)),
        "{refused:?}"
    );

    for mut stream in [legacy, modern] {
        let mut last = None;
        while let Some(message) = stream.message().await {
            last = Some(message);
        }
        assert_eq!("All steps are done.", result_text(&last.unwrap()));
    }
    let status = eventually("the process ends", || {
        std::future::ready(cluster.node_mut(0).status())
    });
    assert!(status.await.success());
}

#[tokio::test]
async fn a_node_told_to_stop_closes_each_connection_with_its_last_answer() {
    let mut cluster = TestCluster::start(1).await;
    let node = cluster.node(0);
    let params = json!({
        "name": "trouble_steps", "arguments": { "count": 100, "ms": 25 }, "_meta": { "progressToken": 1 }
    });
    let mut running = node
        .as_user("admin")
        .send("tools/call", params)
        .await
        .events();
    running.until("notifications/progress").await;
    let token = token_for("viewer");
    let ask = || {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        format!(
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len(),
        )
    };
    let mut kept = Wire::open(node).await;
    let mut idle = Wire::open(node).await;
    for wire in [&mut kept, &mut idle] {
        wire.send(ask()).await;
        let answer = wire.answer().await;
        assert_eq!(200, answer.status, "{}", answer.body);
        assert!(
            !answer.head.contains("connection: close"),
            "{}",
            answer.head
        );
    }

    node.terminate();
    eventually("the node does not listen", async || {
        node.readiness().await.is_none().then_some(())
    })
    .await;
    kept.send(ask()).await;
    let answer = kept.answer().await;
    assert_eq!(200, answer.status, "{}", answer.body);
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    kept.closed().await;
    // It is closed while the call still runs.
    idle.closed().await;
    let next = running.message().await.unwrap();
    assert_eq!("notifications/progress", next["method"], "{next}");
    let mut last = next;
    while let Some(message) = running.message().await {
        last = message;
    }
    assert_eq!("All steps are done.", result_text(&last));
    let status = eventually("the process ends", || {
        std::future::ready(cluster.node_mut(0).status())
    });
    assert!(status.await.success());
}

/// The kernel resets what waits to be accepted when the listener is closed, with requests that may have been sent.
#[tokio::test]
async fn connections_that_wait_to_be_accepted_are_answered_by_a_node_told_to_stop() {
    let mut cluster = TestCluster::start(1).await;
    let node = cluster.node(0);
    node.freeze();
    let mut waiting = Vec::new();
    for _ in 0..200 {
        let mut wire = Wire::open(node).await;
        wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await;
        waiting.push(wire);
    }
    node.terminate();
    node.thaw();
    for mut wire in waiting {
        let answer = wire.answer().await;
        assert_eq!(200, answer.status, "{}", answer.body);
    }
    let status = eventually("the process ends", || {
        std::future::ready(cluster.node_mut(0).status())
    });
    assert!(status.await.success());
}

#[tokio::test]
async fn a_rolling_restart_fails_no_request_of_a_client_that_tries_twice() {
    let builder = TestCluster::builder().await.set("LIMITS__ENABLED", "false");
    let mut cluster = builder.start(3).await;
    let session = cluster.node(0).as_user("admin").open_session().await;
    let addresses = Arc::new(std::sync::Mutex::new(
        cluster.nodes().iter().map(Node::url).collect::<Vec<_>>(),
    ));
    let (stop, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut clients = Vec::new();
    for client in 0..4 {
        let (stop, answered, addresses) = (stop.clone(), answered.clone(), addresses.clone());
        let session = session.clone();
        clients.push(tokio::spawn(async move {
            let mut turn = client;
            while !stop.load(Ordering::SeqCst) {
                let mut failures = Vec::new();
                loop {
                    turn += 1;
                    let base = addresses.lock().unwrap()[turn % 3].clone();
                    let caller = session.caller.at(base);
                    let sent = if client % 2 == 0 {
                        caller
                            .try_send(
                                "tools/call",
                                json!({ "name": "test_simple_text", "arguments": {} }),
                            )
                            .await
                    } else {
                        let body =
                            json!({ "jsonrpc": "2.0", "id": turn * 4 + client, "method": "ping" });
                        session.held_by(&caller).try_post(&body).await
                    };
                    match sent {
                        Ok(reply) if reply.status() == StatusCode::OK => {
                            let answer = reply.answer().await;
                            assert!(answer["result"].is_object(), "{answer}");
                            answered.fetch_add(1, Ordering::SeqCst);
                            break;
                        }
                        Ok(reply) => {
                            failures.push(format!("{} {}", reply.status(), reply.text().await));
                        }
                        Err(err) => failures.push(format!("{err:?}")),
                    }
                    assert!(
                        failures.len() < 2,
                        "two nodes in a row failed: {failures:#?}"
                    );
                }
            }
        }));
    }
    let goes_on = async || {
        let before = answered.load(Ordering::SeqCst);
        eventually("requests are answered", async || {
            (answered.load(Ordering::SeqCst) >= before + 20).then_some(())
        })
        .await;
    };
    goes_on().await;
    for number in 0..3 {
        cluster.node(number).terminate();
        eventually("the node ends", || {
            std::future::ready(cluster.node_mut(number).status())
        })
        .await;
        goes_on().await;
        cluster.replace(number).await;
        addresses.lock().unwrap()[number] = cluster.node(number).url();
        goes_on().await;
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        tokio::time::timeout(Duration::from_secs(20), client)
            .await
            .unwrap()
            .unwrap();
    }
    println!(
        "{} requests over a rolling restart of three nodes",
        answered.load(Ordering::SeqCst)
    );
}

#[tokio::test]
async fn nodes_restarted_a_second_apart_behind_the_shipped_proxy_leave_nobody_without_a_node() {
    const PAUSE: Duration = Duration::from_secs(1);
    let builder = TestCluster::builder()
        .await
        .set("LIMITS__ENABLED", "false")
        .set("SERVER__ALLOWED_HOSTS", "127.0.0.1");
    let mut cluster = builder.start(3).await;
    let nginx = Nginx::start_shipped(cluster.nodes()).await;
    let (stop, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (stop, answered) = (stop.clone(), answered.clone());
            let caller = nginx.as_user("admin");
            tokio::spawn(async move {
                let mut failures = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let params = json!({ "name": "test_simple_text", "arguments": {} });
                    match caller.try_send("tools/call", params).await {
                        Ok(reply) if reply.status() == StatusCode::OK => {
                            answered.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(reply) => failures.push(reply.status().to_string()),
                        Err(err) => failures.push(format!("{err:?}")),
                    }
                }
                failures
            })
        })
        .collect();
    for number in 0..3 {
        cluster.restart(number).await;
        let until = tokio::time::Instant::now() + PAUSE;
        let before = answered.load(Ordering::SeqCst);
        tokio::time::sleep_until(until).await;
        assert!(
            answered.load(Ordering::SeqCst) > before,
            "nobody is answered"
        );
    }
    stop.store(true, Ordering::SeqCst);
    let mut failures = Vec::new();
    for client in clients {
        failures.extend(client.await.unwrap());
    }
    let said = nginx.errors();
    assert!(!said.contains("no live upstreams"), "{said}");
    // A request that a node had when it was told to stop may be lost with its connection, and no other.
    assert!(
        failures.len() <= 3 * 4,
        "{} failed: {failures:?}\n{said}",
        failures.len()
    );
}
