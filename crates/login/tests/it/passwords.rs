//! Names and passwords of local accounts.

use tidegate_control_plane::account::{
    AccountKey, CreateServiceAccount, FindPassword, SetPassword, UpdateAccount,
};
use tidegate_login::PasswordCost;
use tidegate_types::{ExposeSecret, Role, SecretString};

use crate::stage::{CHEAP, GOOD, OTHER, Stage, hash_of, peer};

#[tokio::test]
async fn a_person_signs_in_by_name_or_verified_address_in_any_case() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    for name in [
        "alice",
        " Alice ",
        "ALICE",
        "alice@acme.test",
        "Alice@Acme.Test",
    ] {
        let session = stage.enter(name, GOOD).await.unwrap();
        assert_eq!(alice.id, session.session.account.id, "{name}");
        assert!(!session.session.must_change_password);
        assert!(stage.is_open(&session).await);
    }
    let signed_in = stage.last("sign_in.succeeded").await;
    assert_eq!(Some(alice.id.clone()), signed_in.account);
    assert_eq!(Some("192.0.2.1"), signed_in.address.as_deref());
    let seen = stage.account(AccountKey::Id(alice.id)).await.unwrap();
    assert!(seen.last_sign_in_at.is_some());
}

#[tokio::test]
async fn every_refusal_says_the_same_and_the_audit_knows_why() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let off = stage.person("off").await;
    let update = UpdateAccount {
        id: off.id,
        email: None,
        display_name: None,
        is_active: Some(false),
        is_administrator: None,
    };
    stage.manager.call(update).await.unwrap();
    let service = CreateServiceAccount {
        username: "robot".to_owned(),
        display_name: String::new(),
        workspace: "acme".parse().unwrap(),
        role: Role::Viewer,
        superset_username: None,
        made_by: None,
    };
    stage.manager.call(service).await.unwrap();
    let long = "x".repeat(1_025);
    let mut texts = Vec::new();
    for (name, password, reason) in [
        ("alice", OTHER, "wrong_password"),
        ("nobody", GOOD, "unknown_name"),
        ("off", GOOD, "account_off"),
        ("robot", GOOD, "no_password"),
        ("alice", "", "impossible"),
        ("alice", long.as_str(), "impossible"),
        ("", GOOD, "impossible"),
        ("ali\u{0}ce", GOOD, "impossible"),
    ] {
        let err = stage.enter(name, password).await.unwrap_err();
        assert_eq!("wrong_credentials", err.code(), "{name}");
        assert_eq!(reason, stage.last("sign_in.failed").await.outcome, "{name}");
        texts.push((err.to_string(), err.service_code(), err.retry_after()));
    }
    texts.dedup();
    assert_eq!(1, texts.len(), "{texts:?}");
}

/// People type their password into the field above it, and all of it is in the hands of whoever reads the audit.
#[tokio::test]
async fn the_audit_has_neither_names_that_are_nobodys_nor_passwords() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let _ = stage.enter(GOOD, "alice").await;
    let _ = stage.enter("alice", OTHER).await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    let shown = format!(
        "{:?} {session:?} {:?}",
        stage.events("").await,
        stage.sign_in
    );
    for secret in [GOOD, OTHER, session.cookie.expose_secret()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!shown.contains(session.session.csrf.as_str()));
}

#[tokio::test]
async fn a_password_that_is_reset_is_for_one_use_and_ends_the_browser_sessions() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let before = stage.enter("alice", GOOD).await.unwrap();
    let given = stage.sign_in.reset_password(&alice.id).await.unwrap();
    assert!(!stage.is_open(&before).await);
    let refused = stage.enter("alice", GOOD).await.unwrap_err();
    assert_eq!("wrong_credentials", refused.code());
    let after = stage.enter("alice", given.expose_secret()).await.unwrap();
    assert!(after.session.must_change_password);

    let closed = stage.node(|settings| settings.allows_passwords = false);
    let refused = closed.reset_password(&alice.id).await.unwrap_err();
    assert_eq!("passwords_off", refused.code());
}

#[tokio::test]
async fn a_hash_of_old_parameters_is_replaced_when_its_owner_signs_in() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let dear = PasswordCost { passes: 2, ..CHEAP };
    let node = stage.node(|settings| settings.password_cost = dear);
    let before = stored(&stage).await;
    stage.later(1);
    let session = node
        .with_password("alice", &GOOD.into(), None, &peer("192.0.2.1"))
        .await
        .unwrap();
    assert!(
        stage.is_open(&session).await,
        "it is not ended by the replacement"
    );
    let after = stored(&stage).await;
    assert_ne!(before, after);
    assert!(after.contains("t=2"), "{after}");
    // It is the same password, and nothing is replaced twice.
    node.with_password("alice", &GOOD.into(), None, &peer("192.0.2.1"))
        .await
        .unwrap();
    assert_eq!(after, stored(&stage).await);
    let wrong = node
        .with_password("alice", &OTHER.into(), None, &peer("192.0.2.1"))
        .await;
    assert_eq!("wrong_credentials", wrong.unwrap_err().code());
    assert!(
        !stage
            .account(AccountKey::Id(alice.id))
            .await
            .unwrap()
            .must_change_password
    );
}

async fn stored(stage: &Stage) -> String {
    let find = FindPassword {
        username: "alice".to_owned(),
    };
    let found = stage.manager.call(find).await.unwrap().unwrap();
    found.password_hash.unwrap()
}

#[tokio::test]
async fn a_damaged_hash_opens_nothing_and_is_told_to_the_audit() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let set = SetPassword {
        id: alice.id,
        password_hash: "$argon2id$v=19$m=4000000,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc".to_owned(),
        must_change: false,
    };
    stage.manager.call(set).await.unwrap();
    assert_eq!("wrong_credentials", stage.refusal("alice", GOOD).await);
    assert_eq!(
        "unreadable_hash",
        stage.last("sign_in.failed").await.outcome
    );
}

