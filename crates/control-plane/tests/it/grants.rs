//! Grants: their beginning, their lists, their counts, their end.

use std::time::Duration;

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::client::{ClientKind, RemoveClient, RemoveUnusedClients};
use tidegate_control_plane::grant::{
    CreateGrant, EndGrants, EndReason, FindGrant, FindStandingGrant, Grant, GrantFilter,
    GrantSummary, ListGrants, NoteGrantUse, RemoveOldGrants,
};
use tidegate_types::{AccountId, ClientId, GrantId, ScopeSet};

use crate::deployment::{Deployment, client, days, invalid, slug, token};
use crate::fixture::{Fixture, scenarios};

impl Deployment {
    async fn list(&self, filter: GrantFilter) -> Vec<GrantSummary> {
        self.manager.call(ListGrants { filter }).await.unwrap()
    }

    fn of_grace(&self) -> GrantFilter {
        GrantFilter {
            account: Some(self.grace.id.clone()),
            ..GrantFilter::default()
        }
    }

    async fn count(&self, calls: &[(&GrantId, u32)]) {
        let calls = calls.iter().map(|(id, count)| ((*id).clone(), *count));
        let note = NoteGrantUse {
            calls: calls.collect(),
        };
        self.manager.call(note).await.unwrap();
    }
}

fn not_found<T: std::fmt::Debug>(result: Result<T, ManagerError>) -> &'static str {
    match result {
        Err(ManagerError::NotFound { what }) => what,
        other => panic!("must not be found: {other:?}"),
    }
}

async fn what_a_grant_is_for_must_be_there(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let good = deployment.create_grant(fixture.now(), token());
    let with = |change: &dyn Fn(&mut Grant)| {
        let mut asked = good.clone();
        change(&mut asked.grant);
        deployment.manager.call(asked)
    };
    let nobody = with(&|grant| grant.account = AccountId::new()).await;
    assert_eq!("account", not_found(nobody));
    let nothing = with(&|grant| grant.client = ClientId::random()).await;
    assert_eq!("client", not_found(nothing));
    let nowhere = with(&|grant| grant.workspace = slug("nowhere")).await;
    assert_eq!("workspace", not_found(nowhere));
    for (field, result) in [
        ("scopes", with(&|grant| grant.scopes = ScopeSet::NONE).await),
        (
            "resource",
            with(&|grant| grant.resource = String::new()).await,
        ),
        (
            "resource",
            with(&|grant| grant.resource = "x".repeat(3_000)).await,
        ),
        (
            "resource",
            with(&|grant| grant.resource = "https://a.example/\0".into()).await,
        ),
        (
            "expires_at",
            with(&|grant| grant.expires_at = fixture.now()).await,
        ),
        (
            "address",
            with(&|grant| grant.address = Some("x".repeat(65))).await,
        ),
        (
            "refresh_token",
            with(&|grant| grant.is_offline = false).await,
        ),
    ] {
        let words = invalid(result);
        assert!(words.contains(field), "{words}");
    }
    assert!(deployment.list(GrantFilter::default()).await.is_empty());
    deployment.manager.call(good.clone()).await.unwrap();
    // The same once more: id and token are taken.
    let again = deployment.manager.call(good).await;
    assert!(matches!(again, Err(ManagerError::Conflict(_))), "{again:?}");
}

async fn a_list_shows_names_and_calls_and_the_newest_first(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (first, _) = deployment.grant(fixture.now()).await;
    fixture.pass(Duration::from_secs(1));
    let (second, _) = deployment.grant(fixture.now()).await;
    deployment
        .count(&[(&first.id, 3), (&second.id, 1), (&first.id, 4)])
        .await;
    fixture.pass(days(20));
    deployment.count(&[(&first.id, 10)]).await;
    let calls = async || {
        let list = deployment.list(deployment.of_grace()).await;
        list.into_iter()
            .map(|one| (one.grant.id, one.calls))
            .collect::<Vec<_>>()
    };
    let expected = vec![(second.id.clone(), 1), (first.id.clone(), 17)];
    assert_eq!(expected, calls().await);
    let list = deployment.list(GrantFilter::default()).await;
    assert_eq!("assistant", list[0].client_name);
    assert_eq!(ClientKind::Registered, list[0].client_kind);
    assert_eq!("grace", list[0].username);
    assert_eq!(Some(fixture.now()), list[1].grant.last_used_at);
    // After 30 days a day counts no more, and its row goes.
    fixture.pass(days(10));
    let expected = vec![(second.id, 0), (first.id, 10)];
    assert_eq!(expected, calls().await);
    deployment.manager.call(RemoveOldGrants {}).await.unwrap();
    assert_eq!(expected, calls().await);
}

async fn counts_are_bounded(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let many = (0..10_001).map(|_| (GrantId::new(), 1)).collect();
    invalid(deployment.manager.call(NoteGrantUse { calls: many }).await);
    // Of nobody, and more than one statement takes.
    let calls: Vec<_> = (0..1_200).map(|_| (GrantId::new(), u32::MAX)).collect();
    deployment
        .manager
        .call(NoteGrantUse { calls })
        .await
        .unwrap();
    deployment.count(&[]).await;
}

