//! Parts that go away, and come back.

use reqwest::StatusCode;
use serde_json::json;
use tidegate_manager::flag::{FlagRule, SetFlag};
use tidegate_testkit::redis::RedisServer;

use super::{Deployment, ISSUER};
use crate::harness::{OneNode, SERVICE_TOKEN, TestCluster, eventually, tokens};

#[tokio::test]
async fn without_redis_nobody_signs_in_and_nothing_is_redeemed_twice() {
    let redis = RedisServer::start().unwrap();
    let cluster = TestCluster::builder()
        .await
        .own_tokens(ISSUER)
        .await
        .set("STATE__REDIS__URL", &redis.url())
        .start(2)
        .await;
    let deployment = Deployment::of_cluster(&cluster).await;
    let mut client = deployment.client().await;
    let mut browser = deployment.browser();
    let code = client.ask(&mut browser, "ada", &[], &[]).await;
    let path = client.authorization(&[]);
    redis.pause().unwrap();
    let page = browser.get(&path).await;
    assert_eq!(
        StatusCode::SERVICE_UNAVAILABLE,
        page.status,
        "{}",
        page.html
    );
    let refused = client.redeem(&code).await;
    assert_eq!(StatusCode::SERVICE_UNAVAILABLE, refused.status());
    assert!(refused.header("retry-after").is_some());
    assert_eq!("temporarily_unavailable", refused.json().await["error"]);
    redis.resume().unwrap();
    eventually("redis is back", async || {
        let page = deployment.browser().get(&path).await;
        (page.status == StatusCode::SEE_OTHER).then_some(())
    })
    .await;
    // The first try may have taken the code: it is good once at the most.
    let mut good = 0;
    for _ in 0..3 {
        let reply = client.redeem(&code).await;
        match reply.status() {
            StatusCode::OK => good += 1,
            StatusCode::BAD_REQUEST => {}
            other => panic!("{other}: {}", reply.text().await),
        }
    }
    assert!(good <= 1, "the code was redeemed {good} times");
}

/// A node that has the manager, and one that asks it.
async fn two_kinds() -> (OneNode, OneNode) {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let manager = OneNode::builder()
        .own_tokens()
        .set("SERVER__PORT", &port.to_string())
        .start()
        .await;
    let other = asking(&manager.url()).await;
    (manager, other)
}

async fn asking(manager: &str) -> OneNode {
    OneNode::builder()
        .own_tokens()
        .unset("MANAGER__SERVICE_TOKENS")
        .set("MANAGER__URL", manager)
        .set("MANAGER__TOKEN", SERVICE_TOKEN)
        .start()
        .await
}

#[tokio::test]
async fn a_node_without_a_manager_of_its_own_asks_another_s() {
    let (manager, other) = two_kinds().await;
    let control = Deployment::of_node(&manager).await.control;
    let deployment = Deployment {
        issuer: other.url(),
        nodes: vec![other.url()],
        ada: control
            .call(tidegate_manager::account::FindAccount {
                key: tidegate_manager::account::AccountKey::Username("ada".into()),
            })
            .await
            .unwrap(),
        control,
    };
    let mut client = deployment.client().await;
    let first = client
        .connect(&mut deployment.browser(), "ada", &[], &[])
        .await;
    let caller = other.anyone().bearer(&first.access);
    // Whoever sees the last change on a node knows that the node has read those before it, which would make it ask again.
    for (is_on, expected) in [(false, StatusCode::FORBIDDEN), (true, StatusCode::OK)] {
        let set = SetFlag {
            flag: "MCP_OAUTH_ENABLED".to_owned(),
            rule: FlagRule::Everywhere(is_on),
        };
        deployment.control.call(set).await;
        eventually("the node reads the change", async || {
            let status = caller.send("tools/list", json!({})).await.status();
            (status == expected).then_some(())
        })
        .await;
    }
    let refresh = first.refresh.unwrap();
    drop(manager);
    // What the node knows counts on; what has to be asked for is not there for now.
    assert_eq!(
        StatusCode::OK,
        caller.send("tools/list", json!({})).await.status()
    );
    let refused = client.refresh(&refresh).await;
    assert_eq!(StatusCode::SERVICE_UNAVAILABLE, refused.status());
}

#[tokio::test]
async fn a_manager_that_was_restarted_goes_on_where_it_stopped() {
    let builder = TestCluster::builder().await.own_tokens(ISSUER).await;
    let mut cluster = builder.start(1).await;
    let deployment = Deployment::of_cluster(&cluster).await;
    let mut client = deployment.client().await;
    let first = client
        .connect(&mut deployment.browser(), "ada", &[], &[])
        .await;
    cluster.node_mut(0).kill();
    cluster.replace(0).await;
    let node = cluster.node(0);
    let caller = node.anyone().bearer(&first.access);
    assert_eq!(
        StatusCode::OK,
        caller.send("tools/list", json!({})).await.status(),
        "the same keys"
    );
    let mut client = crate::harness::OAuthClient::known(ISSUER, cluster.urls(), &client.id);
    tokens(client.refresh(&first.refresh.unwrap()).await).await;
    assert!(
        !node.log().contains("administrator admin"),
        "there is one already"
    );
}
