//! People and service accounts.

use std::time::Duration;

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::account::{
    AccountFilter, AccountKey, AccountKind, AdmitUpstream, CountAccounts, CreateAccount,
    CreateServiceAccount, EndSessions, FindAccount, FindPassword, FirstPlace, LinkUpstream,
    ListAccounts, NoteSignIn, PasswordChange, ReplacePasswordHash, SetPassword, UpdateAccount,
    UpstreamIdentity,
};
use tidegate_control_plane::audit::{AuditFilter, ListEvents};
use tidegate_control_plane::change::LoggedChange;
use tidegate_control_plane::grant::{EndReason, FindGrant};
use tidegate_control_plane::workspace::{ListMembers, SetMembership};
use tidegate_types::{AccountId, Role};

use crate::fixture::{Fixture, scenarios};
use crate::given::{is_not_found, person, refused, slug};

scenarios! {
    an_account_is_found_by_each_of_its_names,
    a_name_or_verified_address_is_taken_once,
    an_address_that_nobody_proved_blocks_nobody,
    nobody_takes_anothers_address_for_a_name,
    what_is_not_valid_names_its_field,
    accounts_are_listed_by_name_page_by_page,
    signs_of_patterns_are_searched_for_as_they_are,
    a_changed_address_is_not_verified_any_more,
    deactivating_ends_grants_and_sessions_and_is_told,
    the_last_active_administrator_stays,
    of_two_administrators_who_remove_each_other_one_stays,
    a_password_is_kept_for_the_sign_in_alone,
    sessions_of_the_same_second_end_as_well,
    an_upstream_identity_belongs_to_one_account,
    a_provider_proves_the_address_of_whoever_connects_it,
    an_identity_gets_an_account_once,
    of_many_who_come_for_the_first_time_at_once_one_account_is_made,
    an_account_without_its_place_is_not_made,
    a_hash_is_replaced_only_by_whoever_read_it,
    people_sign_in_by_an_address_that_nobody_proved_while_it_is_one_accounts,
    a_service_account_belongs_to_one_workspace,
    what_is_not_there_is_not_changed,
}

fn all() -> ListAccounts {
    ListAccounts {
        filter: AccountFilter::default(),
        limit: 1_000,
        offset: 0,
    }
}

fn update(id: &AccountId) -> UpdateAccount {
    UpdateAccount {
        id: id.clone(),
        email: None,
        display_name: None,
        is_active: None,
        is_administrator: None,
    }
}

async fn an_account_is_found_by_each_of_its_names(at: Fixture) {
    let made = at
        .call(CreateAccount {
            email: Some("Ada@Example.com".to_owned()),
            is_email_verified: true,
            display_name: "Ada Lovelace".to_owned(),
            ..person("Ada")
        })
        .await
        .unwrap();
    assert_eq!(
        ("ada", "Ada Lovelace"),
        (made.username.as_str(), made.display_name.as_str())
    );
    assert_eq!(Some("Ada@Example.com"), made.email.as_deref());
    assert!(made.is_active && made.is_email_verified && !made.has_password);
    let upstream = LinkUpstream {
        id: made.id.clone(),
        issuer: "https://id.example".to_owned(),
        subject: "42".to_owned(),
        proved_email: None,
    };
    at.call(upstream).await.unwrap();
    for key in [
        AccountKey::Id(made.id.clone()),
        AccountKey::Username("ADA".to_owned()),
        AccountKey::VerifiedEmail("ada@EXAMPLE.com".to_owned()),
        AccountKey::Upstream {
            issuer: "https://id.example".to_owned(),
            subject: "42".to_owned(),
        },
    ] {
        let found = at.call(FindAccount { key }).await.unwrap();
        assert_eq!(Some(&made), found.as_ref());
    }
    let other = AccountKey::Upstream {
        issuer: "https://evil.example".to_owned(),
        subject: "42".to_owned(),
    };
    assert_eq!(None, at.call(FindAccount { key: other }).await.unwrap());
    assert_eq!(1, at.call(CountAccounts {}).await.unwrap());
}

