//! Lists that pages show in parts: members, grants and records, searched and counted.

use std::time::Duration;

use tidegate_control_plane::account::{
    Account, AccountFilter, CreateAccount, ListAccountsPage, UpdateAccount,
};
use tidegate_control_plane::api_token::CreateApiToken;
use tidegate_control_plane::audit::{
    AuditEvent, AuditFilter, EventsPage, ListEventsPage, NamedEvent, RecordEvents,
};
use tidegate_control_plane::client::RemoveClient;
use tidegate_control_plane::grant::{
    EndGrant, EndReason, FindLatestWorkspace, GrantFilter, ListGrantsPage, NoteGrantUse,
};
use tidegate_control_plane::team::{CreateTeam, SetTeamMember, SetTeamWorkspace};
use tidegate_control_plane::workspace::{FindMember, ListMembersPage, MembersPage};
use tidegate_oauth_types::{IssuedSecret, SecretKind};
use tidegate_types::{AccountId, Role, Scope, ScopeSet};

use crate::fixture::{Fixture, scenarios};
use crate::given::{person, refused, slug};

scenarios! {
    accounts_come_in_parts_by_name_with_their_number,
    members_come_in_parts_by_display_name,
    members_are_found_by_any_of_their_names,
    a_member_is_listed_with_what_they_have_in_the_workspace_alone,
    administrators_are_counted_whether_they_match_or_not,
    a_member_is_found_by_the_account,
    grants_come_in_parts_and_are_found_by_person_and_client,
    a_grant_is_listed_with_the_redirects_of_its_client_while_there_is_one,
    the_latest_workspace_is_the_one_that_was_used_or_agreed_to_last,
    records_come_in_parts_with_names,
    records_are_found_by_username_client_and_refusal,
    what_cannot_be_stored_is_refused_in_searches_and_not_sent_to_the_database,
}

async fn named(at: &Fixture, username: &str, display_name: &str) -> Account {
    at.call(CreateAccount {
        email: Some(format!("{username}@example.com")),
        display_name: display_name.to_owned(),
        ..person(username)
    })
    .await
    .unwrap()
}

fn members(search: Option<&str>, limit: u32, offset: u32) -> ListMembersPage {
    ListMembersPage {
        workspace: slug("acme"),
        search: search.map(str::to_owned),
        limit,
        offset,
    }
}

fn names(page: &MembersPage) -> Vec<&str> {
    let members = page.members.iter();
    members
        .map(|member| member.account.username.as_str())
        .collect()
}

async fn accounts_come_in_parts_by_name_with_their_number(at: Fixture) {
    at.has_workspace("acme").await;
    for (username, display_name) in [("c", "Ada"), ("a", "Brook"), ("b", "Cy")] {
        named(&at, username, display_name).await;
    }
    let part = async |search: Option<&str>, limit, offset| {
        let operation = ListAccountsPage {
            filter: AccountFilter {
                search: search.map(str::to_owned),
                ..AccountFilter::default()
            },
            limit,
            offset,
        };
        let page = at.call(operation).await.unwrap();
        let names: Vec<_> = page.accounts.into_iter().map(|one| one.username).collect();
        (names.join(" "), page.total)
    };
    assert_eq!(("a b".to_owned(), 3), part(None, 2, 0).await);
    assert_eq!(("c".to_owned(), 3), part(None, 2, 2).await);
    assert_eq!((String::new(), 3), part(None, 2, 4).await);
    assert_eq!(("c".to_owned(), 1), part(Some("ada"), 2, 0).await);
    assert_eq!((String::new(), 0), part(Some("nobody"), 2, 0).await);
}

