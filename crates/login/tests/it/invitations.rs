//! Invitations.

use tidegate_control_plane::account::{Account, AccountKey, UpdateAccount};
use tidegate_control_plane::invitation::CreateInvitation;
use tidegate_control_plane::workspace::ListMemberships;
use tidegate_login::{NewSession, SignInError, SupersetAccount};
use tidegate_oauth_types::{IssuedSecret, SecretKind};
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
    // They have shown a link, which its sender has as well.
    assert!(!account.is_email_verified);
    assert_eq!(Some("new@acme.test"), account.email.as_deref());
    let list = ListMemberships {
        account: account.id.clone(),
    };
    let places = stage.manager.call(list).await.unwrap();
    assert_eq!(1, places.len());
    assert_eq!(Role::Editor, places[0].role);
    assert!(stage.is_open(&session).await);
    stage.enter("new.person", GOOD).await.unwrap();
    let by_address = stage.enter("New@acme.test", GOOD).await.unwrap();
    assert_eq!(account.id, by_address.session.account.id);
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

fn superset_user(number: i64, username: &str, email: &str) -> SupersetAccount {
    SupersetAccount {
        user_id: UserId(number),
        username: username.to_owned(),
        email: Some(email.to_owned()),
        full_name: String::new(),
        password_hash: None,
        is_active: true,
        is_made_here: false,
    }
}

/// A member acts in a workspace as the Superset user of the same name, and a link proves nobody's address.
#[tokio::test]
async fn nobody_chooses_the_name_of_a_superset_user() {
    let stage = Stage::new().await;
    let boss = stage.person("boss").await;
    for user in [
        superset_user(1, "chief", "chief@acme.test"),
        superset_user(2, "nobody", ""),
        superset_user(3, "newbie", "NEW@acme.test"),
        superset_user(4, "somebody", "smith"),
    ] {
        stage.superset.put_user("acme", user);
    }
    let secret = invite(&stage, &boss, "new@acme.test").await;
    for name in ["chief", "CHIEF", "nobody", "newbie", "boss"] {
        assert_eq!("name_taken", refusal(&stage, &secret, name).await, "{name}");
    }
    assert_eq!(
        "invalid_name",
        refusal(&stage, &secret, "new@acme.test").await,
        "others are called by their address"
    );
    stage.superset.down.lock().push("acme".parse().unwrap());
    assert_eq!("unavailable", refusal(&stage, &secret, "newest").await);
    stage.superset.down.lock().clear();
    accept(&stage, &secret, "newest").await.unwrap();
}

/// Whoever manages the deployment says whom members act as, and so may invite somebody to be the user of their address.
#[tokio::test]
async fn an_administrator_of_the_deployment_vouches_for_the_name_of_a_superset_user() {
    for name in ["newbie", "new@acme.test"] {
        let stage = Stage::new().await;
        let boss = administrator(&stage).await;
        let user = superset_user(3, "newbie", "NEW@acme.test");
        stage.superset.put_user("acme", user);
        let user = superset_user(1, "chief", "chief@acme.test");
        stage.superset.put_user("acme", user);
        let secret = invite(&stage, &boss, "new@acme.test").await;
        assert_eq!("name_taken", refusal(&stage, &secret, "chief").await);
        let session = accept(&stage, &secret, name).await.unwrap();
        assert!(!session.session.account.is_email_verified, "{name}");
    }
}

async fn administrator(stage: &Stage) -> Account {
    let boss = stage.person("boss").await;
    let update = UpdateAccount {
        id: boss.id,
        email: None,
        display_name: None,
        is_active: None,
        is_administrator: Some(true),
    };
    stage.manager.call(update).await.unwrap()
}

async fn join(stage: &Stage, secret: &str, name: &str) -> Result<(), &'static str> {
    let session = stage.enter(name, GOOD).await.unwrap();
    let joined = stage
        .sign_in
        .join_by_invitation(&session.session, secret, &peer("192.0.2.1"))
        .await;
    joined.map(drop).map_err(|err| err.code())
}

/// An account is called what its owner chose in another workspace.
#[tokio::test]
async fn nobody_joins_as_a_superset_user_of_their_name_who_may_be_somebody_else() {
    let stage = Stage::new().await;
    let boss = stage.person("boss").await;
    stage.person("chief").await;
    stage.person("newbie").await;
    for user in [
        superset_user(1, "chief", "the.chief@acme.test"),
        superset_user(2, "newbie", "NEWBIE@acme.test"),
        superset_user(3, "made", "made@tidegate.invalid"),
    ] {
        stage.superset.put_user("acme", user);
    }
    let secret = invite(&stage, &boss, "somebody@acme.test").await;
    let refused = join(&stage, &secret, "chief").await;
    assert_eq!(Err("superset_user_of_another"), refused);
    assert!(stage.sign_in.invitation(&secret).await.unwrap().is_some());
    // The user's address is their own, and was proved.
    assert_eq!(Ok(()), join(&stage, &secret, "newbie").await);
    // The row was made for the account of that name.
    stage.person("made").await;
    let made = SupersetAccount {
        is_made_here: true,
        ..superset_user(3, "made", "made@tidegate.invalid")
    };
    stage.superset.put_user("acme", made);
    let secret = invite(&stage, &boss, "somebody@acme.test").await;
    assert_eq!(Ok(()), join(&stage, &secret, "made").await);
}

/// Mallory, who administers one workspace, invites Victor, and takes the invitation herself.
#[tokio::test]
async fn who_took_somebody_elses_invitation_is_not_them_and_keeps_them_from_nothing() {
    let stage = Stage::new().await;
    let mallory = stage.person("mallory").await;
    let secret = invite(&stage, &mallory, "victor@acme.test").await;
    let hers = accept(&stage, &secret, "victor.v").await.unwrap();
    let key = AccountKey::VerifiedEmail("victor@acme.test".to_owned());
    assert_eq!(None, stage.account(key).await);
    // Victor is made later, by somebody who knows him.
    let victor = stage.person("victor").await;
    assert_ne!(victor.id, hers.session.account.id);
    let by_address = stage.enter("victor@acme.test", GOOD).await.unwrap();
    assert_eq!(victor.id, by_address.session.account.id);
    // And accepts an invitation of his own, which is hers no more.
    let secret = invite(&stage, &mallory, "victor@acme.test").await;
    let stolen = join(&stage, &secret, "victor.v").await;
    assert_eq!(Err("invitation_for_another"), stolen);
    assert_eq!(Ok(()), join(&stage, &secret, "victor").await);
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
    // All of it at once, for whoever fills in the form again.
    for (name, password, expected) in [
        ("a b", "short", &["invalid_name", "weak_password"][..]),
        ("boss", "short", &["name_taken", "weak_password"]),
        ("Boss", GOOD, &["name_taken"]),
        ("new", GOOD, &[]),
    ] {
        let faults = stage
            .sign_in
            .faults_of_acceptance(&secret, name, "New Person", &password.into())
            .await
            .unwrap();
        let codes: Vec<_> = faults.iter().map(SignInError::code).collect();
        assert_eq!(expected, codes, "{name}");
    }
    accept(&stage, &secret, "new.person").await.unwrap();
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
