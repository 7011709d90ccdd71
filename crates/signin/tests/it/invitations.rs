//! Invitations.

use tidegate_manager::account::Account;
use tidegate_manager::invitation::CreateInvitation;
use tidegate_manager::workspace::ListMemberships;
use tidegate_oauth::{IssuedSecret, SecretKind};
use tidegate_signin::{NewSession, SignInError, SupersetAccount};
use tidegate_types::{ExposeSecret, Role, UserId};

use crate::stage::{GOOD, Stage, peer};

pub(crate) async fn invite(stage: &Stage, by: &Account, email: &str) -> String {
    let secret = IssuedSecret::draw(SecretKind::Invitation);
    let create = CreateInvitation {
        secret: secret.hash,
        email: email.to_owned(),
        workspace: "acme".parse().unwrap(),
        role: Role::Editor,
        invited_by: by.id.clone(),
    };
    stage.manager.call(create).await.unwrap();
    secret.text.expose_secret().to_owned()
}

async fn accept(stage: &Stage, secret: &str, name: &str) -> Result<NewSession, SignInError> {
    stage
        .sign_in
        .accept_invitation(secret, name, "New Person", &GOOD.into(), &peer("192.0.2.1"))
        .await
}

async fn refusal(stage: &Stage, secret: &str, name: &str) -> &'static str {
    accept(stage, secret, name).await.unwrap_err().code()
}

#[tokio::test]
async fn an_invited_person_gets_an_account_and_a_place_once() {
    let stage = Stage::new().await;
    let admin = stage.person("boss").await;
    let secret = invite(&stage, &admin, "new@acme.test").await;
    let shown = stage.sign_in.invitation(&secret).await.unwrap().unwrap();
    assert_eq!(("new@acme.test", false), (&*shown.email, shown.has_account));
    let session = accept(&stage, &secret, "New.Person").await.unwrap();
    let account = &session.session.account;
    assert_eq!("new.person", account.username);
    assert!(!account.is_administrator);
    let list = ListMemberships {
        account: account.id.clone(),
    };
    let places = stage.manager.call(list).await.unwrap();
    assert_eq!(1, places.len());
    assert_eq!(Role::Editor, places[0].role);
    assert!(stage.is_open(&session).await);
    stage.enter("new.person", GOOD).await.unwrap();
    assert_eq!("invitation_gone", refusal(&stage, &secret, "other").await);
    assert!(stage.sign_in.invitation(&secret).await.unwrap().is_none());
    assert_eq!(1, stage.events("invitation.accepted").await.len());
}

#[tokio::test]
async fn what_is_no_invitation_says_so() {
    let stage = Stage::new().await;
    let unknown = IssuedSecret::draw(SecretKind::Invitation);
    let other_kind = IssuedSecret::draw(SecretKind::ApiToken);
    for secret in [
        "",
        "x",
        unknown.text.expose_secret(),
        other_kind.text.expose_secret(),
    ] {
        assert!(stage.sign_in.invitation(secret).await.unwrap().is_none());
        assert_eq!("invitation_gone", refusal(&stage, secret, "new").await);
    }
}

/// The link is known to whoever made it.
#[tokio::test]
async fn a_link_opens_nobodys_account() {
    let stage = Stage::new().await;
    let boss = stage.person("boss").await;
    let alice = stage.person("alice").await;
    let secret = invite(&stage, &boss, "Alice@acme.test").await;
    assert!(
        stage
            .sign_in
            .invitation(&secret)
            .await
            .unwrap()
            .unwrap()
            .has_account
    );
    for name in ["alice", "alice2"] {
        assert_eq!(
            "invitation_needs_sign_in",
            refusal(&stage, &secret, name).await
        );
    }
    let from = peer("192.0.2.1");
    let boss = stage.enter("boss", GOOD).await.unwrap();
    let stolen = stage
        .sign_in
        .join_by_invitation(&boss.session, &secret, &from)
        .await;
    assert_eq!("invitation_for_another", stolen.unwrap_err().code());
    let session = stage.enter("alice", GOOD).await.unwrap();
    let workspace = stage
        .sign_in
        .join_by_invitation(&session.session, &secret, &from)
        .await
        .unwrap();
    assert_eq!("acme", workspace.as_str());
    let list = ListMemberships { account: alice.id };
    assert_eq!(1, stage.manager.call(list).await.unwrap().len());
    let again = stage
        .sign_in
        .join_by_invitation(&session.session, &secret, &from)
        .await;
    assert_eq!("invitation_gone", again.unwrap_err().code());
}

