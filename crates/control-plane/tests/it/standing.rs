//! Whether a grant or API token counts: seen at once after each change, and written to the change log.

use std::time::Duration;

use tidegate_control_plane::account::UpdateAccount;
use tidegate_control_plane::api_token::{ApiToken, CreateApiToken, EndApiToken};
use tidegate_control_plane::client::{ClientKind, CreateClient, RemoveClient, UpdateClient};
use tidegate_control_plane::effective_grant::{EffectiveGrant, IneffectiveReason};
use tidegate_control_plane::grant::{CreateGrant, EndGrant, EndReason, Grant, NarrowGrant};
use tidegate_control_plane::policy::{
    ClientDecision, ClientMatch, PolicyRule, SetPolicyRule, SetUnknownClients, UnknownClients,
};
use tidegate_control_plane::team::{CreateTeam, SetTeamMember, SetTeamWorkspace};
use tidegate_control_plane::workspace::{RemoveMembership, SetMembership, UpdateWorkspace};
use tidegate_oauth_types::{IssuedSecret, SecretHash, SecretKind};
use tidegate_token_verifier::{ApiTokens as _, GrantRefusal, GrantStatusSource as _, OwnKeys as _};
use tidegate_types::{AccountId, GrantId, Role, Scope, ScopeSet};

use crate::deployment::{
    Deployment, client, invalid, join, person, service, slug, standing, token, workspace,
};
use crate::fixture::{Fixture, scenarios};

impl Deployment {
    fn update_grace(&self, is_active: bool) -> UpdateAccount {
        UpdateAccount {
            id: self.grace.id.clone(),
            email: None,
            display_name: None,
            is_active: Some(is_active),
            is_administrator: None,
        }
    }

    fn scopes_of_client(&self, scopes: ScopeSet) -> UpdateClient {
        UpdateClient {
            id: self.client.id.clone(),
            metadata: None,
            scopes: Some(scopes),
            is_verified: None,
        }
    }

    fn leave(&self) -> RemoveMembership {
        RemoveMembership {
            workspace: slug("acme"),
            account: self.grace.id.clone(),
        }
    }

    async fn api_token(&self, at: Option<&str>) -> (ApiToken, SecretHash) {
        let secret = IssuedSecret::draw(SecretKind::ApiToken).hash;
        let create = CreateApiToken {
            account: self.grace.id.clone(),
            name: "nightly report".into(),
            scopes: Scope::Query.into(),
            workspace: at.map(slug),
            secret,
            hint: "wxyz".into(),
            expires_at: None,
        };
        (self.manager.call(create).await.unwrap(), secret)
    }

    async fn set_rule(&self, at: Option<&str>, matches: ClientMatch, decision: ClientDecision) {
        let rule = PolicyRule {
            workspace: at.map(slug),
            matches,
            decision,
        };
        self.manager.call(SetPolicyRule { rule }).await.unwrap();
    }
}

async fn a_grant_counts_for_what_its_role_and_client_and_scopes_allow(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let expected = EffectiveGrant::Good {
        account: deployment.grace.id.clone(),
        superset_username: "grace".into(),
        client: deployment.client.id.clone(),
        scopes: ScopeSet::all(),
    };
    assert_eq!(expected, deployment.standing(&grant.id).await);
    assert_eq!(
        IneffectiveReason::Unknown,
        deployment.refusal(&GrantId::new()).await
    );

    let before = deployment.head().await;
    let as_viewer = SetMembership {
        workspace: slug("acme"),
        account: deployment.grace.id.clone(),
        role: Role::Viewer,
        superset_username: Some("grace.h".into()),
    };
    deployment.manager.call(as_viewer).await.unwrap();
    let EffectiveGrant::Good {
        superset_username,
        scopes,
        ..
    } = deployment.standing(&grant.id).await
    else {
        panic!("must count");
    };
    assert_eq!("grace.h", superset_username);
    assert_eq!(Role::Viewer.scopes(), scopes);
    assert!(deployment.tells_to_check(before, &grant.id).await);
}

async fn a_lost_membership_counts_at_once(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let before = deployment.head().await;
    deployment.manager.call(deployment.leave()).await.unwrap();
    assert!(deployment.tells_to_check(before, &grant.id).await);
    assert_eq!(
        IneffectiveReason::Ended,
        deployment.refusal(&grant.id).await
    );
    // Whoever comes back has to be asked again.
    join(
        &deployment.manager,
        "acme",
        &deployment.grace.id,
        Role::Admin,
    )
    .await;
    assert_eq!(
        IneffectiveReason::Ended,
        deployment.refusal(&grant.id).await
    );
}