async fn a_name_or_verified_address_is_taken_once(at: Fixture) {
    let with_address = |username: &str| CreateAccount {
        email: Some("ada@example.com".to_owned()),
        is_email_verified: true,
        ..person(username)
    };
    at.call(with_address("ada")).await.unwrap();
    let said = refused(at.call(person("ADA")).await);
    assert_eq!("username \"ada\" is taken: use another", said);
    let said = refused(at.call(with_address("ada2")).await);
    assert_eq!("email \"ada@example.com\" is taken: use another", said);
    assert_eq!(1, at.call(CountAccounts {}).await.unwrap());
}

async fn an_address_that_nobody_proved_blocks_nobody(at: Fixture) {
    let claims = |username: &str, is_email_verified| CreateAccount {
        email: Some("ada@example.com".to_owned()),
        is_email_verified,
        ..person(username)
    };
    at.call(claims("mallory", false)).await.unwrap();
    let ada = at.call(claims("ada", true)).await.unwrap();
    let key = AccountKey::VerifiedEmail("ada@example.com".to_owned());
    let found = at.call(FindAccount { key }).await.unwrap();
    assert_eq!(ada.id, found.unwrap().id);
}

async fn nobody_takes_anothers_address_for_a_name(at: Fixture) {
    let ada = CreateAccount {
        email: Some("Ada@Example.com".to_owned()),
        is_email_verified: true,
        ..person("ada")
    };
    at.call(ada).await.unwrap();
    let said = refused(at.call(person("ada@example.com")).await);
    assert_eq!("username \"ada@example.com\" is taken: use another", said);
}

async fn what_is_not_valid_names_its_field(at: Fixture) {
    let cases = [
        (
            "username",
            CreateAccount {
                username: "a b".to_owned(),
                ..person("x")
            },
        ),
        (
            "email",
            CreateAccount {
                email: Some("nowhere".to_owned()),
                ..person("x")
            },
        ),
        (
            "is_email_verified",
            CreateAccount {
                is_email_verified: true,
                ..person("x")
            },
        ),
        (
            "display_name",
            CreateAccount {
                display_name: "a\u{202E}b".to_owned(),
                ..person("x")
            },
        ),
        (
            "password_hash",
            CreateAccount {
                password_hash: Some("hunter2".to_owned()),
                ..person("x")
            },
        ),
    ];
    for (field, asked) in cases {
        let said = refused(at.call(asked).await);
        assert!(said.starts_with(field), "{field}: {said}");
        assert!(!said.contains("hunter2"));
    }
    for limit in [0, 1_001] {
        let said = refused(at.call(ListAccounts { limit, ..all() }).await);
        assert_eq!(format!("limit {limit} is not valid: use 1 to 1000"), said);
    }
    assert_eq!(0, at.call(CountAccounts {}).await.unwrap());
}

async fn names(at: &Fixture, filter: AccountFilter) -> Vec<String> {
    let listed = at.call(ListAccounts { filter, ..all() }).await.unwrap();
    listed.into_iter().map(|account| account.username).collect()
}

async fn accounts_are_listed_by_name_page_by_page(at: Fixture) {
    at.has_workspace("acme").await;
    for name in ["cleo", "ada", "bob"] {
        at.has_person(name).await;
    }
    let key = AccountKey::Username("bob".to_owned());
    let bob = at.call(FindAccount { key }).await.unwrap().unwrap();
    at.has_member("acme", &bob.id, Role::Viewer).await;
    assert_eq!(
        ["ada", "bob", "cleo"],
        *names(&at, AccountFilter::default()).await
    );
    let page = ListAccounts {
        limit: 1,
        offset: 1,
        ..all()
    };
    assert_eq!("bob", at.call(page).await.unwrap()[0].username);
    let members = AccountFilter {
        workspace: Some(slug("acme")),
        ..AccountFilter::default()
    };
    assert_eq!(["bob"], *names(&at, members).await);
    let search = AccountFilter {
        search: Some("LE".to_owned()),
        ..AccountFilter::default()
    };
    assert_eq!(["cleo"], *names(&at, search).await);
    let services = AccountFilter {
        kind: Some(AccountKind::Service),
        ..AccountFilter::default()
    };
    assert!(names(&at, services).await.is_empty());
}