async fn members_come_in_parts_by_display_name(at: Fixture) {
    at.has_workspace("acme").await;
    at.has_workspace("other").await;
    for (username, display_name) in [("c", "Ada"), ("a", "brook"), ("b", "Cy"), ("d", "Cy")] {
        let account = named(&at, username, display_name).await;
        at.has_member("acme", &account.id, Role::Viewer).await;
    }
    let stranger = at.has_person("stranger").await;
    at.has_member("other", &stranger.id, Role::Admin).await;
    let page = at.call(members(None, 3, 0)).await.unwrap();
    assert_eq!((vec!["c", "a", "b"], 4), (names(&page), page.total));
    let page = at.call(members(None, 3, 3)).await.unwrap();
    assert_eq!((vec!["d"], 4), (names(&page), page.total));
    let page = at.call(members(None, 3, 9)).await.unwrap();
    assert_eq!((vec![], 4), (names(&page), page.total));
    for limit in [0, 1_001] {
        assert!(refused(at.call(members(None, limit, 0)).await).contains("use 1 to 1000"));
    }
}

async fn members_are_found_by_any_of_their_names(at: Fixture) {
    at.has_workspace("acme").await;
    for (username, display_name) in [
        ("ada", "Countess Lovelace"),
        ("grace_h", "Grace Hopper"),
        ("ozlem", "Özlem 100%"),
    ] {
        let account = named(&at, username, display_name).await;
        at.has_member("acme", &account.id, Role::Viewer).await;
    }
    for (search, found) in [
        ("LOVE", vec!["ada"]),
        ("ada@example", vec!["ada"]),
        ("grace_", vec!["grace_h"]),
        ("e_h", vec!["grace_h"]),
        ("Özlem", vec!["ozlem"]),
        ("100%", vec!["ozlem"]),
        ("%", vec!["ozlem"]),
        (" hopper ", vec!["grace_h"]),
        ("nobody", vec![]),
    ] {
        let page = at.call(members(Some(search), 10, 0)).await.unwrap();
        assert_eq!(found, names(&page), "{search}");
        assert_eq!(found.len() as u64, page.total, "{search}");
    }
}

async fn token(at: &Fixture, account: &AccountId, workspace: Option<&str>) {
    let drawn = IssuedSecret::draw(SecretKind::ApiToken);
    at.call(CreateApiToken {
        account: account.clone(),
        name: "token".to_owned(),
        scopes: ScopeSet::from(Scope::Read),
        workspace: workspace.map(slug),
        secret: drawn.hash,
        hint: "abcd".to_owned(),
        expires_at: None,
    })
    .await
    .unwrap();
}

async fn a_member_is_listed_with_what_they_have_in_the_workspace_alone(at: Fixture) {
    at.has_workspace("acme").await;
    at.has_workspace("other").await;
    let (ada, grace) = (at.has_person("ada").await, at.has_person("grace").await);
    for account in [&ada, &grace] {
        at.has_member("acme", &account.id, Role::Editor).await;
        at.has_member("other", &account.id, Role::Editor).await;
    }
    let client = at.has_client("app", "app.example").await.id;
    at.has_grant(&ada.id, &client, "acme").await;
    at.has_grant(&ada.id, &client, "other").await;
    let ended = at.has_grant(&ada.id, &client, "acme").await;
    at.call(EndGrant {
        id: ended,
        reason: EndReason::ByUser,
    })
    .await
    .unwrap();
    token(&at, &ada.id, Some("acme")).await;
    token(&at, &ada.id, Some("other")).await;
    token(&at, &ada.id, None).await;
    let page = at.call(members(None, 10, 0)).await.unwrap();
    let has: Vec<_> = page
        .members
        .iter()
        .map(|member| {
            (
                member.account.username.as_str(),
                member.grants,
                member.api_tokens,
            )
        })
        .collect();
    assert_eq!([("ada", 1, 1), ("grace", 0, 0)], *has);
}

