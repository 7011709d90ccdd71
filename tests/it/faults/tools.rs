//! A tool that panics, hangs, blocks its thread or floods costs its own call only.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Caller, ClusterBuilder, TestCluster, eventually, result_text};

/// What a call takes that waits for nobody, on a machine that runs other tests as well.
const SOON: Duration = Duration::from_secs(5);

/// Calls end after 2 s, and are given up half a second later.
async fn impatient() -> ClusterBuilder {
    TestCluster::builder()
        .await
        .set("EXECUTOR__CALL_DEADLINE_SECS", "2")
        .set("EXECUTOR__WATCHDOG_MS", "500")
        .set("QUERY__MAX_TIMEOUT_SECS", "1")
}

/// Others' calls: each is answered at once.
async fn others_go_on(caller: &Caller, calls: usize) {
    for _ in 0..calls {
        let begun = Instant::now();
        let answer = caller.call("test_simple_text", json!({})).await;
        assert!(result_text(&answer).starts_with("This is"), "{answer}");
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_call() {
    let cluster = TestCluster::start(1).await;
    let node = cluster.node(0);
    let caller = node.as_user("admin");
    for _ in 0..20 {
        let (panicked, ()) = tokio::join!(
            caller.call("trouble_panic", json!({})),
            others_go_on(&caller, 2)
        );
        let said = panicked.to_string();
        assert!(
            panicked["error"].is_object() || panicked["result"]["isError"] == true,
            "{said}"
        );
        assert!(
            !said.contains("on purpose"),
            "nothing of the inside is told: {said}"
        );
    }
    assert_eq!(20, node.metric("mcp_executor_ended_total", "panic").await);
}

#[tokio::test]
async fn a_tool_that_waits_for_ever_ends_at_its_deadline() {
    let cluster = impatient().await.start(1).await;
    let caller = cluster.node(0).as_user("admin");
    let begun = Instant::now();
    let (hung, ()) = tokio::join!(
        caller.call("trouble_hang", json!({})),
        others_go_on(&caller, 50)
    );
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        hung["error"].is_object() || hung["result"]["isError"] == true,
        "{hung}"
    );
    let ended = cluster
        .node(0)
        .metric("mcp_executor_ended_total", "deadline")
        .await;
    assert_eq!(1, ended);
}

#[tokio::test]
async fn a_tool_that_blocks_its_thread_is_given_up() {
    let cluster = impatient().await.start(1).await;
    let caller = cluster.node(0).as_user("admin");
    let begun = Instant::now();
    let (blocked, ()) = tokio::join!(
        caller.call("trouble_block", json!({ "ms": 30_000 })),
        others_go_on(&caller, 50)
    );
    assert!(
        begun.elapsed() < Duration::from_secs(6),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        blocked["error"].is_object() || blocked["result"]["isError"] == true,
        "{blocked}"
    );
}

#[tokio::test]
async fn when_every_thread_is_blocked_new_ones_take_the_next_calls() {
    let cluster = impatient().await.start(1).await;
    let caller = cluster.node(0).as_user("admin");
    let threads = std::thread::available_parallelism().unwrap().get() * 2;
    let mut blocked = Vec::new();
    for _ in 0..threads.max(4) {
        let caller = caller.clone();
        blocked.push(tokio::spawn(async move {
            caller.call("trouble_block", json!({ "ms": 30_000 })).await
        }));
    }
    eventually("others are answered again", async || {
        let call = caller.call("test_simple_text", json!({}));
        let answer = tokio::time::timeout(Duration::from_millis(500), call)
            .await
            .ok()?;
        answer["result"].is_object().then_some(())
    })
    .await;
    for call in blocked {
        let answer = call.await.unwrap();
        assert!(
            answer["error"].is_object() || answer["result"]["isError"] == true,
            "{answer}"
        );
    }
    others_go_on(&caller, 20).await;
}

#[tokio::test]
async fn a_flood_of_messages_loses_messages_and_never_the_answer() {
    let cluster = TestCluster::start(1).await;
    let node = cluster.node(0);
    let session = node.as_user("admin").open_session().await;
    let before = node.resident_bytes();
    let arguments = json!({ "count": 20_000, "bytes": 10_000 });
    let other = node.as_user("viewer");
    let (flooded, ()) = tokio::join!(
        session.call("trouble_flood", arguments),
        others_go_on(&other, 20)
    );
    assert_eq!(10_000, result_text(&flooded).len());
    assert!(node.metric("mcp_dropped_total", "").await > 0);
    let grown = node.resident_bytes().saturating_sub(before) / 1024;
    println!("a flood of 200 MB in messages: memory grew by {grown} KiB");
    assert!(grown < 64 * 1024, "{grown} KiB");
}

#[tokio::test]
async fn an_answer_above_the_size_budget_is_not_sent() {
    let cluster = TestCluster::start(1).await;
    let caller = cluster.node(0).as_user("admin");
    let huge = caller
        .call("trouble_flood", json!({ "bytes": 6 << 20 }))
        .await
        .to_string();
    // 25,000 tokens by estimate, and what the envelope adds.
    assert!(huge.len() < 128 * 1024, "{} bytes", huge.len());
    others_go_on(&caller, 2).await;
}

#[tokio::test]
async fn a_call_that_finds_no_place_is_refused_with_a_status_and_never_in_a_stream() {
    let cluster = TestCluster::builder()
        .await
        .set("EXECUTOR__SLOTS", "1")
        .set("EXECUTOR__WAIT_TIMEOUT_MS", "700")
        .set("SERVER__SSE_AFTER_MS", "50")
        .start(1)
        .await;
    let caller = cluster.node(0).as_user("admin");
    let session = caller.open_session().await;
    // One that waits would lend its slot.
    let params = json!({ "name": "trouble_block", "arguments": { "ms": 20_000 } });
    let blocked = caller.send("tools/call", params).await;
    assert!(blocked.is_stream(), "it runs, and takes long");
    let params = json!({ "name": "trouble_steps", "arguments": {} });
    for reply in [
        caller.send("tools/call", params.clone()).await,
        session.send("tools/call", params).await,
    ] {
        assert_eq!(503, reply.status().as_u16());
        assert!(reply.header("retry-after").is_some());
        assert!(!reply.is_stream());
    }
}