async fn a_deactivated_account_counts_at_once(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let (api_token, _) = deployment.api_token(None).await;
    let before = deployment.head().await;
    let update = deployment.update_grace(false);
    deployment.manager.call(update).await.unwrap();
    assert!(deployment.tells_to_check(before, &grant.id).await);
    assert_eq!(
        IneffectiveReason::Ended,
        deployment.refusal(&grant.id).await
    );
    assert_eq!(
        IneffectiveReason::Ended,
        deployment.refusal(&api_token.id).await
    );
    let update = deployment.update_grace(true);
    deployment.manager.call(update).await.unwrap();
    assert_eq!(
        IneffectiveReason::Ended,
        deployment.refusal(&grant.id).await
    );
}

async fn a_removed_client_counts_at_once(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let before = deployment.head().await;
    let remove = RemoveClient {
        id: deployment.client.id.clone(),
    };
    assert!(deployment.manager.call(remove.clone()).await.unwrap());
    assert!(!deployment.manager.call(remove).await.unwrap());
    assert!(deployment.tells_to_check(before, &grant.id).await);
    assert_eq!(
        IneffectiveReason::Ended,
        deployment.refusal(&grant.id).await
    );
}

async fn a_blocked_client_counts_at_once(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let id = ClientMatch::Client(deployment.client.id.clone());
    let host = ClientMatch::Host("assistant.example".into());
    // The rule on the client counts before that on its host.
    for matches in [host, id] {
        let (grant, _) = deployment.grant(fixture.now()).await;
        let before = deployment.head().await;
        let blocked = ClientDecision::Blocked;
        deployment
            .set_rule(Some("acme"), matches.clone(), blocked)
            .await;
        assert!(deployment.tells_to_check(before, &grant.id).await);
        assert_eq!(
            IneffectiveReason::Ended,
            deployment.refusal(&grant.id).await
        );
        // A grant that began beside the block does not count either.
        let (late, _) = deployment.grant(fixture.now()).await;
        assert_eq!(
            IneffectiveReason::ClientRefused,
            deployment.refusal(&late.id).await
        );
        let approved = ClientDecision::Approved;
        deployment.set_rule(Some("acme"), matches, approved).await;
        deployment.scopes(&late.id).await;
    }
}

async fn a_client_that_needs_approval_waits_for_it(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let before = deployment.head().await;
    let strict = SetUnknownClients {
        workspace: Some(slug("acme")),
        to: UnknownClients::NeedApproval,
    };
    deployment.manager.call(strict).await.unwrap();
    assert!(deployment.tells_to_check(before, &grant.id).await);
    assert!(matches!(
        deployment.refusal(&grant.id).await,
        IneffectiveReason::ClientRefused | IneffectiveReason::Ended
    ));
    let id = ClientMatch::Client(deployment.client.id.clone());
    deployment
        .set_rule(None, id, ClientDecision::Approved)
        .await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    deployment.scopes(&grant.id).await;
}

async fn a_narrowed_grant_counts_at_once_and_never_widens(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let before = deployment.head().await;
    let narrow = |scopes| NarrowGrant {
        id: grant.id.clone(),
        scopes,
    };
    let query = Scope::Query.into();
    let narrowed = deployment.manager.call(narrow(query)).await.unwrap();
    assert_eq!(query, narrowed.scopes);
    assert!(deployment.tells_to_check(before, &grant.id).await);
    assert_eq!(query.expanded(), deployment.scopes(&grant.id).await);
    invalid(deployment.manager.call(narrow(ScopeSet::all())).await);
    invalid(deployment.manager.call(narrow(ScopeSet::NONE)).await);
    deployment
        .manager
        .call(narrow(Scope::Read.into()))
        .await
        .unwrap();
    assert_eq!(
        ScopeSet::from(Scope::Read),
        deployment.scopes(&grant.id).await
    );
}

async fn a_narrowed_client_narrows_its_grants(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let before = deployment.head().await;
    let read = Scope::Read.into();
    let update = deployment.scopes_of_client(read);
    deployment.manager.call(update.clone()).await.unwrap();
    assert!(deployment.tells_to_check(before, &grant.id).await);
    assert_eq!(read, deployment.scopes(&grant.id).await);
    // Nothing changes, and nobody is told.
    let before = deployment.head().await;
    deployment.manager.call(update).await.unwrap();
    assert!(deployment.changes_after(before).await.is_empty());
}