async fn administrators_are_counted_whether_they_match_or_not(at: Fixture) {
    at.has_workspace("acme").await;
    let (ada, grace) = (at.has_person("ada").await, at.has_person("grace").await);
    let off = at.has_person("off").await;
    for account in [&ada, &off] {
        at.has_member("acme", &account.id, Role::Admin).await;
    }
    at.has_member("acme", &grace.id, Role::Viewer).await;
    let count = async |search: Option<&str>| {
        let page = at.call(members(search, 10, 0)).await.unwrap();
        page.administrators
    };
    assert_eq!((2, 2), (count(None).await, count(Some("grace")).await));
    at.call(UpdateAccount {
        id: off.id,
        email: None,
        display_name: None,
        is_active: Some(false),
        is_administrator: None,
    })
    .await
    .unwrap();
    assert_eq!(1, count(None).await);
    // A team's place counts as well.
    at.call(CreateTeam {
        name: "leads".to_owned(),
    })
    .await
    .unwrap();
    at.call(SetTeamMember {
        team: "leads".to_owned(),
        account: grace.id.clone(),
        is_member: true,
    })
    .await
    .unwrap();
    at.call(SetTeamWorkspace {
        team: "leads".to_owned(),
        workspace: slug("acme"),
        role: Some(Role::Admin),
    })
    .await
    .unwrap();
    assert_eq!(2, count(None).await);
    let page = at.call(members(Some("grace"), 10, 0)).await.unwrap();
    let place = &page.members[0].membership;
    assert_eq!(
        (Role::Admin, Some(Role::Viewer)),
        (place.role, place.own_role)
    );
    assert!(!place.is_by_team);
}

async fn a_member_is_found_by_the_account(at: Fixture) {
    at.has_workspace("acme").await;
    let ada = at.has_person("ada").await;
    let find = || FindMember {
        workspace: slug("acme"),
        account: ada.id.clone(),
    };
    assert_eq!(None, at.call(find()).await.unwrap());
    at.has_member("acme", &ada.id, Role::Editor).await;
    let found = at.call(find()).await.unwrap().unwrap();
    assert_eq!(
        (Role::Editor, "ada"),
        (found.role, found.superset_username.as_str())
    );
}

fn grants(filter: GrantFilter, search: Option<&str>, limit: u32, offset: u32) -> ListGrantsPage {
    ListGrantsPage {
        filter,
        search: search.map(str::to_owned),
        limit,
        offset,
    }
}

async fn grants_come_in_parts_and_are_found_by_person_and_client(at: Fixture) {
    at.has_workspace("acme").await;
    at.has_workspace("other").await;
    let ada = named(&at, "ada", "Countess Lovelace").await;
    let grace = at.has_person("grace").await;
    for account in [&ada, &grace] {
        at.has_member("acme", &account.id, Role::Viewer).await;
        at.has_member("other", &account.id, Role::Viewer).await;
    }
    let (one, two) = (
        at.has_client("one", "one.example").await.id,
        at.has_client("two", "two.example").await.id,
    );
    for (account, client, workspace) in [
        (&ada, &one, "acme"),
        (&grace, &one, "acme"),
        (&grace, &two, "acme"),
        (&grace, &two, "other"),
    ] {
        at.has_grant(&account.id, client, workspace).await;
        at.pass(Duration::from_secs(1));
    }
    let acme = || GrantFilter {
        workspace: Some(slug("acme")),
        ..GrantFilter::default()
    };
    let found = async |filter: GrantFilter, search: Option<&str>, limit, offset| {
        let page = at.call(grants(filter, search, limit, offset)).await;
        let page = page.unwrap();
        let pairs: Vec<_> = page
            .grants
            .iter()
            .map(|one| format!("{} {}", one.summary.username, one.summary.grant.client))
            .collect();
        (pairs.join(", "), page.total)
    };
    assert_eq!(
        ("grace two, grace one".to_owned(), 3),
        found(acme(), None, 2, 0).await
    );
    assert_eq!(("ada one".to_owned(), 3), found(acme(), None, 2, 2).await);
    for (search, expected, total) in [
        ("GRACE", "grace two, grace one", 2),
        ("lovelace", "ada one", 1),
        ("app ONE", "grace one, ada one", 2),
        ("the app", "grace two, grace one, ada one", 3),
        ("nobody", "", 0),
    ] {
        assert_eq!(
            (expected.to_owned(), total),
            found(acme(), Some(search), 10, 0).await,
            "{search}"
        );
    }
    let everywhere = found(GrantFilter::default(), None, 10, 0).await;
    assert_eq!(4, everywhere.1);
}

