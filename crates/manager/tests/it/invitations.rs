//! Invitations.

use std::time::Duration;

use tidegate_manager::ManagerError;
use tidegate_manager::account::{
    AccountKey, CountAccounts, CreateAccount, FindAccount, UpdateAccount,
};
use tidegate_manager::change::Change;
use tidegate_manager::invitation::{
    AcceptInvitation, CreateInvitation, FindInvitation, ListInvitations, RemoveInvitation,
};
use tidegate_manager::workspace::ListMemberships;
use tidegate_oauth::{IssuedSecret, SecretHash, SecretKind};
use tidegate_types::{AccountId, Role};

use crate::fixture::{Fixture, scenarios};
use crate::given::{is_not_found, person, refused, slug};

scenarios! {
    an_invitation_makes_an_account_with_a_verified_address,
    an_invitation_is_taken_once,
    of_two_who_take_it_at_once_one_gets_in,
    a_link_alone_lets_nobody_into_an_existing_account,
    an_existing_account_keeps_what_is_wider,
    what_was_refused_leaves_the_invitation_open,
    an_invitation_ends_by_time_or_by_hand,
    a_workspace_has_a_hundred_open_ones_at_the_most,
}

fn secret() -> SecretHash {
    IssuedSecret::draw(SecretKind::Invitation).hash
}

fn invite(secret: SecretHash, by: &AccountId) -> CreateInvitation {
    CreateInvitation {
        secret,
        email: "Ada@Example.com".to_owned(),
        workspace: slug("acme"),
        role: Role::Editor,
        invited_by: by.clone(),
    }
}

fn accept(secret: SecretHash, username: &str) -> AcceptInvitation {
    AcceptInvitation {
        secret,
        signed_in_as: None,
        username: username.to_owned(),
        display_name: "Ada".to_owned(),
        password_hash: Some("$argon2id$v=19$x".to_owned()),
    }
}

fn list() -> ListInvitations {
    ListInvitations {
        workspace: slug("acme"),
    }
}

/// Workspace `acme`, whose `root` invited somebody by the secret.
async fn invited(at: &Fixture) -> SecretHash {
    at.has_workspace("acme").await;
    let root = at.has_person("root").await;
    let secret = secret();
    at.call(invite(secret, &root.id)).await.unwrap();
    secret
}

async fn an_invitation_makes_an_account_with_a_verified_address(at: Fixture) {
    let secret = invited(&at).await;
    let found = at.call(FindInvitation { secret }).await.unwrap().unwrap();
    assert_eq!(vec![found.clone()], at.call(list()).await.unwrap());
    assert_eq!(
        ("Ada@Example.com", Role::Editor),
        (found.email.as_str(), found.role)
    );
    assert_eq!(at.now() + 7 * 86_400, found.expires_at);
    let head = at.head().await;
    let made = at.call(accept(secret, "ada")).await.unwrap();
    assert!(made.is_email_verified && made.has_password && !made.is_administrator);
    let key = AccountKey::VerifiedEmail("ada@example.com".to_owned());
    assert_eq!(
        Some(&made),
        at.call(FindAccount { key }).await.unwrap().as_ref()
    );
    let theirs = at.call(ListMemberships { account: made.id }).await.unwrap();
    assert_eq!(
        (slug("acme"), Role::Editor),
        (theirs[0].workspace.clone(), theirs[0].role)
    );
    assert_eq!(
        vec![Change::Workspace {
            workspace: slug("acme")
        }],
        at.changes_since(head).await
    );
}

async fn an_invitation_is_taken_once(at: Fixture) {
    let secret = invited(&at).await;
    at.call(accept(secret, "ada")).await.unwrap();
    assert!(is_not_found(
        at.call(accept(secret, "eve")).await,
        "invitation"
    ));
    assert_eq!(None, at.call(FindInvitation { secret }).await.unwrap());
    assert!(at.call(list()).await.unwrap().is_empty());
}

async fn of_two_who_take_it_at_once_one_gets_in(at: Fixture) {
    let secret = invited(&at).await;
    let takers = ["ada", "eve"].map(|name| {
        let (manager, accept) = (at.manager.clone(), accept(secret, name));
        tokio::spawn(async move { manager.call(accept).await })
    });
    let mut got_in = 0;
    for taker in takers {
        match taker.await.unwrap() {
            Ok(_) => got_in += 1,
            Err(err) => assert!(matches!(err, ManagerError::NotFound { .. }), "{err:?}"),
        }
    }
    assert_eq!(1, got_in);
    assert_eq!(
        2,
        at.call(CountAccounts {}).await.unwrap(),
        "root and one more"
    );
}

