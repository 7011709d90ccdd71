//! Which clients a workspace lets in.

use tidegate_control_plane::change::LoggedChange;
use tidegate_control_plane::grant::{EndReason, FindGrant};
use tidegate_control_plane::policy::{
    ClientDecision, ClientMatch, ClientVerdict, FindUnknownClients, JudgeClient, ListPolicyRules,
    PolicyRule, RemovePolicyRule, SetPolicyRule, SetUnknownClients, UnknownClients,
};
use tidegate_control_plane::team::{CreateTeam, SetTeamMember};
use tidegate_types::{AccountId, ClientId, GrantId, Role};

use crate::fixture::{Fixture, scenarios};
use crate::given::{is_not_found, refused, slug};

scenarios! {
    what_no_rule_is_about_is_decided_by_the_workspace_then_the_deployment,
    rules_decide_by_what_is_narrower,
    a_client_for_a_team_is_for_its_members,
    blocking_a_client_ends_its_grants_where_it_is_blocked,
    blocking_a_host_ends_the_grants_of_its_clients,
    what_a_narrower_rule_approves_goes_on,
    limiting_a_client_to_a_team_ends_the_others_grants,
    what_is_not_valid_names_its_field,
}

fn client(id: &str) -> ClientMatch {
    ClientMatch::Client(id.parse().unwrap())
}

fn host(name: &str) -> ClientMatch {
    ClientMatch::Host(name.to_owned())
}

fn rule(workspace: Option<&str>, matches: ClientMatch, decision: ClientDecision) -> SetPolicyRule {
    SetPolicyRule {
        rule: PolicyRule {
            workspace: workspace.map(slug),
            matches,
            decision,
        },
    }
}

