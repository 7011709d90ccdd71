//! Whatever was lost since the consent is lost at the next issue.

use tidegate_control_plane::account::UpdateAccount;
use tidegate_control_plane::policy::{ClientDecision, ClientMatch, PolicyRule, SetPolicyRule};
use tidegate_control_plane::workspace::{RemoveMembership, UpdateWorkspace};
use tidegate_oauth_types::ErrorCode;
use tidegate_types::Role;

use crate::bench::{Bench, error, refresh_token, scopes, slug};

async fn refused_after(lose: impl AsyncFnOnce(&Bench, &str)) {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let waiting = bench.code(&client, &[]).await;
    lose(&bench, &client).await;
    let refused = bench.refresh(&client, &refresh_token(&reply), &[]).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused), "refresh");
    let before = bench.grants(&client).await;
    let refused = bench.exchange(&client, &waiting).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused), "code");
    assert_eq!(
        before,
        bench.grants(&client).await,
        "nothing new is connected"
    );
}

#[tokio::test]
async fn a_client_counts_as_connected_when_it_has_a_token_and_not_before() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[]).await;
    assert_eq!(0, bench.grants(&client).await, "it was agreed to");
    let wrong = bench.exchange(&client, "tg_ac_x").await;
    assert_eq!(ErrorCode::InvalidGrant, error(wrong));
    let workspace = slug("acme");
    let account = bench.ana.id.clone();
    assert!(bench.call(RemoveMembership { workspace, account }).await);
    let refused = bench.exchange(&client, &code).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    assert_eq!(0, bench.grants(&client).await, "it got nothing");

    bench.join("acme", &bench.ana, Role::Editor).await;
    let code = bench.code(&client, &[]).await;
    bench.exchange(&client, &code).await.unwrap();
    assert_eq!(1, bench.grants(&client).await);
}

#[tokio::test]
async fn an_account_that_is_switched_off_gets_nothing() {
    refused_after(async |bench, _| {
        bench
            .call(UpdateAccount {
                id: bench.ana.id.clone(),
                email: None,
                display_name: None,
                is_active: Some(false),
                is_administrator: None,
            })
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_member_who_left_gets_nothing() {
    refused_after(async |bench, _| {
        let workspace = slug("acme");
        let account = bench.ana.id.clone();
        assert!(bench.call(RemoveMembership { workspace, account }).await);
    })
    .await;
}

#[tokio::test]
async fn a_blocked_client_gets_nothing() {
    refused_after(async |bench, client| {
        bench
            .call(SetPolicyRule {
                rule: PolicyRule {
                    workspace: None,
                    matches: ClientMatch::Client(client.parse().unwrap()),
                    decision: ClientDecision::Blocked,
                },
            })
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_smaller_role_counts_at_once() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[("scope", "mcp:write")]).await;
    let reply = bench.exchange(&client, &code).await.unwrap();
    assert_eq!(scopes("mcp:read mcp:query mcp:write"), reply.scope);
    bench.join("acme", &bench.ana, Role::Viewer).await;
    let reply = bench
        .refresh(&client, &refresh_token(&reply), &[])
        .await
        .unwrap();
    assert_eq!(scopes("mcp:read"), reply.scope);
}

#[tokio::test]
async fn a_sleeping_workspace_is_worth_waiting_for() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let sleep = |is_hibernated| UpdateWorkspace {
        slug: slug("acme"),
        title: None,
        hosts: None,
        is_hibernated: Some(is_hibernated),
    };
    bench.call(sleep(true)).await;
    let refused = bench.refresh(&client, &refresh_token(&reply), &[]).await;
    assert_eq!(ErrorCode::TemporarilyUnavailable, error(refused));
    bench.call(sleep(false)).await;
    bench
        .refresh(&client, &refresh_token(&reply), &[])
        .await
        .unwrap();
}