async fn a_sleeping_workspace_counts_at_once(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let sleep = |is_hibernated| UpdateWorkspace {
        slug: slug("acme"),
        title: None,
        hosts: None,
        is_hibernated: Some(is_hibernated),
    };
    let before = deployment.head().await;
    deployment.manager.call(sleep(true)).await.unwrap();
    assert!(deployment.tells_to_check(before, &grant.id).await);
    assert_eq!(
        IneffectiveReason::Hibernated,
        deployment.refusal(&grant.id).await
    );
    deployment.manager.call(sleep(false)).await.unwrap();
    deployment.scopes(&grant.id).await;
}

async fn a_grant_is_for_its_workspace_alone(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let manager = &deployment.manager;
    workspace(manager, "rival").await;
    join(manager, "rival", &deployment.grace.id, Role::Admin).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    assert_eq!(
        EffectiveGrant::Refused(IneffectiveReason::OtherWorkspace),
        standing(manager, &grant.id, "rival").await
    );
    let (bound, _) = deployment.api_token(Some("acme")).await;
    assert_eq!(
        EffectiveGrant::Refused(IneffectiveReason::OtherWorkspace),
        standing(manager, &bound.id, "rival").await
    );
    let (any, _) = deployment.api_token(None).await;
    assert!(matches!(
        standing(manager, &any.id, "rival").await,
        EffectiveGrant::Good { .. }
    ));
    assert_eq!(
        EffectiveGrant::Refused(IneffectiveReason::NotAMember),
        standing(manager, &any.id, "nowhere").await
    );
}

async fn a_place_by_a_team_counts_and_the_widest_role_of_all(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let manager = &deployment.manager;
    let (grant, _) = deployment.grant(fixture.now()).await;
    join(manager, "acme", &deployment.grace.id, Role::Viewer).await;
    let team = |name: &str| CreateTeam { name: name.into() };
    let opens = |name: &str, role| SetTeamWorkspace {
        team: name.into(),
        workspace: slug("acme"),
        role,
    };
    let in_team = |name: &str, account: &AccountId, is_member| SetTeamMember {
        team: name.into(),
        account: account.clone(),
        is_member,
    };
    for (name, role) in [("analysts", Role::Analyst), ("editors", Role::Editor)] {
        manager.call(team(name)).await.unwrap();
        manager.call(opens(name, Some(role))).await.unwrap();
        let before = deployment.head().await;
        manager
            .call(in_team(name, &deployment.grace.id, true))
            .await
            .unwrap();
        assert!(deployment.tells_to_check(before, &grant.id).await);
        assert_eq!(role.scopes(), deployment.scopes(&grant.id).await);
    }
    // Somebody who is there by a team alone, until the team is not.
    let ada = person(manager, "ada").await;
    manager
        .call(in_team("editors", &ada.id, true))
        .await
        .unwrap();
    let hers = Grant {
        account: ada.id.clone(),
        ..deployment.create_grant(fixture.now(), token()).grant
    };
    let hers = CreateGrant {
        grant: hers,
        ..deployment.create_grant(fixture.now(), token())
    };
    let hers = manager.call(hers).await.unwrap();
    assert_eq!(Role::Editor.scopes(), deployment.scopes(&hers.id).await);
    let before = deployment.head().await;
    manager.call(opens("editors", None)).await.unwrap();
    assert!(deployment.tells_to_check(before, &hers.id).await);
    assert!(matches!(
        deployment.refusal(&hers.id).await,
        IneffectiveReason::NotAMember | IneffectiveReason::Ended
    ));
    assert_eq!(Role::Analyst.scopes(), deployment.scopes(&grant.id).await);
}

async fn a_service_account_works_on_when_its_maker_leaves(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let manager = &deployment.manager;
    let robot = service(manager, "robot", &deployment.grace.id).await;
    let machine = client("pipeline", ClientKind::Machine);
    let machine = CreateClient {
        client: tidegate_control_plane::client::Client {
            acts_as: Some(robot.id.clone()),
            workspace: Some(slug("acme")),
            ..machine.client
        },
        ..machine
    };
    let machine = manager.call(machine).await.unwrap();
    let grant = CreateGrant {
        grant: Grant {
            account: robot.id.clone(),
            client: machine.id.clone(),
            is_offline: false,
            ..deployment.create_grant(fixture.now(), token()).grant
        },
        refresh_token: None,
        ..deployment.create_grant(fixture.now(), token())
    };
    let grant = manager.call(grant).await.unwrap();
    manager.call(deployment.leave()).await.unwrap();
    let update = deployment.update_grace(false);
    manager.call(update).await.unwrap();
    assert_eq!(Role::Analyst.scopes(), deployment.scopes(&grant.id).await);
}