async fn judged(
    at: &Fixture,
    workspace: &str,
    account: &AccountId,
    id: &str,
    hosts: &[&str],
) -> ClientVerdict {
    let judge = JudgeClient {
        workspace: slug(workspace),
        account: account.clone(),
        client: id.parse().unwrap(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
    };
    at.call(judge).await.unwrap()
}

/// `ada` and `bob` are in `acme` and `beta`, and both let `app` on `app.example` into both.
struct Scene {
    ada: AccountId,
    bob: AccountId,
    app: ClientId,
}

async fn scene(at: &Fixture) -> Scene {
    let (ada, bob) = (at.has_person("ada").await.id, at.has_person("bob").await.id);
    for name in ["acme", "beta"] {
        at.has_workspace(name).await;
        for account in [&ada, &bob] {
            at.has_member(name, account, Role::Viewer).await;
        }
    }
    let app = at.has_client("app", "app.example").await.id;
    Scene { ada, bob, app }
}

async fn end_of(at: &Fixture, id: &GrantId) -> Option<EndReason> {
    let grant = at
        .call(FindGrant { id: id.clone() })
        .await
        .unwrap()
        .unwrap();
    grant.ended.map(|(_, reason)| reason)
}

async fn what_no_rule_is_about_is_decided_by_the_workspace_then_the_deployment(at: Fixture) {
    let ada = at.has_person("ada").await.id;
    at.has_workspace("acme").await;
    at.has_workspace("beta").await;
    let set = |workspace: Option<&str>, to| SetUnknownClients {
        workspace: workspace.map(slug),
        to,
    };
    let find = |workspace: Option<&str>| FindUnknownClients {
        workspace: workspace.map(slug),
    };
    assert_eq!(
        UnknownClients::Allowed,
        at.call(find(Some("acme"))).await.unwrap()
    );
    assert_eq!(
        ClientVerdict::Allowed,
        judged(&at, "acme", &ada, "app", &[]).await
    );
    let head = at.head().await;
    at.call(set(None, UnknownClients::NeedApproval))
        .await
        .unwrap();
    at.call(set(Some("acme"), UnknownClients::Allowed))
        .await
        .unwrap();
    assert_eq!(
        vec![
            LoggedChange::Account,
            LoggedChange::Workspace {
                workspace: slug("acme")
            }
        ],
        at.changes_since(head).await
    );
    assert_eq!(
        ClientVerdict::Allowed,
        judged(&at, "acme", &ada, "app", &[]).await
    );
    assert_eq!(
        ClientVerdict::NeedsApproval,
        judged(&at, "beta", &ada, "app", &[]).await
    );
    assert_eq!(
        UnknownClients::NeedApproval,
        at.call(find(None)).await.unwrap()
    );
    assert_eq!(
        UnknownClients::NeedApproval,
        at.call(find(Some("beta"))).await.unwrap()
    );
    assert!(is_not_found(
        at.call(set(Some("none"), UnknownClients::Allowed)).await,
        "workspace"
    ));
}

async fn rules_decide_by_what_is_narrower(at: Fixture) {
    let Scene { ada, .. } = scene(&at).await;
    at.call(rule(None, host("App.Example"), ClientDecision::Blocked))
        .await
        .unwrap();
    assert_eq!(
        ClientVerdict::Blocked,
        judged(&at, "acme", &ada, "app", &["APP.example"]).await
    );
    assert_eq!(
        ClientVerdict::Allowed,
        judged(&at, "acme", &ada, "app", &["other.example"]).await
    );
    assert_eq!(
        ClientVerdict::Allowed,
        judged(&at, "acme", &ada, "app", &["not-app.example"]).await
    );
    at.call(rule(Some("acme"), client("app"), ClientDecision::Approved))
        .await
        .unwrap();
    assert_eq!(
        ClientVerdict::Approved,
        judged(&at, "acme", &ada, "app", &["app.example"]).await
    );
    assert_eq!(
        ClientVerdict::Blocked,
        judged(&at, "beta", &ada, "app", &["app.example"]).await
    );
    let rules = at
        .call(ListPolicyRules {
            workspace: Some(slug("acme")),
        })
        .await
        .unwrap();
    assert_eq!(
        [rule(Some("acme"), client("app"), ClientDecision::Approved).rule],
        *rules
    );
    let rules = at.call(ListPolicyRules { workspace: None }).await.unwrap();
    assert_eq!(
        [rule(None, host("app.example"), ClientDecision::Blocked).rule],
        *rules
    );
    let remove = || RemovePolicyRule {
        workspace: None,
        matches: host("APP.example"),
    };
    assert!(at.call(remove()).await.unwrap());
    assert!(!at.call(remove()).await.unwrap());
    assert_eq!(
        ClientVerdict::Allowed,
        judged(&at, "beta", &ada, "app", &["app.example"]).await
    );
}

async fn a_client_for_a_team_is_for_its_members(at: Fixture) {
    let Scene { ada, bob, .. } = scene(&at).await;
    at.call(CreateTeam {
        name: "staff".to_owned(),
    })
    .await
    .unwrap();
    at.call(SetTeamMember {
        team: "staff".to_owned(),
        account: ada.clone(),
        is_member: true,
    })
    .await
    .unwrap();
    let teams = ClientDecision::Teams(vec!["staff".to_owned()]);
    at.call(rule(None, client("app"), teams)).await.unwrap();
    assert_eq!(
        ClientVerdict::Approved,
        judged(&at, "acme", &ada, "app", &[]).await
    );
    assert_eq!(
        ClientVerdict::Blocked,
        judged(&at, "acme", &bob, "app", &[]).await
    );
}

async fn blocking_a_client_ends_its_grants_where_it_is_blocked(at: Fixture) {
    let Scene { ada, app, .. } = scene(&at).await;
    let other = at.has_client("other", "app.example").await.id;
    let here = at.has_grant(&ada, &app, "acme").await;
    let there = at.has_grant(&ada, &app, "beta").await;
    let anothers = at.has_grant(&ada, &other, "acme").await;
    let head = at.head().await;
    at.call(rule(Some("acme"), client("app"), ClientDecision::Blocked))
        .await
        .unwrap();
    assert_eq!(Some(EndReason::ClientRemoved), end_of(&at, &here).await);
    assert_eq!(None, end_of(&at, &there).await);
    assert_eq!(None, end_of(&at, &anothers).await);
    let told = at.changes_since(head).await;
    assert!(told.contains(&LoggedChange::Session {
        workspace: Some(slug("acme")),
        id: here
    }));
    assert!(told.contains(&LoggedChange::Workspace {
        workspace: slug("acme")
    }));
}

async fn blocking_a_host_ends_the_grants_of_its_clients(at: Fixture) {
    let Scene { ada, bob, app } = scene(&at).await;
    // Its name holds the host, and it is on another.
    let named = at.has_client("app.example", "honest.example").await.id;
    let longer = at.has_client("longer", "not-app.example").await.id;
    let document = at
        .has_client("https://app.example/client.json", "elsewhere.example")
        .await
        .id;
    let mut hit = vec![at.has_grant(&ada, &document, "beta").await];
    for (account, workspace) in [(&ada, "acme"), (&bob, "beta")] {
        hit.push(at.has_grant(account, &app, workspace).await);
    }
    let missed = [
        at.has_grant(&ada, &named, "acme").await,
        at.has_grant(&ada, &longer, "acme").await,
    ];
    at.call(rule(None, host("app.example"), ClientDecision::Blocked))
        .await
        .unwrap();
    for id in &hit {
        assert_eq!(Some(EndReason::ClientRemoved), end_of(&at, id).await);
    }
    for id in &missed {
        assert_eq!(None, end_of(&at, id).await);
    }
}

async fn what_a_narrower_rule_approves_goes_on(at: Fixture) {
    let Scene { ada, app, .. } = scene(&at).await;
    let approved = at.has_grant(&ada, &app, "acme").await;
    let refused = at.has_grant(&ada, &app, "beta").await;
    at.call(rule(Some("acme"), client("app"), ClientDecision::Approved))
        .await
        .unwrap();
    at.call(rule(None, client("app"), ClientDecision::Blocked))
        .await
        .unwrap();
    assert_eq!(None, end_of(&at, &approved).await);
    assert_eq!(Some(EndReason::ClientRemoved), end_of(&at, &refused).await);
}

async fn limiting_a_client_to_a_team_ends_the_others_grants(at: Fixture) {
    let Scene { ada, bob, app } = scene(&at).await;
    at.call(CreateTeam {
        name: "staff".to_owned(),
    })
    .await
    .unwrap();
    at.call(SetTeamMember {
        team: "staff".to_owned(),
        account: ada.clone(),
        is_member: true,
    })
    .await
    .unwrap();
    let members = at.has_grant(&ada, &app, "acme").await;
    let others = at.has_grant(&bob, &app, "acme").await;
    let teams = ClientDecision::Teams(vec!["staff".to_owned()]);
    at.call(rule(Some("acme"), host("app.example"), teams))
        .await
        .unwrap();
    assert_eq!(None, end_of(&at, &members).await);
    assert_eq!(Some(EndReason::ClientRemoved), end_of(&at, &others).await);
}

async fn what_is_not_valid_names_its_field(at: Fixture) {
    at.has_workspace("acme").await;
    for (start, asked) in [
        (
            "host ",
            rule(None, host("https://a.example"), ClientDecision::Approved),
        ),
        (
            "teams has 0 names",
            rule(None, client("app"), ClientDecision::Teams(Vec::new())),
        ),
        (
            "teams \"none\"",
            rule(
                None,
                client("app"),
                ClientDecision::Teams(vec!["none".to_owned()]),
            ),
        ),
    ] {
        let said = refused(at.call(asked).await);
        assert!(said.starts_with(start), "{said}");
    }
    let nowhere = rule(Some("nowhere"), client("app"), ClientDecision::Blocked);
    assert!(is_not_found(at.call(nowhere).await, "workspace"));
    assert!(
        at.call(ListPolicyRules { workspace: None })
            .await
            .unwrap()
            .is_empty()
    );
    // A private scheme stands where a host does.
    at.call(rule(None, host("Cursor://"), ClientDecision::Blocked))
        .await
        .unwrap();
    let ada = at.has_person("ada").await.id;
    assert_eq!(
        ClientVerdict::Blocked,
        judged(&at, "acme", &ada, "app", &["cursor://"]).await
    );
}