async fn signs_of_patterns_are_searched_for_as_they_are(at: Fixture) {
    at.has_person("under_score").await;
    at.has_person("underxscore").await;
    let search = |text: &str| AccountFilter {
        search: Some(text.to_owned()),
        ..AccountFilter::default()
    };
    assert_eq!(["under_score"], *names(&at, search("r_s")).await);
    assert!(names(&at, search("%")).await.is_empty());
    assert!(names(&at, search("\\")).await.is_empty());
    assert!(names(&at, search("' OR 1=1 --")).await.is_empty());
}

async fn a_changed_address_is_not_verified_any_more(at: Fixture) {
    let made = at
        .call(CreateAccount {
            email: Some("ada@example.com".to_owned()),
            is_email_verified: true,
            ..person("ada")
        })
        .await
        .unwrap();
    let same = UpdateAccount {
        email: made.email.clone(),
        display_name: Some("Ada".to_owned()),
        ..update(&made.id)
    };
    assert!(at.call(same).await.unwrap().is_email_verified);
    let other = UpdateAccount {
        email: Some("other@example.com".to_owned()),
        ..update(&made.id)
    };
    let changed = at.call(other).await.unwrap();
    assert_eq!(
        (Some("other@example.com"), false),
        (changed.email.as_deref(), changed.is_email_verified)
    );
    for address in ["ada@example.com", "other@example.com"] {
        let key = AccountKey::VerifiedEmail(address.to_owned());
        assert_eq!(None, at.call(FindAccount { key }).await.unwrap());
    }
    let none = UpdateAccount {
        email: Some(String::new()),
        ..update(&made.id)
    };
    assert_eq!(None, at.call(none).await.unwrap().email);
    let key = AccountKey::Id(made.id.clone());
    let stored = at.call(FindAccount { key }).await.unwrap().unwrap();
    assert_eq!((None, "Ada"), (stored.email, stored.display_name.as_str()));
}

async fn deactivating_ends_grants_and_sessions_and_is_told(at: Fixture) {
    let account = at.has_person("ada").await;
    let other = at.has_person("bob").await;
    at.has_workspace("acme").await;
    let client = at.has_client("app", "app.example").await;
    for id in [&account.id, &other.id] {
        at.has_member("acme", id, Role::Viewer).await;
    }
    let grant = at.has_grant(&account.id, &client.id, "acme").await;
    let others = at.has_grant(&other.id, &client.id, "acme").await;
    at.pass(Duration::from_mins(1));
    let head = at.head().await;
    let off = UpdateAccount {
        is_active: Some(false),
        ..update(&account.id)
    };
    let off = at.call(off).await.unwrap();
    assert!(!off.is_active);
    assert_eq!(at.now(), off.sessions_valid_from);
    let ended = at
        .call(FindGrant { id: grant.clone() })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(Some((at.now(), EndReason::AccountInactive)), ended.ended);
    let kept = at.call(FindGrant { id: others }).await.unwrap().unwrap();
    assert_eq!(None, kept.ended);
    let told = at.changes_since(head).await;
    assert!(told.contains(&LoggedChange::Account), "{told:?}");
    // Nothing more happens the second time, and being on again brings no grant back.
    let head = at.head().await;
    let again = UpdateAccount {
        is_active: Some(false),
        ..update(&account.id)
    };
    at.call(again).await.unwrap();
    assert!(at.changes_since(head).await.is_empty());
    let on = UpdateAccount {
        is_active: Some(true),
        ..update(&account.id)
    };
    assert!(at.call(on).await.unwrap().is_active);
    assert_eq!(vec![LoggedChange::Account], at.changes_since(head).await);
    assert!(
        at.call(FindGrant { id: grant })
            .await
            .unwrap()
            .unwrap()
            .ended
            .is_some()
    );
}

