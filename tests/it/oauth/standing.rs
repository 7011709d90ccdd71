//! What ends somewhere is refused everywhere, within a second.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use tidegate_control_plane::account::UpdateAccount;
use tidegate_control_plane::flag::{ClearFlag, FlagRule, SetFlag};
use tidegate_control_plane::grant::{EndGrant, EndReason, GrantFilter, ListGrants};
use tidegate_control_plane::workspace::RemoveMembership;

use super::{Deployment, three_nodes};
use crate::harness::{Caller, PATIENCE, TestCluster, Tokens};

/// How long the slowest node may go on letting somebody in.
const PROMISE: Duration = Duration::from_secs(1);

/// Asks every node until it answers with this status; the time until the last one did.
async fn until(callers: &[Caller], status: StatusCode, begun: Instant) -> Duration {
    let mut running = Vec::new();
    for caller in callers {
        let caller = caller.clone();
        running.push(tokio::spawn(async move {
            loop {
                let found = caller.send("tools/list", json!({})).await.status();
                if found == status {
                    return begun.elapsed();
                }
                assert!(
                    begun.elapsed() < PATIENCE,
                    "still {found} instead of {status}"
                );
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }));
    }
    let mut slowest = Duration::ZERO;
    for one in running {
        slowest = slowest.max(one.await.unwrap());
    }
    slowest
}

fn callers(cluster: &TestCluster, tokens: &Tokens) -> Vec<Caller> {
    cluster
        .nodes()
        .iter()
        .map(|node| node.anyone().bearer(&tokens.access))
        .collect()
}

/// Connects, and calls every node so that each remembers.
async fn connected(deployment: &Deployment, cluster: &TestCluster) -> Vec<Caller> {
    let mut client = deployment.client().await;
    let tokens = client
        .connect(&mut deployment.browser(), "ada", &[], &[])
        .await;
    let callers = callers(cluster, &tokens);
    until(&callers, StatusCode::OK, Instant::now()).await;
    callers
}

fn hold(what: &str, took: Duration) {
    eprintln!(
        "{what}: refused on every node after {} ms",
        took.as_millis()
    );
    assert!(took < PROMISE, "{what} took {took:?}");
}

#[tokio::test]
async fn what_ends_is_refused_on_every_node_within_a_second() {
    let (cluster, deployment) = three_nodes().await;
    let control = &deployment.control;

    let callers = connected(&deployment, &cluster).await;
    let filter = GrantFilter {
        account: Some(deployment.ada.id.clone()),
        ..GrantFilter::default()
    };
    let grants = control.call(ListGrants { filter }).await;
    let begun = Instant::now();
    let end = EndGrant {
        id: grants[0].grant.id.clone(),
        reason: EndReason::ByAdministrator,
    };
    control.call(end).await;
    hold(
        "revocation",
        until(&callers, StatusCode::UNAUTHORIZED, begun).await,
    );

    let callers = connected(&deployment, &cluster).await;
    let begun = Instant::now();
    let flag = "MCP_OAUTH_WORKSPACE_ENABLED".to_owned();
    control
        .call(SetFlag {
            flag: flag.clone(),
            rule: FlagRule::In {
                workspace: "demo".parse().unwrap(),
                is_on: false,
            },
        })
        .await;
    hold(
        "flag off",
        until(&callers, StatusCode::FORBIDDEN, begun).await,
    );
    let begun = Instant::now();
    control
        .call(ClearFlag {
            flag,
            workspace: Some("demo".parse().unwrap()),
        })
        .await;
    let back = until(&callers, StatusCode::OK, begun).await;
    eprintln!(
        "flag on: let in on every node after {} ms",
        back.as_millis()
    );

    let begun = Instant::now();
    control
        .call(RemoveMembership {
            workspace: "demo".parse().unwrap(),
            account: deployment.ada.id.clone(),
        })
        .await;
    // The grant ends with the membership.
    hold(
        "membership lost",
        until(&callers, StatusCode::UNAUTHORIZED, begun).await,
    );

    control
        .join(
            &deployment.ada,
            "demo",
            tidegate_types::Role::Editor,
            Some("admin"),
        )
        .await;
    let callers = connected(&deployment, &cluster).await;
    let begun = Instant::now();
    control
        .call(UpdateAccount {
            id: deployment.ada.id.clone(),
            email: None,
            display_name: None,
            is_active: Some(false),
            is_administrator: None,
        })
        .await;
    hold(
        "account deactivated",
        until(&callers, StatusCode::UNAUTHORIZED, begun).await,
    );
}