/// A member acts in a workspace as the Superset user of the same name.
#[tokio::test]
async fn nobody_chooses_the_name_of_a_superset_user() {
    let stage = Stage::new().await;
    let boss = stage.person("boss").await;
    let user = |number, username: &str, email: &str| SupersetAccount {
        user_id: UserId(number),
        username: username.to_owned(),
        email: Some(email.to_owned()),
        full_name: String::new(),
        password_hash: None,
        is_active: true,
    };
    stage
        .superset
        .put_user("acme", user(1, "chief", "chief@acme.test"));
    stage.superset.put_user("acme", user(2, "nobody", ""));
    stage
        .superset
        .put_user("acme", user(3, "newbie", "NEW@acme.test"));
    let secret = invite(&stage, &boss, "new@acme.test").await;
    for name in ["chief", "CHIEF", "nobody", "boss"] {
        assert_eq!("name_taken", refusal(&stage, &secret, name).await, "{name}");
    }
    stage.superset.down.lock().push("acme".parse().unwrap());
    assert_eq!("unavailable", refusal(&stage, &secret, "newbie").await);
    stage.superset.down.lock().clear();
    // Their own.
    accept(&stage, &secret, "newbie").await.unwrap();
}

#[tokio::test]
async fn names_and_passwords_that_are_not_right_leave_the_invitation_good() {
    let stage = Stage::new().await;
    let boss = stage.person("boss").await;
    let secret = invite(&stage, &boss, "new@acme.test").await;
    for name in [
        "",
        "a b",
        "ä",
        "a/b",
        &"a".repeat(65),
        "alice@acme.test",
        "a\u{0}",
    ] {
        assert_eq!(
            "invalid_name",
            refusal(&stage, &secret, name).await,
            "{name}"
        );
    }
    for weak in ["short", "new@acme.test", "New Person", "password1"] {
        let weak = stage
            .sign_in
            .accept_invitation(
                &secret,
                "new",
                "New Person",
                &weak.into(),
                &peer("192.0.2.1"),
            )
            .await;
        assert_eq!("weak_password", weak.unwrap_err().code());
    }
    accept(&stage, &secret, "new@acme.test").await.unwrap();
}

#[tokio::test]
async fn two_who_accept_at_once_are_one_account() {
    let stage = Stage::new().await;
    let boss = stage.person("boss").await;
    let secret = invite(&stage, &boss, "new@acme.test").await;
    let (one, other) = tokio::join!(
        accept(&stage, &secret, "one"),
        accept(&stage, &secret, "other")
    );
    assert!(one.is_ok() ^ other.is_ok());
}

#[tokio::test]
async fn an_invitation_ends() {
    let stage = Stage::new().await;
    let boss = stage.person("boss").await;
    let secret = invite(&stage, &boss, "new@acme.test").await;
    let until = stage
        .sign_in
        .invitation(&secret)
        .await
        .unwrap()
        .unwrap()
        .expires_at;
    let now = tidegate_types::Clock::unix_secs(stage.clock.as_ref());
    stage.later(u64::try_from(until - now).unwrap() + 1);
    assert!(stage.sign_in.invitation(&secret).await.unwrap().is_none());
    assert_eq!("invitation_gone", refusal(&stage, &secret, "new").await);
}