async fn a_grant_is_listed_with_the_redirects_of_its_client_while_there_is_one(at: Fixture) {
    at.has_workspace("acme").await;
    let ada = at.has_person("ada").await;
    at.has_member("acme", &ada.id, Role::Viewer).await;
    let client = at.has_client("one", "one.example").await.id;
    at.has_grant(&ada.id, &client, "acme").await;
    let list = async |with_ended| {
        let filter = GrantFilter {
            with_ended,
            ..GrantFilter::default()
        };
        at.call(grants(filter, None, 10, 0)).await.unwrap().grants
    };
    let found = list(false).await;
    assert_eq!(["https://one.example/callback"], *found[0].redirect_uris);
    at.call(RemoveClient { id: client }).await.unwrap();
    assert!(list(false).await.is_empty());
    let found = list(true).await;
    assert_eq!("The app one", found[0].summary.client_name);
    assert!(found[0].redirect_uris.is_empty());
    let search = grants(
        GrantFilter {
            with_ended: true,
            ..GrantFilter::default()
        },
        Some("app one"),
        10,
        0,
    );
    assert_eq!(1, at.call(search).await.unwrap().total);
}

async fn the_latest_workspace_is_the_one_that_was_used_or_agreed_to_last(at: Fixture) {
    let ada = at.has_person("ada").await;
    let client = at.has_client("one", "one.example").await.id;
    let latest = async || {
        let account = ada.id.clone();
        at.call(FindLatestWorkspace { account }).await.unwrap()
    };
    assert_eq!(None, latest().await);
    let mut ids = Vec::new();
    for workspace in ["acme", "beta"] {
        at.has_workspace(workspace).await;
        at.has_member(workspace, &ada.id, Role::Viewer).await;
        ids.push(at.has_grant(&ada.id, &client, workspace).await);
        at.pass(Duration::from_mins(10));
        assert_eq!(Some(slug(workspace)), latest().await);
    }
    let calls = vec![(ids[0].clone(), 1)];
    at.call(NoteGrantUse { calls }).await.unwrap();
    assert_eq!(Some(slug("acme")), latest().await);
    // What ended was used all the same.
    at.call(EndGrant {
        id: ids[0].clone(),
        reason: EndReason::ByUser,
    })
    .await
    .unwrap();
    assert_eq!(Some(slug("acme")), latest().await);
}

fn event(at: i64, action: &str) -> AuditEvent {
    AuditEvent {
        at,
        action: action.to_owned(),
        account: None,
        client: None,
        workspace: None,
        address: None,
        outcome: "ok".to_owned(),
        detail: None,
    }
}

async fn events(at: &Fixture, filter: AuditFilter, limit: u32, offset: u32) -> EventsPage {
    at.call(ListEventsPage {
        filter,
        limit,
        offset,
    })
    .await
    .unwrap()
}

