//! The users of workspaces' Supersets.

use tidegate_control_plane::account::{AccountKey, UpdateAccount};
use tidegate_control_plane::workspace::{
    ListMemberships, Membership, RemoveMembership, SetMembership,
};
use tidegate_login::{SupersetAccount, SupersetSignIn};
use tidegate_types::{AccountId, Role, UserId};

use crate::stage::{GOOD, OTHER, Stage};

/// Written by werkzeug 3.1.9 with `method="scrypt:1024:8:1"`, cheap for tests; the default's vectors are beside the code.
const GOOD_HASH: &str = include_str!("hashes/good.txt");
const OTHER_HASH: &str = include_str!("hashes/other.txt");

async fn stage() -> Stage {
    Stage::with(|settings| {
        settings.superset = vec![
            SupersetSignIn {
                workspace: "acme".parse().unwrap(),
                role: Some(Role::Analyst),
            },
            SupersetSignIn {
                workspace: "rival".parse().unwrap(),
                role: Some(Role::Viewer),
            },
        ];
    })
    .await
}

async fn places(stage: &Stage, account: &AccountId) -> Vec<Membership> {
    let list = ListMemberships {
        account: account.clone(),
    };
    stage.manager.call(list).await.unwrap()
}

#[tokio::test]
async fn a_user_gets_an_account_in_their_workspace_and_keeps_it() {
    let stage = stage().await;
    stage.superset.put("acme", 7, "Ada", GOOD_HASH.trim());
    let first = stage.enter("Ada", GOOD).await.unwrap().session.account;
    assert_eq!("ada", first.username);
    assert_eq!("Ada of acme", first.display_name);
    assert!(!first.is_administrator && !first.is_email_verified && !first.has_password);
    let places = places(&stage, &first.id).await;
    assert_eq!(1, places.len());
    assert_eq!("acme", places[0].workspace.as_str());
    assert_eq!(Role::Analyst, places[0].role);
    assert_eq!("Ada", places[0].superset_username);
    let again = stage.enter("ada", GOOD).await.unwrap().session.account;
    assert_eq!(first.id, again.id);
    assert_eq!(1, stage.events("account.created").await.len());
    assert_eq!("wrong_credentials", stage.refusal("ada", OTHER).await);
    assert_eq!(
        "wrong_superset_password",
        stage.last("sign_in.failed").await.outcome
    );
}

/// Whoever administers one workspace's Superset writes any name, address and password there.
#[tokio::test]
async fn a_superset_user_becomes_nobody_of_the_deployment_by_name_or_address() {
    let stage = stage().await;
    let victim = stage.person("victim").await;
    stage.sign_in.first_start().await.unwrap();
    for (number, username, email) in [
        (1, "victim", "mallory@acme.test"),
        (2, "mallory", "victim@acme.test"),
        (3, "victim@acme.test", "victim@acme.test"),
        (4, "VICTIM", "victim@acme.test"),
        (5, "admin", "admin@acme.test"),
        (6, victim.id.as_str(), "victim@acme.test"),
    ] {
        stage.superset.put_user(
            "acme",
            SupersetAccount {
                user_id: UserId(number),
                username: username.to_owned(),
                email: Some(email.to_owned()),
                full_name: "The Administrator".to_owned(),
                password_hash: Some(OTHER_HASH.trim().to_owned()),
                is_active: true,
                is_made_here: false,
            },
        );
        let session = stage.enter(username, OTHER).await.unwrap();
        let account = session.session.account;
        assert_ne!(victim.id, account.id, "{username}");
        assert!(!account.is_administrator, "{username}");
        assert!(!account.is_email_verified, "{username}");
        assert!(!account.username.contains('@'), "{}", account.username);
        let places = places(&stage, &account.id).await;
        assert_eq!(1, places.len(), "{username}");
    }
    let still = stage.enter("victim", GOOD).await.unwrap().session.account;
    assert_eq!(victim.id, still.id);
    let by_address = stage.enter("victim@acme.test", GOOD).await.unwrap();
    assert_eq!(victim.id, by_address.session.account.id);
}

#[tokio::test]
async fn users_of_two_workspaces_with_one_name_are_two() {
    let stage = stage().await;
    stage.superset.put("acme", 1, "ada", GOOD_HASH.trim());
    stage.superset.put("rival", 1, "ada", OTHER_HASH.trim());
    let of_acme = stage.enter("ada", GOOD).await.unwrap().session.account;
    let of_rival = stage.enter("ada", OTHER).await.unwrap().session.account;
    assert_ne!(of_acme.id, of_rival.id);
    let places = places(&stage, &of_rival.id).await;
    assert_eq!(
        vec!["rival"],
        places
            .iter()
            .map(|place| place.workspace.as_str())
            .collect::<Vec<_>>()
    );
    assert_eq!(Role::Viewer, places[0].role);
    assert_eq!("ada", places[0].superset_username);
}