async fn the_last_active_administrator_stays(at: Fixture) {
    let root = CreateAccount {
        is_administrator: true,
        ..person("root")
    };
    let root = at.call(root).await.unwrap();
    at.has_person("ada").await;
    let gone = CreateAccount {
        is_administrator: true,
        ..person("gone")
    };
    let gone = at.call(gone).await.unwrap();
    let off = UpdateAccount {
        is_active: Some(false),
        ..update(&gone.id)
    };
    at.call(off).await.unwrap();
    for asked in [
        UpdateAccount {
            is_administrator: Some(false),
            ..update(&root.id)
        },
        UpdateAccount {
            is_active: Some(false),
            ..update(&root.id)
        },
    ] {
        let said = refused(at.call(asked).await);
        assert_eq!(
            "\"root\" is the last active administrator: make another one first",
            said
        );
    }
    let harmless = UpdateAccount {
        display_name: Some("Root".to_owned()),
        ..update(&root.id)
    };
    assert!(at.call(harmless).await.unwrap().is_administrator);
}

async fn of_two_administrators_who_remove_each_other_one_stays(at: Fixture) {
    let mut removals = Vec::new();
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let admin = CreateAccount {
            is_administrator: true,
            ..person(name)
        };
        ids.push(at.call(admin).await.unwrap().id);
    }
    for id in &ids {
        let (manager, remove) = (
            at.manager.clone(),
            UpdateAccount {
                is_administrator: Some(false),
                ..update(id)
            },
        );
        removals.push(tokio::spawn(async move { manager.call(remove).await }));
    }
    let mut done = 0;
    for removal in removals {
        match removal.await.unwrap() {
            Ok(_) => done += 1,
            Err(err) => assert!(matches!(err, ManagerError::Conflict(_)), "{err:?}"),
        }
    }
    assert_eq!(1, done);
    let accounts = at.call(all()).await.unwrap();
    assert_eq!(
        1,
        accounts
            .iter()
            .filter(|account| account.is_administrator)
            .count()
    );
}

async fn a_password_is_kept_for_the_sign_in_alone(at: Fixture) {
    let hash = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA";
    let ada = CreateAccount {
        password_hash: Some(hash.to_owned()),
        must_change_password: true,
        ..person("ada")
    };
    let ada = at.call(ada).await.unwrap();
    assert!(ada.has_password && ada.must_change_password);
    let find = || FindPassword {
        username: "ADA".to_owned(),
    };
    let found = at.call(find()).await.unwrap().unwrap();
    assert_eq!(Some(hash), found.password_hash.as_deref());
    assert!(!format!("{found:?}").contains("argon2id"));
    at.pass(Duration::from_secs(10));
    let other = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$b3RoZXI";
    at.call(SetPassword {
        id: ada.id.clone(),
        password_hash: other.to_owned(),
        must_change: false,
    })
    .await
    .unwrap();
    let found = at.call(find()).await.unwrap().unwrap();
    assert_eq!(Some(other), found.password_hash.as_deref());
    assert!(!found.account.must_change_password);
    assert_eq!(at.now(), found.account.sessions_valid_from);
    at.pass(Duration::from_secs(10));
    at.call(EndSessions { id: ada.id.clone() }).await.unwrap();
    at.call(NoteSignIn { id: ada.id.clone() }).await.unwrap();
    let account = at.call(find()).await.unwrap().unwrap().account;
    assert_eq!(
        (at.now(), Some(at.now())),
        (account.sessions_valid_from, account.last_sign_in_at)
    );
    assert!(
        at.call(FindPassword {
            username: "nobody".to_owned()
        })
        .await
        .unwrap()
        .is_none()
    );
}

async fn sessions_of_the_same_second_end_as_well(at: Fixture) {
    let ada = at.has_person("ada").await;
    let set = || SetPassword {
        id: ada.id.clone(),
        password_hash: "$argon2id$x".to_owned(),
        must_change: false,
    };
    let find = || FindAccount {
        key: AccountKey::Id(ada.id.clone()),
    };
    let mut stamps = vec![ada.sessions_valid_from];
    for _ in 0..2 {
        let id = ada.id.clone();
        at.call(EndSessions { id }).await.unwrap();
        stamps.push(at.call(find()).await.unwrap().unwrap().sessions_valid_from);
        at.call(set()).await.unwrap();
        stamps.push(at.call(find()).await.unwrap().unwrap().sessions_valid_from);
    }
    let off = UpdateAccount {
        is_active: Some(false),
        ..update(&ada.id)
    };
    stamps.push(at.call(off).await.unwrap().sessions_valid_from);
    assert!(stamps.is_sorted_by(|one, next| one < next), "{stamps:?}");
}