async fn records_come_in_parts_with_names(at: Fixture) {
    at.has_workspace("acme").await;
    let ada = at.has_person("ada").await;
    at.has_member("acme", &ada.id, Role::Viewer).await;
    let (kept, gone) = (
        at.has_client("kept", "one.example").await.id,
        at.has_client("gone", "two.example").await.id,
    );
    at.has_grant(&ada.id, &gone, "acme").await;
    at.call(RemoveClient { id: gone.clone() }).await.unwrap();
    let about = |number: i64, client: &str| AuditEvent {
        account: Some(ada.id.clone()),
        client: Some(client.parse().unwrap()),
        ..event(number, "consent.allowed")
    };
    let recorded = vec![
        about(1, "kept"),
        about(2, "gone"),
        about(3, "never-seen"),
        event(4, "sign_in.failed"),
    ];
    at.call(RecordEvents { events: recorded }).await.unwrap();
    let page = events(&at, AuditFilter::default(), 3, 0).await;
    let told: Vec<_> = page.events.iter().map(named_as).collect();
    assert_eq!(
        [
            (4, None, None),
            (3, Some("ada"), None),
            (2, Some("ada"), Some("The app gone")),
        ],
        *told
    );
    assert_eq!((4, false), (page.total, page.is_more));
    let page = events(&at, AuditFilter::default(), 3, 3).await;
    assert_eq!(
        [(1, Some("ada"), Some("The app kept"))],
        *page.events.iter().map(named_as).collect::<Vec<_>>()
    );
    let of_client = AuditFilter {
        client: Some(kept),
        ..AuditFilter::default()
    };
    assert_eq!(1, events(&at, of_client, 3, 0).await.total);
    let far = ListEventsPage {
        filter: AuditFilter::default(),
        limit: 1,
        offset: 10_001,
    };
    assert!(refused(at.call(far).await).starts_with("offset 10001"));
}

fn named_as(one: &NamedEvent) -> (i64, Option<&str>, Option<&str>) {
    (
        one.event.at,
        one.username.as_deref(),
        one.client_name.as_deref(),
    )
}

async fn records_are_found_by_username_client_and_refusal(at: Fixture) {
    at.has_workspace("acme").await;
    let ada = at.has_person("ada").await;
    at.has_member("acme", &ada.id, Role::Viewer).await;
    at.has_client("one", "one.example").await;
    let recorded = vec![
        AuditEvent {
            account: Some(ada.id),
            client: Some("one".parse().unwrap()),
            ..event(1, "consent.allowed")
        },
        AuditEvent {
            outcome: "wrong_password".to_owned(),
            ..event(2, "sign_in.failed")
        },
    ];
    at.call(RecordEvents { events: recorded }).await.unwrap();
    let found = async |filter: AuditFilter| {
        let page = events(&at, filter, 10, 0).await;
        assert_eq!(page.total, page.events.len() as u64);
        page.events
            .iter()
            .map(|one| one.event.at)
            .collect::<Vec<_>>()
    };
    for (username, expected) in [("ADA", vec![1]), ("ad", vec![]), ("nobody", vec![])] {
        let by = AuditFilter {
            username: Some(username.to_owned()),
            ..AuditFilter::default()
        };
        assert_eq!(expected, found(by).await, "{username}");
    }
    for (text, expected) in [("one", vec![1]), ("APP on", vec![1]), ("two", vec![])] {
        let about = AuditFilter {
            client_text: Some(text.to_owned()),
            ..AuditFilter::default()
        };
        assert_eq!(expected, found(about).await, "{text}");
    }
    let refused = AuditFilter {
        only_refused: true,
        ..AuditFilter::default()
    };
    assert_eq!(vec![2], found(refused).await);
}

async fn what_cannot_be_stored_is_refused_in_searches_and_not_sent_to_the_database(at: Fixture) {
    at.has_workspace("acme").await;
    for text in ["\0", "a\0b", "a\u{1b}b", "a\u{85}b"] {
        let told = refused(at.call(members(Some(text), 10, 0)).await);
        assert!(told.starts_with("search "), "{told}");
        let told = refused(
            at.call(grants(GrantFilter::default(), Some(text), 10, 0))
                .await,
        );
        assert!(told.starts_with("search "), "{told}");
        for filter in [
            AuditFilter {
                username: Some(text.to_owned()),
                ..AuditFilter::default()
            },
            AuditFilter {
                client_text: Some(text.to_owned()),
                ..AuditFilter::default()
            },
        ] {
            let page = ListEventsPage {
                filter,
                limit: 1,
                offset: 0,
            };
            let told = refused(at.call(page).await);
            assert!(told.starts_with("filter."), "{told}");
        }
    }
}
