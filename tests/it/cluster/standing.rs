//! Whoever may no longer come in is refused on every node within a second, whatever the nodes and Redis remember.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidegate_control_plane::account::UpdateAccount;
use tidegate_control_plane::api_token::EndApiToken;
use tidegate_control_plane::flag::{ClearFlag, FlagRule, SetFlag};
use tidegate_control_plane::grant::{EndGrant, EndReason, NarrowGrant};
use tidegate_control_plane::signing_key::{ListSigningKeys, RemoveSigningKey};
use tidegate_control_plane::workspace::{RemoveMembership, SetMembership, UpdateWorkspace};
use tidegate_types::{Role, Scope};

use super::managed::{ManagedCluster, demo};
use crate::harness::{Caller, PATIENCE, Reply, token_for};

/// How soon every node must refuse.
const SOON: Duration = Duration::from_secs(1);

async fn call(caller: &Caller) -> Reply {
    let params = json!({ "name": "health_check", "arguments": {} });
    caller.send("tools/call", params).await
}

async fn status(caller: &Caller) -> StatusCode {
    call(caller).await.status()
}

/// The names of the tools that the caller is shown.
async fn tools(caller: &Caller) -> Vec<String> {
    let listed = caller.ask("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap().iter();
    tools
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn sees_sql(caller: &Caller) -> bool {
    tools(caller).await.iter().any(|name| name == "execute_sql")
}

impl ManagedCluster {
    /// Has every node remember the caller.
    async fn warm(&self, caller: &Caller) {
        for node in self.nodes.nodes() {
            for _ in 0..3 {
                let reply = call(&caller.on(node)).await;
                let status = reply.status();
                assert_eq!(StatusCode::OK, status, "{}", reply.text().await);
            }
        }
    }

    /// Waits until every node answers the caller so, and says how long that took.
    async fn all_answer(&self, caller: &Caller, expected: StatusCode) -> Duration {
        let since = Instant::now();
        for node in self.nodes.nodes() {
            let caller = caller.on(node);
            loop {
                let found = status(&caller).await;
                if found == expected {
                    break;
                }
                assert!(since.elapsed() < PATIENCE, "still {found}, not {expected}");
            }
        }
        since.elapsed()
    }

    async fn all_refuse_soon(&self, caller: &Caller, expected: StatusCode) {
        let took = self.all_answer(caller, expected).await;
        assert!(took < SOON, "it took {took:?}");
        // And they stay at it, with what they remember as old as it was.
        for node in self.nodes.nodes() {
            assert_eq!(expected, status(&caller.on(node)).await);
        }
    }
}

#[tokio::test]
async fn an_ended_grant_is_refused_on_every_node_within_a_second() {
    let cluster = ManagedCluster::start(2).await;
    let ended = cluster.connected("admin", Role::Admin).await;
    let kept = cluster.connected("analyst", Role::Analyst).await;
    let (caller, other) = (cluster.caller(&ended.grant), cluster.caller(&kept.grant));
    cluster.warm(&caller).await;
    cluster.warm(&other).await;
    let id = ended.grant.id.clone();
    let reason = EndReason::ByUser;
    cluster.call(EndGrant { id, reason }).await;
    cluster
        .all_refuse_soon(&caller, StatusCode::UNAUTHORIZED)
        .await;
    let challenge = call(&caller).await;
    let challenge = challenge.header("www-authenticate").unwrap();
    assert!(challenge.contains("invalid_token"), "{challenge}");
    assert_eq!(StatusCode::OK, status(&other).await);
}

#[tokio::test]
async fn an_ended_api_token_is_refused_on_every_node_within_a_second() {
    let cluster = ManagedCluster::start(2).await;
    let account = cluster.member("admin", Role::Admin).await;
    let (id, secret) = cluster.api_token(&account).await;
    let caller = cluster.nodes.node(0).anyone().bearer(secret);
    cluster.warm(&caller).await;
    let account = None;
    cluster.call(EndApiToken { id, account }).await;
    cluster
        .all_refuse_soon(&caller, StatusCode::UNAUTHORIZED)
        .await;
}

#[tokio::test]
async fn a_lost_membership_is_refused_on_every_node_within_a_second() {
    let cluster = ManagedCluster::start(2).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let (_, secret) = cluster.api_token(&member.account).await;
    let caller = cluster.caller(&member.grant);
    let script = cluster.nodes.node(0).anyone().bearer(secret);
    cluster.warm(&caller).await;
    cluster.warm(&script).await;
    cluster
        .call(RemoveMembership {
            workspace: demo(),
            account: member.account.id.clone(),
        })
        .await;
    let since = Instant::now();
    for caller in [&caller, &script] {
        for node in cluster.nodes.nodes() {
            let caller = caller.on(node);
            while status(&caller).await == StatusCode::OK {
                assert!(since.elapsed() < PATIENCE, "never refused");
            }
        }
    }
    assert!(since.elapsed() < SOON, "it took {:?}", since.elapsed());
}

#[tokio::test]
async fn an_account_that_is_switched_off_is_refused_and_comes_back_when_it_is_on() {
    let cluster = ManagedCluster::start(2).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let (_, secret) = cluster.api_token(&member.account).await;
    let script = cluster.nodes.node(0).anyone().bearer(secret);
    cluster.warm(&script).await;
    let set = |is_active| UpdateAccount {
        id: member.account.id.clone(),
        email: None,
        display_name: None,
        is_active: Some(is_active),
        is_administrator: None,
    };
    cluster.call(set(false)).await;
    cluster
        .all_refuse_soon(&script, StatusCode::UNAUTHORIZED)
        .await;
}

#[tokio::test]
async fn a_narrowed_grant_reaches_no_further_on_any_node() {
    let cluster = ManagedCluster::start(2).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let caller = cluster.caller(&member.grant);
    for node in cluster.nodes.nodes() {
        assert!(sees_sql(&caller.on(node)).await);
    }
    cluster
        .call(NarrowGrant {
            id: member.grant.id.clone(),
            scopes: Scope::Read.into(),
        })
        .await;
    let since = Instant::now();
    for node in cluster.nodes.nodes() {
        let caller = caller.on(node);
        while sees_sql(&caller).await {
            assert!(since.elapsed() < SOON, "still listed");
        }
        let arguments = json!({ "database_id": 1, "sql": "SELECT 1" });
        let params = json!({ "name": "execute_sql", "arguments": arguments });
        let refused = caller.send("tools/call", params).await;
        assert_eq!(StatusCode::FORBIDDEN, refused.status());
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(challenge.contains(r#"error="insufficient_scope""#));
        assert!(challenge.contains(r#"scope="mcp:read mcp:query""#));
    }
}

#[tokio::test]
async fn a_role_caps_what_a_token_may_do() {
    let cluster = ManagedCluster::start(1).await;
    let member = cluster.connected("admin", Role::Viewer).await;
    let caller = cluster.caller(&member.grant);
    assert!(!sees_sql(&caller).await);
    cluster
        .call(SetMembership {
            workspace: demo(),
            account: member.account.id.clone(),
            role: Role::Analyst,
            superset_username: Some("admin".to_owned()),
        })
        .await;
    let since = Instant::now();
    while !sees_sql(&caller).await {
        assert!(since.elapsed() < SOON, "the new role does not count yet");
    }
}

fn flag(name: &str, is_on: bool) -> SetFlag {
    SetFlag {
        flag: name.to_owned(),
        rule: FlagRule::Everywhere(is_on),
    }
}

#[tokio::test]
async fn a_flag_that_is_off_closes_what_it_is_about_on_every_node_within_a_second() {
    let cluster = ManagedCluster::start(2).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let (_, secret) = cluster.api_token(&member.account).await;
    let anyone = || cluster.nodes.node(0).anyone();
    let oauth = cluster.caller(&member.grant);
    let script = anyone().bearer(secret);
    let external = anyone().bearer(token_for("viewer"));
    for caller in [&oauth, &script, &external] {
        cluster.warm(caller).await;
    }
    let body = async |caller: &Caller| call(caller).await.json().await.to_string();

    for name in ["MCP_OAUTH_ENABLED", "MCP_OAUTH_WORKSPACE_ENABLED"] {
        cluster.call(flag(name, false)).await;
        cluster.all_refuse_soon(&oauth, StatusCode::FORBIDDEN).await;
        assert!(body(&oauth).await.contains(name));
        for other in [&script, &external] {
            cluster.warm(other).await;
        }
        cluster.call(flag(name, true)).await;
        let took = cluster.all_answer(&oauth, StatusCode::OK).await;
        assert!(took < SOON, "on again after {took:?}");
    }

    let name = "MCP_SERVICE_ENABLED";
    cluster.call(flag(name, false)).await;
    for caller in [&oauth, &script, &external] {
        cluster.all_refuse_soon(caller, StatusCode::FORBIDDEN).await;
        assert!(body(caller).await.contains(name));
        assert!(body(caller).await.contains("ask an administrator"));
    }
    // A stranger does not learn that there is something to switch on.
    let stranger = anyone().bearer(token_for("nobody of this name"));
    assert!(!body(&stranger).await.contains(name));
    let (flag, workspace) = (name.to_owned(), None);
    cluster.call(ClearFlag { flag, workspace }).await;
    for caller in [&oauth, &script, &external] {
        let took = cluster.all_answer(caller, StatusCode::OK).await;
        assert!(took < SOON, "on again after {took:?}");
    }
}

#[tokio::test]
async fn a_hibernated_workspace_says_so_to_its_members_on_every_node() {
    let cluster = ManagedCluster::start(2).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let oauth = cluster.caller(&member.grant);
    let external = cluster.nodes.node(0).anyone().bearer(token_for("viewer"));
    cluster.warm(&oauth).await;
    cluster.warm(&external).await;
    let hibernate = |is_hibernated| UpdateWorkspace {
        slug: demo(),
        title: None,
        hosts: None,
        is_hibernated: Some(is_hibernated),
    };
    cluster.call(hibernate(true)).await;
    for caller in [&oauth, &external] {
        cluster.all_refuse_soon(caller, StatusCode::FORBIDDEN).await;
        let body = call(caller).await.text().await;
        assert!(body.contains("hibernated"), "{body}");
    }
    cluster.call(hibernate(false)).await;
    for caller in [&oauth, &external] {
        let took = cluster.all_answer(caller, StatusCode::OK).await;
        assert!(took < SOON, "awake after {took:?}");
    }
}

#[tokio::test]
async fn what_a_key_signed_that_was_taken_out_is_refused_on_every_node() {
    let cluster = ManagedCluster::start(2).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let caller = cluster.caller(&member.grant);
    cluster.warm(&caller).await;
    for key in cluster.call(ListSigningKeys {}).await {
        cluster.call(RemoveSigningKey { id: key.id }).await;
    }
    cluster
        .all_refuse_soon(&caller, StatusCode::UNAUTHORIZED)
        .await;
}

#[tokio::test]
async fn open_streams_end_with_the_grant_they_were_opened_by() {
    let cluster = ManagedCluster::start(2).await;
    let ended = cluster.connected("admin", Role::Admin).await;
    let kept = cluster.connected("analyst", Role::Analyst).await;
    let (caller, other) = (cluster.caller(&ended.grant), cluster.caller(&kept.grant));
    let wanted = || json!({ "toolsListChanged": true });
    let (a, b) = (cluster.nodes.node(0), cluster.nodes.node(1));
    let session = caller.on(b).open_session().await;
    let mut theirs = vec![
        caller.on(a).listen(wanted()).await,
        caller.on(b).listen(wanted()).await,
        session.get(None).await.events(),
    ];
    let mut others = other.on(a).listen(wanted()).await;
    let id = ended.grant.id.clone();
    let reason = EndReason::ByAdministrator;
    cluster.call(EndGrant { id, reason }).await;
    let since = Instant::now();
    for events in &mut theirs {
        while events.next().await.is_some() {}
    }
    assert!(since.elapsed() < SOON, "open for {:?}", since.elapsed());
    let quiet = others.next_within(Duration::from_millis(300)).await;
    assert!(quiet.is_none(), "another's stream goes on: {quiet:?}");
}

#[tokio::test]
async fn what_nodes_learned_before_they_were_all_away_does_not_count_after() {
    let mut cluster = ManagedCluster::start(1).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let caller = cluster.caller(&member.grant);
    cluster.warm(&caller).await;
    cluster.nodes.node_mut(0).kill();
    // Nobody reads the log now, and Redis still has what was learned.
    let id = member.grant.id.clone();
    let reason = EndReason::ByUser;
    cluster.call(EndGrant { id, reason }).await;
    cluster.nodes.replace(0).await;
    let caller = caller.on(cluster.nodes.node(0));
    assert_eq!(StatusCode::UNAUTHORIZED, status(&caller).await);
}

#[tokio::test]
async fn calls_are_counted_for_their_grant_when_a_node_stops() {
    let mut cluster = ManagedCluster::start(1).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let caller = cluster.caller(&member.grant);
    cluster.warm(&caller).await;
    cluster.nodes.node(0).terminate();
    crate::harness::eventually("the node ends", || {
        let status = cluster.nodes.node_mut(0).status();
        std::future::ready(status)
    })
    .await;
    let filter = tidegate_control_plane::grant::GrantFilter::default();
    let grants = cluster
        .call(tidegate_control_plane::grant::ListGrants { filter })
        .await;
    let calls: Vec<u64> = grants.iter().map(|grant| grant.calls).collect();
    assert_eq!(vec![3], calls);
}

#[tokio::test]
async fn a_token_is_good_for_its_workspace_alone_and_names_it_where_the_request_does_not() {
    let cluster = ManagedCluster::start(1).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let caller = cluster.caller(&member.grant);
    assert_eq!(StatusCode::OK, status(&caller).await);
    assert_eq!(
        StatusCode::OK,
        status(&caller.clone().workspace("demo")).await
    );
    let elsewhere = caller.clone().workspace("other");
    let refused = call(&elsewhere).await;
    assert_eq!(StatusCode::UNAUTHORIZED, refused.status());
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .contains("invalid_token")
    );
    // The grant is for one workspace, whatever a token of ours would say.
    let mut forged = ManagedCluster::claims(&member.grant);
    forged.workspace = Some("other".parse().unwrap());
    let forged = cluster.nodes.node(0).anyone().bearer(cluster.sign(&forged));
    assert_ne!(StatusCode::OK, status(&forged).await);
    assert_ne!(StatusCode::OK, status(&forged.workspace("demo")).await);
}

#[tokio::test]
async fn tokens_for_others_or_of_others_are_refused() {
    let cluster = ManagedCluster::start(1).await;
    let member = cluster.connected("admin", Role::Admin).await;
    let stranger = cluster.connected("analyst", Role::Analyst).await;
    let resource = |url: &str| tidegate_oauth_types::Resource::parse(url).unwrap();
    let own = ManagedCluster::claims(&member.grant);
    let with = |change: &dyn Fn(&mut tidegate_oauth_types::AccessTokenClaims)| {
        let mut claims = own.clone();
        change(&mut claims);
        cluster.nodes.node(0).anyone().bearer(cluster.sign(&claims))
    };
    for (what, caller) in [
        (
            "another audience",
            with(&|claims| claims.aud = resource("https://other.test/mcp")),
        ),
        (
            "another workspace's audience",
            with(&|claims| claims.aud = resource("https://tide.test/w/other/mcp")),
        ),
        (
            "another issuer",
            with(&|claims| claims.iss = "https://other.test".to_owned()),
        ),
        ("an old one", with(&|claims| claims.exp -= 7_200)),
        (
            "a grant that nobody gave",
            with(&|claims| claims.gid = tidegate_types::GrantId::new()),
        ),
    ] {
        assert_eq!(StatusCode::UNAUTHORIZED, status(&caller).await, "{what}");
    }
    // Whose it is follows from the grant, not from what else the token says.
    let other_subject = with(&|claims| {
        claims.sub = member.account.id.clone();
        claims.gid = stranger.grant.id.clone();
    });
    let answer: Value = other_subject.call("get_instance_info", json!({})).await;
    assert!(
        !answer.to_string().contains("\"username\":\"admin\""),
        "{answer}"
    );
}
