//! Redis or the manager is away, and tokens of our own are shown.

use std::time::Instant;

use reqwest::StatusCode;
use serde_json::json;
use tidegate_control_plane::flag::{FlagRule, SetFlag};
use tidegate_control_plane::grant::{EndGrant, EndReason};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::redis::RedisServer;
use tidegate_types::Role;

use crate::cluster::managed::{self, ManagedCluster};
use crate::harness::{Caller, PATIENCE, eventually};

async fn status(caller: &Caller) -> StatusCode {
    let params = json!({ "name": "test_simple_text", "arguments": {} });
    caller.send("tools/call", params).await.status()
}

#[tokio::test]
async fn without_redis_a_grant_counts_and_ends_all_the_same() {
    let mut redis = RedisServer::start().unwrap();
    let database = managed::database().await;
    let builder = managed::builder(&database).await;
    let nodes = builder
        .set("STATE__REDIS__URL", &redis.url())
        .start(2)
        .await;
    let cluster = ManagedCluster::join(nodes, database).await;
    let known = cluster.connected("admin", Role::Admin).await;
    let new = cluster.connected("analyst", Role::Analyst).await;
    let (known_caller, new_caller) = (cluster.caller(&known.grant), cluster.caller(&new.grant));
    for node in cluster.nodes.nodes() {
        assert_eq!(StatusCode::OK, status(&known_caller.on(node)).await);
    }
    redis.kill();
    for node in cluster.nodes.nodes() {
        assert_eq!(StatusCode::OK, status(&known_caller.on(node)).await);
        assert_eq!(StatusCode::OK, status(&new_caller.on(node)).await);
    }
    let id = known.grant.id.clone();
    let reason = EndReason::ByUser;
    cluster.call(EndGrant { id, reason }).await;
    let since = Instant::now();
    for node in cluster.nodes.nodes() {
        let caller = known_caller.on(node);
        while status(&caller).await != StatusCode::UNAUTHORIZED {
            assert!(since.elapsed() < PATIENCE, "never refused");
        }
    }
    assert_eq!(StatusCode::OK, status(&new_caller).await);
}

#[tokio::test]
async fn while_the_manager_is_away_whom_nodes_know_goes_on_and_nobody_else_comes_in() {
    let postgres = PostgresServer::start().unwrap();
    let database = postgres.create_database("manager").unwrap();
    let nodes = managed::builder(&database).await.start(2).await;
    let cluster = ManagedCluster::join(nodes, database).await;
    let known = cluster.connected("admin", Role::Admin).await;
    let new = cluster.connected("analyst", Role::Analyst).await;
    let (_, secret) = cluster.api_token(&known.account).await;
    let (known_caller, new_caller) = (cluster.caller(&known.grant), cluster.caller(&new.grant));
    let script = cluster.nodes.node(0).anyone().bearer(secret);
    // Whoever sees the last change on a node knows that the node has read those before it, which are the members'.
    for (is_on, expected) in [(false, StatusCode::FORBIDDEN), (true, StatusCode::OK)] {
        let flag = "MCP_OAUTH_ENABLED".to_owned();
        let rule = FlagRule::Everywhere(is_on);
        cluster.call(SetFlag { flag, rule }).await;
        for node in cluster.nodes.nodes() {
            let caller = known_caller.on(node);
            eventually("the node reads the change", async || {
                (status(&caller).await == expected).then_some(())
            })
            .await;
        }
    }
    drop(postgres);
    for node in cluster.nodes.nodes() {
        assert_eq!(StatusCode::OK, status(&known_caller.on(node)).await);
        for caller in [&new_caller, &script] {
            let refused = status(&caller.on(node)).await;
            assert_eq!(StatusCode::SERVICE_UNAVAILABLE, refused);
        }
    }
}