async fn an_upstream_identity_belongs_to_one_account(at: Fixture) {
    let (ada, bob) = (at.has_person("ada").await, at.has_person("bob").await);
    let link = |id: &AccountId, subject: String| LinkUpstream {
        id: id.clone(),
        issuer: "https://id.example".to_owned(),
        subject,
        proved_email: None,
    };
    for _ in 0..2 {
        at.call(link(&ada.id, "1".to_owned())).await.unwrap();
    }
    let said = refused(at.call(link(&bob.id, "1".to_owned())).await);
    assert!(said.contains("tied to another account"), "{said}");
    let key = AccountKey::Upstream {
        issuer: "https://id.example".to_owned(),
        subject: "1".to_owned(),
    };
    assert_eq!(
        ada.id,
        at.call(FindAccount { key }).await.unwrap().unwrap().id
    );
    for number in 2..=20 {
        at.call(link(&ada.id, number.to_string())).await.unwrap();
    }
    let said = refused(at.call(link(&ada.id, "21".to_owned())).await);
    assert_eq!("at most 20 upstream identities an account", said);
    at.call(link(&ada.id, "20".to_owned())).await.unwrap();
    assert!(is_not_found(
        at.call(link(&AccountId::new(), "9".to_owned())).await,
        "account"
    ));
}

async fn a_provider_proves_the_address_of_whoever_connects_it(at: Fixture) {
    let with_address = |username: &str, email: &str| CreateAccount {
        email: Some(email.to_owned()),
        ..person(username)
    };
    let connect = |id: &AccountId, subject: &str, proved: &str| LinkUpstream {
        id: id.clone(),
        issuer: "https://id.example".to_owned(),
        subject: subject.to_owned(),
        proved_email: Some(proved.to_owned()),
    };
    let verified = async |id: &AccountId| {
        let key = AccountKey::Id(id.clone());
        let found = at.call(FindAccount { key }).await.unwrap().unwrap();
        found.is_email_verified
    };
    let ada = at
        .call(with_address("ada", "Ada@example.com"))
        .await
        .unwrap();
    // Another address than the account's own proves nothing of it, and does not take its place.
    at.call(connect(&ada.id, "1", "eve@example.com"))
        .await
        .unwrap();
    assert!(!verified(&ada.id).await);
    at.call(connect(&ada.id, "1", "ada@EXAMPLE.com"))
        .await
        .unwrap();
    assert!(verified(&ada.id).await);
    // Who proved it first has it.
    let other = at
        .call(with_address("other", "ada@example.com"))
        .await
        .unwrap();
    at.call(connect(&other.id, "2", "ada@example.com"))
        .await
        .unwrap();
    assert!(!verified(&other.id).await && verified(&ada.id).await);
}

fn admit(subject: &str, username: &str) -> AdmitUpstream {
    AdmitUpstream {
        identity: UpstreamIdentity {
            issuer: "superset:acme".to_owned(),
            subject: subject.to_owned(),
        },
        account: person(username),
        place: Some(FirstPlace {
            workspace: slug("acme"),
            role: Role::Analyst,
            superset_username: Some("Ada".to_owned()),
        }),
    }
}

async fn an_identity_gets_an_account_once(at: Fixture) {
    at.has_workspace("acme").await;
    let head = at.head().await;
    let first = at.call(admit("7", "ada")).await.unwrap();
    assert!(first.is_new && !first.account.has_password);
    let again = at.call(admit("7", "ignored")).await.unwrap();
    assert_eq!((false, &first.account), (again.is_new, &again.account));
    let members = ListMembers {
        workspace: slug("acme"),
    };
    let members = at.call(members).await.unwrap();
    assert_eq!(1, members.len());
    assert_eq!(
        (Role::Analyst, "Ada"),
        (members[0].role, members[0].superset_username.as_str())
    );
    assert_eq!(
        vec![LoggedChange::Workspace {
            workspace: slug("acme")
        }],
        at.changes_since(head).await
    );
    let said = refused(at.call(admit("8", "ADA")).await);
    assert_eq!("username \"ada\" is taken: use another", said);
    let with_password = AdmitUpstream {
        account: CreateAccount {
            password_hash: Some("$argon2id$v=19$x".to_owned()),
            ..person("eve")
        },
        ..admit("9", "eve")
    };
    assert!(refused(at.call(with_password).await).starts_with("password_hash is given"));
}