#[tokio::test]
async fn where_passwords_are_off_none_is_looked_at() {
    let stage = Stage::with(|settings| settings.allows_passwords = false).await;
    stage.person("alice").await;
    assert!(!stage.sign_in.has_passwords());
    assert_eq!("passwords_off", stage.refusal("alice", GOOD).await);
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it_and_all_sessions_end() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let elsewhere = stage.enter("alice", GOOD).await.unwrap();
    let here = stage.enter("alice", GOOD).await.unwrap();
    stage.later(1);
    let change = |current: &str, new: &str| {
        let (current, new) = (SecretString::from(current), SecretString::from(new));
        let (sign_in, session) = (stage.sign_in.clone(), here.session.clone());
        async move {
            sign_in
                .change_password(&session, &current, &new, &peer("192.0.2.1"))
                .await
        }
    };
    let code = |result: Result<_, tidegate_login::SignInError>| {
        result
            .map(|_: tidegate_login::NewSession| ())
            .unwrap_err()
            .code()
    };
    assert_eq!("wrong_password", code(change(OTHER, OTHER).await));
    assert_eq!("weak_password", code(change(GOOD, "alice1234").await));
    assert_eq!(
        "weak_password",
        code(change(GOOD, GOOD).await),
        "the same again"
    );
    assert!(stage.is_open(&elsewhere).await, "nothing was changed");
    let changed = change(GOOD, OTHER).await.unwrap();
    assert_ne!(here.cookie.expose_secret(), changed.cookie.expose_secret());
    assert!(stage.is_open(&changed).await);
    for old in [&here, &elsewhere] {
        assert!(!stage.is_open(old).await);
    }
    assert_eq!("wrong_credentials", stage.refusal("alice", GOOD).await);
    stage.enter("alice", OTHER).await.unwrap();
    assert_eq!(Some(alice.id), stage.last("password.changed").await.account);
}

#[tokio::test]
async fn a_password_for_one_use_must_be_changed() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let set = SetPassword {
        id: alice.id,
        password_hash: hash_of(OTHER),
        must_change: true,
    };
    stage.manager.call(set).await.unwrap();
    let session = stage.enter("alice", OTHER).await.unwrap();
    assert!(session.session.must_change_password);
    stage.later(1);
    let changed = stage
        .sign_in
        .change_password(
            &session.session,
            &OTHER.into(),
            &GOOD.into(),
            &peer("192.0.2.1"),
        )
        .await
        .unwrap();
    assert!(!changed.session.must_change_password);
    let again = stage.enter("alice", GOOD).await.unwrap();
    assert!(!again.session.must_change_password);
}

#[tokio::test]
async fn a_password_for_one_use_is_not_asked_for_again_right_after_it_was_entered() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let set = SetPassword {
        id: alice.id,
        password_hash: hash_of(OTHER),
        must_change: true,
    };
    stage.manager.call(set).await.unwrap();
    let entered = stage.enter("alice", OTHER).await.unwrap();
    // As the next request has it.
    let session = stage
        .sign_in
        .session(entered.cookie.expose_secret())
        .await
        .unwrap()
        .unwrap();
    assert!(stage.sign_in.may_choose_password(&session));
    let choose = async |new: &str| {
        stage
            .sign_in
            .choose_password(&session, &new.into(), &peer("192.0.2.1"))
            .await
    };
    let code = |result: Result<tidegate_login::NewSession, tidegate_login::SignInError>| {
        result.map(|_| ()).unwrap_err().code()
    };
    assert_eq!("weak_password", code(choose("alice1234").await));
    assert_eq!("weak_password", code(choose(OTHER).await), "the same again");
    let chosen = choose(GOOD).await.unwrap();
    assert!(!chosen.session.must_change_password);
    assert!(!stage.is_open(&entered).await);
    stage.enter("alice", GOOD).await.unwrap();
}

#[tokio::test]
async fn a_password_is_asked_for_again_after_a_while_and_of_whoever_may_keep_it() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let usual = stage.enter("alice", GOOD).await.unwrap().session;
    let choose = async |session: &tidegate_login::BrowserSession| {
        let chosen = stage
            .sign_in
            .choose_password(session, &OTHER.into(), &peer("192.0.2.1"))
            .await;
        chosen.map(|_| ()).unwrap_err().code()
    };
    assert!(!stage.sign_in.may_choose_password(&usual));
    assert_eq!("wrong_password", choose(&usual).await);
    let set = SetPassword {
        id: alice.id,
        password_hash: hash_of(GOOD),
        must_change: true,
    };
    stage.manager.call(set).await.unwrap();
    let session = stage.enter("alice", GOOD).await.unwrap().session;
    stage.later(16 * 60);
    assert!(!stage.sign_in.may_choose_password(&session));
    assert_eq!("wrong_password", choose(&session).await);
}

#[tokio::test]
async fn whoever_finds_a_browser_open_guesses_no_faster_than_at_the_door() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap().session;
    let guess = async |current: &str| {
        let changed = stage
            .sign_in
            .change_password(&session, &current.into(), &OTHER.into(), &peer("192.0.2.1"))
            .await;
        changed.unwrap_err().code()
    };
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(guess("guess").await);
    }
    assert_eq!(
        [vec!["wrong_password"; 5], vec!["locked"; 2]].concat(),
        codes
    );
    assert_eq!("locked", guess(GOOD).await, "not told from a wrong one now");
    // The owner at the directory is not held up by it.
    stage.enter("alice", GOOD).await.unwrap();
}