async fn many_are_ended_at_once_and_no_others(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let other = client("other", ClientKind::Registered);
    let other = deployment.manager.call(other).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(deployment.grant(fixture.now()).await.0.id);
    }
    let stays = CreateGrant {
        grant: Grant {
            client: other.id,
            ..deployment.create_grant(fixture.now(), token()).grant
        },
        ..deployment.create_grant(fixture.now(), token())
    };
    let stays = deployment.manager.call(stays).await.unwrap();
    let end = |filter| EndGrants {
        filter,
        reason: EndReason::ByAdministrator,
    };
    invalid(deployment.manager.call(end(GrantFilter::default())).await);
    let of_client = GrantFilter {
        client: Some(deployment.client.id.clone()),
        ..GrantFilter::default()
    };
    let before = deployment.head().await;
    let ended = deployment
        .manager
        .call(end(of_client.clone()))
        .await
        .unwrap();
    let ended: Vec<_> = ended.into_iter().map(|grant| grant.id).collect();
    assert_eq!(ids, ended);
    for id in &ids {
        assert!(deployment.tells_to_check(before, id).await);
    }
    assert!(!deployment.tells_to_check(before, &stays.id).await);
    assert!(
        deployment
            .manager
            .call(end(of_client))
            .await
            .unwrap()
            .is_empty()
    );
    deployment.scopes(&stays.id).await;
    assert_eq!(1, deployment.list(deployment.of_grace()).await.len());
    let all = GrantFilter {
        with_ended: true,
        ..deployment.of_grace()
    };
    assert_eq!(4, deployment.list(all).await.len());
}

async fn the_grant_that_was_idle_longest_makes_room(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let mut ids = Vec::new();
    for _ in 0..50 {
        fixture.pass(Duration::from_secs(61));
        ids.push(deployment.grant(fixture.now()).await.0.id);
    }
    deployment.count(&[(&ids[0], 1)]).await;
    let before = deployment.head().await;
    deployment.grant(fixture.now()).await;
    assert!(deployment.tells_to_check(before, &ids[1]).await);
    let find = FindGrant { id: ids[1].clone() };
    let coldest = deployment.manager.call(find).await.unwrap().unwrap();
    assert_eq!(Some((fixture.now(), EndReason::Superseded)), coldest.ended);
    assert_eq!(50, deployment.list(deployment.of_grace()).await.len());
    deployment.scopes(&ids[0]).await;
}

async fn a_machine_finds_its_standing_grant(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, _) = deployment.grant(fixture.now()).await;
    let find = |resource: &str| FindStandingGrant {
        client: deployment.client.id.clone(),
        workspace: slug("acme"),
        resource: resource.into(),
    };
    let found = deployment
        .manager
        .call(find(&grant.resource))
        .await
        .unwrap();
    assert_eq!(Some(grant.clone()), found);
    for other in ["https://other.example/mcp", "\0", ""] {
        let other = deployment.manager.call(find(other)).await;
        assert_eq!(None, other.unwrap());
    }
    fixture.pass(days(90));
    let expired = deployment
        .manager
        .call(find(&grant.resource))
        .await
        .unwrap();
    assert_eq!(None, expired);
}

async fn a_removed_clients_grants_stay_listed_by_its_name(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    deployment.grant(fixture.now()).await;
    let id = deployment.client.id.clone();
    deployment.manager.call(RemoveClient { id }).await.unwrap();
    let all = GrantFilter {
        with_ended: true,
        ..GrantFilter::default()
    };
    let list = deployment.list(all).await;
    assert_eq!("assistant", list[0].client_name);
    let reason = list[0].grant.ended.map(|(_, reason)| reason);
    assert_eq!(Some(EndReason::ClientRemoved), reason);
}

async fn an_unused_dynamic_client_goes_and_never_while_a_grant_lives(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let dynamic = async |name| {
        let asked = client(name, ClientKind::Dynamic);
        deployment.manager.call(asked).await.unwrap().id
    };
    let idle = dynamic("idle").await;
    let connected = dynamic("connected").await;
    let grant = CreateGrant {
        grant: Grant {
            client: connected.clone(),
            ..deployment.create_grant(fixture.now(), token()).grant
        },
        ..deployment.create_grant(fixture.now(), token())
    };
    deployment.manager.call(grant).await.unwrap();
    let remove = || deployment.manager.call(RemoveUnusedClients {});
    assert_eq!(0, remove().await.unwrap());
    fixture.pass(days(31));
    assert_eq!(1, remove().await.unwrap());
    let find = |id: &ClientId| {
        let find = tidegate_control_plane::client::FindClient { id: id.clone() };
        deployment.manager.call(find)
    };
    assert!(find(&idle).await.unwrap().is_none());
    assert!(find(&connected).await.unwrap().is_some());
    // The registered one of this deployment was never used, and stays.
    assert!(find(&deployment.client.id).await.unwrap().is_some());
    fixture.pass(days(60));
    assert_eq!(1, remove().await.unwrap());
}

scenarios!(
    what_a_grant_is_for_must_be_there,
    a_list_shows_names_and_calls_and_the_newest_first,
    counts_are_bounded,
    many_are_ended_at_once_and_no_others,
    the_grant_that_was_idle_longest_makes_room,
    a_machine_finds_its_standing_grant,
    a_removed_clients_grants_stay_listed_by_its_name,
    an_unused_dynamic_client_goes_and_never_while_a_grant_lives,
);