#[tokio::test]
async fn a_user_who_is_off_or_gone_does_not_get_in() {
    let stage = stage().await;
    stage.superset.put("acme", 1, "ada", GOOD_HASH.trim());
    let ada = stage.enter("ada", GOOD).await.unwrap().session.account;
    stage.superset.put_user(
        "acme",
        SupersetAccount {
            user_id: UserId(1),
            username: "ada".to_owned(),
            email: None,
            full_name: String::new(),
            password_hash: Some(GOOD_HASH.trim().to_owned()),
            is_active: false,
            is_made_here: false,
        },
    );
    assert_eq!("wrong_credentials", stage.refusal("ada", GOOD).await);
    assert_eq!(
        "superset_user_off",
        stage.last("sign_in.failed").await.outcome
    );
    stage.superset.remove("acme", "ada");
    assert_eq!("wrong_credentials", stage.refusal("ada", GOOD).await);
    stage.superset.put("acme", 1, "ada", GOOD_HASH.trim());
    let update = UpdateAccount {
        id: ada.id,
        email: None,
        display_name: None,
        is_active: Some(false),
        is_administrator: None,
    };
    stage.manager.call(update).await.unwrap();
    assert_eq!("wrong_credentials", stage.refusal("ada", GOOD).await);
    assert_eq!("account_off", stage.last("sign_in.failed").await.outcome);
}

/// SQLite gives the number of a row that was deleted to the next one.
#[tokio::test]
async fn the_number_of_a_deleted_user_opens_nobodys_account_to_another() {
    let stage = stage().await;
    stage.superset.put("acme", 9, "ada", GOOD_HASH.trim());
    let ada = stage.enter("ada", GOOD).await.unwrap().session.account;
    stage.superset.remove("acme", "ada");
    stage.superset.put("acme", 9, "mallory", OTHER_HASH.trim());
    assert_eq!("wrong_credentials", stage.refusal("mallory", OTHER).await);
    let refused = stage.last("sign_in.failed").await;
    assert_eq!("superset_user_renamed", refused.outcome);
    assert_eq!(Some(ada.id.clone()), refused.account);
    // An administrator who knows that it is the same person says so.
    let set = SetMembership {
        workspace: "acme".parse().unwrap(),
        account: ada.id.clone(),
        role: Role::Analyst,
        superset_username: Some("mallory".to_owned()),
    };
    stage.manager.call(set).await.unwrap();
    let renamed = stage.enter("mallory", OTHER).await.unwrap().session.account;
    assert_eq!(ada.id, renamed.id);
}

#[tokio::test]
async fn whoever_was_taken_out_of_the_workspace_does_not_come_back_by_signing_in() {
    let stage = stage().await;
    stage.superset.put("acme", 1, "ada", GOOD_HASH.trim());
    let ada = stage.enter("ada", GOOD).await.unwrap().session.account;
    let remove = RemoveMembership {
        workspace: "acme".parse().unwrap(),
        account: ada.id.clone(),
    };
    stage.manager.call(remove).await.unwrap();
    stage.enter("ada", GOOD).await.unwrap();
    assert!(places(&stage, &ada.id).await.is_empty());
}

#[tokio::test]
async fn a_first_sign_in_in_many_tabs_makes_one_account() {
    let stage = stage().await;
    stage.superset.put("acme", 1, "ada", GOOD_HASH.trim());
    let tabs: Vec<_> = (0..5)
        .map(|_| {
            let node = stage.node(|settings| {
                settings.superset = vec![SupersetSignIn {
                    workspace: "acme".parse().unwrap(),
                    role: Some(Role::Analyst),
                }];
            });
            tokio::spawn(async move {
                let peer = crate::stage::peer("192.0.2.1");
                node.with_password("ada", &GOOD.into(), None, &peer).await
            })
        })
        .collect();
    let mut ids = Vec::new();
    for tab in tabs {
        ids.push(tab.await.unwrap().unwrap().session.account.id);
    }
    ids.dedup();
    assert_eq!(1, ids.len());
    assert_eq!(1, stage.events("account.created").await.len());
}