async fn a_client_for_one_workspace_counts_nowhere_else(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    workspace(&deployment.manager, "rival").await;
    let elsewhere = client("elsewhere", ClientKind::Registered);
    let elsewhere = CreateClient {
        client: tidegate_control_plane::client::Client {
            workspace: Some(slug("rival")),
            ..elsewhere.client
        },
        ..elsewhere
    };
    let elsewhere = deployment.manager.call(elsewhere).await.unwrap();
    let grant = CreateGrant {
        grant: Grant {
            client: elsewhere.id,
            ..deployment.create_grant(fixture.now(), token()).grant
        },
        ..deployment.create_grant(fixture.now(), token())
    };
    let grant = deployment.manager.call(grant).await.unwrap();
    assert_eq!(
        IneffectiveReason::ClientRefused,
        deployment.refusal(&grant.id).await
    );
}

async fn an_ended_or_expired_api_token_counts_no_more(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (ended, secret) = deployment.api_token(Some("acme")).await;
    assert_eq!(
        ScopeSet::from(Scope::Query).expanded(),
        deployment.scopes(&ended.id).await
    );
    let before = deployment.head().await;
    let end = EndApiToken {
        id: ended.id.clone(),
        account: None,
    };
    deployment.manager.call(end).await.unwrap();
    assert!(deployment.tells_to_check(before, &ended.id).await);
    assert_eq!(
        IneffectiveReason::Ended,
        deployment.refusal(&ended.id).await
    );
    assert_eq!(None, deployment.manager.find(&secret).await.unwrap());

    let until = CreateApiToken {
        account: deployment.grace.id.clone(),
        name: "for an hour".into(),
        scopes: Scope::Read.into(),
        workspace: None,
        secret: IssuedSecret::draw(SecretKind::ApiToken).hash,
        hint: "abcd".into(),
        expires_at: Some(fixture.now() + 3_600),
    };
    let until = deployment.manager.call(until).await.unwrap();
    deployment.scopes(&until.id).await;
    fixture.pass(Duration::from_hours(1));
    assert_eq!(
        IneffectiveReason::Expired,
        deployment.refusal(&until.id).await
    );
}

async fn authentication_asks_by_its_ports(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let manager = &deployment.manager;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let acme = slug("acme");
    let good = manager.grant_status(&grant.id, &acme).await.unwrap();
    let tidegate_token_verifier::GrantStatus::Good { username, .. } = good else {
        panic!("must count: {good:?}");
    };
    assert_eq!("grace", username);
    let end = EndGrant {
        id: grant.id.clone(),
        reason: EndReason::ByUser,
    };
    manager.call(end).await.unwrap();
    assert_eq!(
        tidegate_token_verifier::GrantStatus::Refused(GrantRefusal::Ended),
        manager.grant_status(&grant.id, &acme).await.unwrap()
    );
    let (token, secret) = deployment.api_token(Some("acme")).await;
    let found = manager.find(&secret).await.unwrap().unwrap();
    assert_eq!((token.id, Some(acme)), (found.id, found.workspace));
    assert_eq!(
        None,
        manager.find(&SecretHash::of("another")).await.unwrap()
    );
    assert!(manager.public_jwks().await.unwrap().is_empty());
}

scenarios!(
    a_grant_counts_for_what_its_role_and_client_and_scopes_allow,
    a_lost_membership_counts_at_once,
    a_deactivated_account_counts_at_once,
    a_removed_client_counts_at_once,
    a_blocked_client_counts_at_once,
    a_client_that_needs_approval_waits_for_it,
    a_narrowed_grant_counts_at_once_and_never_widens,
    a_narrowed_client_narrows_its_grants,
    a_sleeping_workspace_counts_at_once,
    a_grant_is_for_its_workspace_alone,
    a_place_by_a_team_counts_and_the_widest_role_of_all,
    a_service_account_works_on_when_its_maker_leaves,
    a_client_for_one_workspace_counts_nowhere_else,
    an_ended_or_expired_api_token_counts_no_more,
    authentication_asks_by_its_ports,
);