async fn of_many_who_come_for_the_first_time_at_once_one_account_is_made(at: Fixture) {
    at.has_workspace("acme").await;
    let comers = (0..8).map(|number| {
        let manager = at.manager.clone();
        // As the sign-in does: a name that is taken becomes another one.
        tokio::spawn(async move {
            match manager.call(admit("7", "ada")).await {
                Err(ManagerError::Conflict(_)) => {
                    manager.call(admit("7", &format!("ada-{number}"))).await
                }
                admitted => admitted,
            }
        })
    });
    let mut new = 0;
    let mut ids = Vec::new();
    for comer in comers.collect::<Vec<_>>() {
        let admitted = comer.await.unwrap().unwrap();
        new += u32::from(admitted.is_new);
        ids.push(admitted.account.id);
    }
    ids.dedup();
    assert_eq!((1, 1), (new, ids.len()));
    assert_eq!(1, at.call(CountAccounts {}).await.unwrap());
}

async fn an_account_without_its_place_is_not_made(at: Fixture) {
    assert!(is_not_found(at.call(admit("7", "ada")).await, "workspace"));
    assert_eq!(0, at.call(CountAccounts {}).await.unwrap());
}

async fn a_hash_is_replaced_only_by_whoever_read_it(at: Fixture) {
    let hash = |text: &str| format!("$argon2id$v=19${text}");
    let ada = CreateAccount {
        password_hash: Some(hash("first")),
        must_change_password: true,
        ..person("ada")
    };
    let ada = at.call(ada).await.unwrap();
    let replace = |old: &str, new: &str, change| ReplacePasswordHash {
        id: ada.id.clone(),
        replaces: hash(old),
        password_hash: hash(new),
        change,
    };
    let now = async || {
        let username = "ada".to_owned();
        let found = at.call(FindPassword { username }).await.unwrap().unwrap();
        (found.password_hash.unwrap(), found.account)
    };
    assert!(
        !at.call(replace("other", "lost", PasswordChange::NewPassword))
            .await
            .unwrap()
    );
    assert_eq!(hash("first"), now().await.0);
    assert!(
        at.call(replace("first", "same", PasswordChange::SamePassword))
            .await
            .unwrap()
    );
    let (stored, account) = now().await;
    assert_eq!(hash("same"), stored);
    // The same password: it must still be changed, and sessions go on.
    assert!(account.must_change_password);
    assert_eq!(ada.sessions_valid_from, account.sessions_valid_from);
    assert!(
        at.call(replace("same", "new", PasswordChange::NewPassword))
            .await
            .unwrap()
    );
    let (stored, account) = now().await;
    assert_eq!(hash("new"), stored);
    assert!(!account.must_change_password);
    assert!(account.sessions_valid_from > ada.sessions_valid_from);
    // Of two who read the same, one replaces it.
    let racers = ["a", "b"].map(|text| {
        let (manager, replace) = (
            at.manager.clone(),
            replace("new", text, PasswordChange::SamePassword),
        );
        tokio::spawn(async move { manager.call(replace).await })
    });
    let mut replaced = 0;
    for racer in racers {
        replaced += u32::from(racer.await.unwrap().unwrap());
    }
    assert_eq!(1, replaced);
    let shown = format!("{:?}", replace("new", "newer", PasswordChange::NewPassword));
    assert!(!shown.contains("argon2"), "{shown}");
}