async fn a_link_alone_lets_nobody_into_an_existing_account(at: Fixture) {
    let secret = invited(&at).await;
    let ada = CreateAccount {
        email: Some("ada@example.com".to_owned()),
        is_email_verified: true,
        ..person("ada")
    };
    let ada = at.call(ada).await.unwrap();
    let said = refused(at.call(accept(secret, "eve")).await);
    assert!(said.contains("sign in as it"), "{said}");
    let eve = at.has_person("eve").await;
    let as_eve = AcceptInvitation {
        signed_in_as: Some(eve.id),
        ..accept(secret, "eve")
    };
    refused(at.call(as_eve).await);
    let as_ada = AcceptInvitation {
        signed_in_as: Some(ada.id.clone()),
        ..accept(secret, "ignored")
    };
    assert_eq!(ada.id, at.call(as_ada).await.unwrap().id);
    assert_eq!(
        1,
        at.call(ListMemberships { account: ada.id })
            .await
            .unwrap()
            .len()
    );
}

async fn an_existing_account_keeps_what_is_wider(at: Fixture) {
    let secret = invited(&at).await;
    let ada = CreateAccount {
        email: Some("ada@example.com".to_owned()),
        is_email_verified: true,
        ..person("ada")
    };
    let ada = at.call(ada).await.unwrap();
    at.has_member("acme", &ada.id, Role::Admin).await;
    let as_ada = |secret| AcceptInvitation {
        signed_in_as: Some(ada.id.clone()),
        ..accept(secret, "x")
    };
    at.call(as_ada(secret)).await.unwrap();
    let theirs = at
        .call(ListMemberships {
            account: ada.id.clone(),
        })
        .await
        .unwrap();
    assert_eq!(Role::Admin, theirs[0].role);
    // Nobody gets in who was shut out.
    let key = AccountKey::Username("root".to_owned());
    let root = at.call(FindAccount { key }).await.unwrap().unwrap();
    let again = self::secret();
    at.call(invite(again, &root.id)).await.unwrap();
    let off = UpdateAccount {
        id: ada.id.clone(),
        email: None,
        display_name: None,
        is_active: Some(false),
        is_administrator: None,
    };
    at.call(off).await.unwrap();
    assert!(refused(at.call(as_ada(again)).await).contains("is not active"));
}

async fn what_was_refused_leaves_the_invitation_open(at: Fixture) {
    let secret = invited(&at).await;
    assert!(refused(at.call(accept(secret, "a b")).await).starts_with("username"));
    assert!(refused(at.call(accept(secret, "root")).await).contains("is taken"));
    let eve = at.has_person("eve").await;
    let signed_in = AcceptInvitation {
        signed_in_as: Some(eve.id),
        ..accept(secret, "eve")
    };
    assert!(refused(at.call(signed_in).await).contains("sign out first"));
    at.call(accept(secret, "ada")).await.unwrap();
}

async fn an_invitation_ends_by_time_or_by_hand(at: Fixture) {
    let first = invited(&at).await;
    let key = AccountKey::Username("root".to_owned());
    let root = at.call(FindAccount { key }).await.unwrap().unwrap();
    let second = secret();
    let made = at.call(invite(second, &root.id)).await.unwrap();
    assert!(
        at.call(RemoveInvitation {
            id: made.id.clone()
        })
        .await
        .unwrap()
    );
    assert!(!at.call(RemoveInvitation { id: made.id }).await.unwrap());
    assert!(is_not_found(
        at.call(accept(second, "ada")).await,
        "invitation"
    ));
    at.pass(Duration::from_hours(7 * 24));
    assert_eq!(
        None,
        at.call(FindInvitation { secret: first }).await.unwrap()
    );
    assert!(is_not_found(
        at.call(accept(first, "ada")).await,
        "invitation"
    ));
    assert!(at.call(list()).await.unwrap().is_empty());
}

async fn a_workspace_has_a_hundred_open_ones_at_the_most(at: Fixture) {
    invited(&at).await;
    let key = AccountKey::Username("root".to_owned());
    let root = at.call(FindAccount { key }).await.unwrap().unwrap().id;
    for _ in 1..100 {
        at.call(invite(secret(), &root)).await.unwrap();
    }
    let said = refused(at.call(invite(secret(), &root)).await);
    assert!(said.starts_with("at most 100 open invitations"), "{said}");
    at.pass(Duration::from_hours(7 * 24));
    at.call(invite(secret(), &root)).await.unwrap();
    let elsewhere = CreateInvitation {
        workspace: slug("nowhere"),
        ..invite(secret(), &root)
    };
    assert!(is_not_found(at.call(elsewhere).await, "workspace"));
    let by_nobody = invite(secret(), &AccountId::new());
    assert!(is_not_found(at.call(by_nobody).await, "account"));
    let to_nowhere = CreateInvitation {
        email: "x".to_owned(),
        ..invite(secret(), &root)
    };
    assert!(refused(at.call(to_nowhere).await).starts_with("email"));
}