/// Their own user's password is right as often as they like.
#[tokio::test]
async fn an_administrator_of_a_workspace_buys_no_guesses_at_a_name_of_the_deployment() {
    let stage = stage().await;
    stage.at_the_hour();
    stage.person("victim").await;
    stage.superset.put("acme", 1, "victim", OTHER_HASH.trim());
    let mut guesses = 0;
    for number in 0..40 {
        let address = format!("192.0.2.{}", number / 4);
        let guess = stage.enter_from(&address, "victim", "guess").await;
        guesses += u32::from(guess.unwrap_err().code() == "wrong_credentials");
        // Until the user of theirs has to wait as well.
        if stage.enter_from(&address, "victim", OTHER).await.is_err() {
            break;
        }
    }
    assert!(guesses <= 12, "{guesses}");
    // And the right one is not told from a wrong one while it is closed.
    let right = stage.enter_from("198.51.100.1", "victim", GOOD).await;
    assert_eq!("locked", right.unwrap_err().code());
    stage.later(3_600);
    stage
        .enter_from("198.51.100.1", "victim", GOOD)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_same_is_done_for_every_name() {
    let stage = stage().await;
    stage.person("alice").await;
    stage.superset.put("acme", 1, "ada", GOOD_HASH.trim());
    let mut courses = Vec::new();
    for name in ["alice", "ada", "nobody"] {
        stage.superset.asked.lock().clear();
        let _ = stage.enter(name, OTHER).await;
        let asked: Vec<String> = stage
            .superset
            .asked
            .lock()
            .iter()
            .map(|(workspace, asked)| {
                assert_eq!(name, asked);
                workspace.to_string()
            })
            .collect();
        courses.push(asked);
    }
    assert_eq!(vec!["acme", "rival"], courses[0]);
    assert!(courses.iter().all(|course| *course == courses[0]));
}

#[tokio::test]
async fn a_superset_that_is_down_locks_out_its_own_users_and_says_that_it_is_down() {
    let stage = stage().await;
    stage.person("alice").await;
    stage.superset.put("rival", 1, "ada", OTHER_HASH.trim());
    stage.superset.down.lock().push("acme".parse().unwrap());
    stage.enter("alice", GOOD).await.unwrap();
    stage.enter("ada", OTHER).await.unwrap();
    assert_eq!("unavailable", stage.refusal("bob", GOOD).await);
    let text = stage.enter("bob", GOOD).await.unwrap_err().to_string();
    assert!(!text.contains("acme"), "{text}");
}

#[tokio::test]
async fn users_of_workspaces_that_are_not_configured_do_not_sign_in() {
    let stage = Stage::new().await;
    stage.superset.put("acme", 1, "ada", GOOD_HASH.trim());
    assert_eq!("wrong_credentials", stage.refusal("ada", GOOD).await);
    assert!(stage.superset.asked.lock().is_empty());
}

#[tokio::test]
async fn without_a_role_in_the_settings_it_goes_by_rights_at_the_first_sign_in() {
    let stage = Stage::with(|settings| {
        settings.superset = vec![SupersetSignIn {
            workspace: "acme".parse().unwrap(),
            role: None,
        }];
    })
    .await;
    for (number, name, role) in [
        (1, "admin", Role::Admin),
        (2, "ada", Role::Analyst),
        (3, "vera", Role::Viewer),
    ] {
        stage.superset.put("acme", number, name, GOOD_HASH.trim());
        stage.superset.roles.lock().insert(UserId(number), role);
        let account = stage.enter(name, GOOD).await.unwrap().session.account;
        let places = places(&stage, &account.id).await;
        assert_eq!(
            (role, name),
            (places[0].role, &*places[0].superset_username)
        );
        // What is an administrator there is none of the deployment.
        assert!(!account.is_administrator);
    }
    // From then on it is what administrators here say.
    stage.superset.roles.lock().insert(UserId(3), Role::Admin);
    let vera = stage.enter("vera", GOOD).await.unwrap().session.account;
    assert_eq!(Role::Viewer, places(&stage, &vera.id).await[0].role);
}

#[tokio::test]
async fn an_account_is_found_by_workspace_and_number() {
    let stage = stage().await;
    stage.superset.put("acme", 42, "ada", GOOD_HASH.trim());
    let ada = stage.enter("ada", GOOD).await.unwrap().session.account;
    let key = AccountKey::Upstream {
        issuer: "superset:acme".to_owned(),
        subject: "42".to_owned(),
    };
    assert_eq!(
        Some(ada.id),
        stage.account(key).await.map(|account| account.id)
    );
}