async fn people_sign_in_by_an_address_that_nobody_proved_while_it_is_one_accounts(at: Fixture) {
    let with_address = |username: &str, has_password: bool| CreateAccount {
        email: Some("Ada@example.com".to_owned()),
        password_hash: has_password.then(|| "$argon2id$v=19$x".to_owned()),
        ..person(username)
    };
    let found = async |name: &str| {
        let username = name.to_owned();
        let found = at.call(FindPassword { username }).await.unwrap();
        found.map(|found| found.account.username)
    };
    at.call(with_address("ada", true)).await.unwrap();
    at.call(with_address("by-provider", false)).await.unwrap();
    assert_eq!(Some("ada"), found("ada@EXAMPLE.com").await.as_deref());
    // Nobody decides for her whose password is asked for.
    at.call(with_address("mallory", true)).await.unwrap();
    assert_eq!(None, found("ada@example.com").await);
    assert_eq!(Some("ada"), found("ada").await.as_deref());
    let proved = CreateAccount {
        is_email_verified: true,
        ..with_address("owner", true)
    };
    at.call(proved).await.unwrap();
    assert_eq!(Some("owner"), found("ada@example.com").await.as_deref());
    at.call(with_address("ada@example.com", true))
        .await
        .unwrap_err();
}

async fn a_service_account_belongs_to_one_workspace(at: Fixture) {
    let maker = at.has_person("ada").await;
    at.has_workspace("acme").await;
    at.has_workspace("rival").await;
    let create = |name: &str, workspace: &str| CreateServiceAccount {
        username: name.to_owned(),
        display_name: "Nightly reports".to_owned(),
        workspace: slug(workspace),
        role: Role::Analyst,
        superset_username: Some("reports".to_owned()),
        made_by: Some(maker.id.clone()),
    };
    let head = at.head().await;
    let made = at.call(create("nightly", "acme")).await.unwrap();
    assert_eq!(AccountKind::Service, made.kind);
    assert_eq!(
        vec![LoggedChange::Workspace {
            workspace: slug("acme")
        }],
        at.changes_since(head).await
    );
    let members = at
        .call(ListMembers {
            workspace: slug("acme"),
        })
        .await
        .unwrap();
    assert_eq!(1, members.len());
    assert_eq!(
        (Role::Analyst, "reports"),
        (members[0].role, members[0].superset_username.as_str())
    );
    let elsewhere = SetMembership {
        workspace: slug("rival"),
        account: made.id.clone(),
        role: Role::Viewer,
        superset_username: None,
    };
    let said = refused(at.call(elsewhere).await);
    assert!(
        said.contains("belongs to \"acme\", and to one alone"),
        "{said}"
    );
    let said = refused(
        at.call(UpdateAccount {
            is_administrator: Some(true),
            ..update(&made.id)
        })
        .await,
    );
    assert!(
        said.starts_with("is_administrator is true for a service account"),
        "{said}"
    );
    let link = LinkUpstream {
        id: made.id.clone(),
        issuer: "https://id.example".to_owned(),
        subject: "1".to_owned(),
        proved_email: None,
    };
    assert!(refused(at.call(link).await).contains("only people sign in"));
    let password = SetPassword {
        id: made.id.clone(),
        password_hash: "$argon2id$x".to_owned(),
        must_change: false,
    };
    assert!(is_not_found(at.call(password).await, "account"));
    // It counts as no person, and nothing is left of one that could not be made.
    assert_eq!(1, at.call(CountAccounts {}).await.unwrap());
    assert!(is_not_found(
        at.call(create("other", "nowhere")).await,
        "workspace"
    ));
    assert!(refused(at.call(create("nightly", "acme")).await).contains("is taken"));
    assert_eq!(
        ["ada", "nightly"],
        *names(&at, AccountFilter::default()).await
    );
    let events = ListEvents {
        filter: AuditFilter::default(),
        limit: 10,
        offset: 0,
    };
    let events = at.call(events).await.unwrap();
    assert_eq!(
        ("account.service_created", Some(&maker.id)),
        (events[0].action.as_str(), events[0].account.as_ref())
    );
}

async fn what_is_not_there_is_not_changed(at: Fixture) {
    let id = AccountId::new();
    let set = SetPassword {
        id: id.clone(),
        password_hash: "$argon2id$x".to_owned(),
        must_change: false,
    };
    assert!(is_not_found(at.call(set).await, "account"));
    assert!(is_not_found(at.call(update(&id)).await, "account"));
    let off = UpdateAccount {
        is_active: Some(false),
        ..update(&id)
    };
    assert!(is_not_found(at.call(off).await, "account"));
    assert!(is_not_found(
        at.call(NoteSignIn { id: id.clone() }).await,
        "account"
    ));
    assert!(is_not_found(at.call(EndSessions { id }).await, "account"));
}
