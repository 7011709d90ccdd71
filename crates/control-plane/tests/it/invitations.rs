//! Invitations.

use std::time::Duration;

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::account::{
    AccountKey, AdmitUpstream, CountAccounts, CreateAccount, FindAccount, UpdateAccount,
    UpstreamIdentity,
};
use tidegate_control_plane::change::LoggedChange;
use tidegate_control_plane::invitation::{
    AcceptInvitation, CreateInvitation, FindInvitation, ListInvitations, RemoveInvitation,
};
use tidegate_control_plane::workspace::ListMemberships;
use tidegate_oauth_types::{IssuedSecret, SecretHash, SecretKind};
use tidegate_types::{AccountId, Role};

use crate::fixture::{Fixture, scenarios};
use crate::given::{is_not_found, person, refused, slug};

scenarios! {
    an_invitation_accepted_with_a_password_proves_no_address,
    a_provider_proves_the_invited_address,
    whoever_is_signed_in_joins_as_themselves,
    an_account_made_by_invitation_keeps_nobody_from_their_address,
    an_invitation_is_taken_once,
    of_two_who_take_it_at_once_one_gets_in,
    a_link_alone_lets_nobody_into_an_existing_account,
    an_existing_account_keeps_what_is_wider,
    what_was_refused_leaves_the_invitation_open,
    an_invitation_ends_by_time_or_by_hand,
    an_address_is_invited_into_a_workspace_once,
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
        identity: None,
        is_email_proved: false,
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

/// Whoever made the link has it as well.
async fn an_invitation_accepted_with_a_password_proves_no_address(at: Fixture) {
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
    assert!(!made.is_email_verified && made.has_password && !made.is_administrator);
    assert_eq!(Some("Ada@Example.com"), made.email.as_deref());
    let key = AccountKey::VerifiedEmail("ada@example.com".to_owned());
    assert_eq!(None, at.call(FindAccount { key }).await.unwrap());
    let theirs = at.call(ListMemberships { account: made.id }).await.unwrap();
    assert_eq!(
        (slug("acme"), Role::Editor),
        (theirs[0].workspace.clone(), theirs[0].role)
    );
    assert_eq!(
        vec![LoggedChange::Workspace {
            workspace: slug("acme")
        }],
        at.changes_since(head).await
    );
}

async fn a_provider_proves_the_invited_address(at: Fixture) {
    let secret = invited(&at).await;
    let identity = UpstreamIdentity {
        issuer: "https://id.example".to_owned(),
        subject: "42".to_owned(),
    };
    let by_provider = AcceptInvitation {
        password_hash: None,
        identity: Some(identity.clone()),
        is_email_proved: true,
        ..accept(secret, "ada")
    };
    for contradiction in [
        AcceptInvitation {
            identity: None,
            ..by_provider.clone()
        },
        AcceptInvitation {
            password_hash: Some("$argon2id$v=19$x".to_owned()),
            ..by_provider.clone()
        },
    ] {
        refused(at.call(contradiction).await);
    }
    let made = at.call(by_provider).await.unwrap();
    assert!(made.is_email_verified && !made.has_password);
    let key = AccountKey::Upstream {
        issuer: identity.issuer,
        subject: identity.subject,
    };
    let found = at.call(FindAccount { key }).await.unwrap();
    assert_eq!(Some(made), found);
}

async fn whoever_is_signed_in_joins_as_themselves(at: Fixture) {
    let secret = invited(&at).await;
    let eve = at.has_person("eve").await;
    let as_eve = AcceptInvitation {
        signed_in_as: Some(eve.id.clone()),
        ..accept(secret, "ignored")
    };
    let joined = at.call(as_eve).await.unwrap();
    // She is who she was, and has no address by it.
    assert_eq!(eve, joined);
    let theirs = at.call(ListMemberships { account: eve.id }).await.unwrap();
    assert_eq!(1, theirs.len());
    assert_eq!("eve", theirs[0].superset_username);
    assert_eq!(2, at.call(CountAccounts {}).await.unwrap());
}

/// Mallory invites Ada, and takes the invitation herself.
async fn an_account_made_by_invitation_keeps_nobody_from_their_address(at: Fixture) {
    let secret = invited(&at).await;
    let mallory = at.call(accept(secret, "ada@example.com")).await.unwrap();
    let ada = AdmitUpstream {
        identity: UpstreamIdentity {
            issuer: "https://id.example".to_owned(),
            subject: "ada".to_owned(),
        },
        account: CreateAccount {
            email: Some("ada@example.com".to_owned()),
            is_email_verified: true,
            ..person("ada")
        },
        place: None,
    };
    let ada = at.call(ada).await.unwrap().account;
    assert_ne!(mallory.id, ada.id);
    let key = AccountKey::VerifiedEmail("ada@example.com".to_owned());
    assert_eq!(Some(ada), at.call(FindAccount { key }).await.unwrap());
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
    let nobody = AcceptInvitation {
        signed_in_as: Some(AccountId::new()),
        ..accept(secret, "eve")
    };
    assert!(is_not_found(at.call(nobody).await, "account"));
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

async fn an_address_is_invited_into_a_workspace_once(at: Fixture) {
    let first = invited(&at).await;
    at.has_workspace("board").await;
    let key = AccountKey::Username("root".to_owned());
    let root = at.call(FindAccount { key }).await.unwrap().unwrap().id;
    let of = |email: &str, workspace: &str, secret| CreateInvitation {
        email: email.to_owned(),
        workspace: slug(workspace),
        role: Role::Viewer,
        ..invite(secret, &root)
    };
    let (elsewhere, other, second) = (secret(), secret(), secret());
    for (email, workspace, secret) in [
        ("ada@example.com", "board", elsewhere),
        ("other@example.com", "acme", other),
        ("ada@example.com", "acme", second),
    ] {
        at.call(of(email, workspace, secret)).await.unwrap();
    }
    let open = at.call(list()).await.unwrap();
    let open: Vec<_> = open.iter().map(|one| (&*one.email, one.role)).collect();
    assert_eq!(2, open.len(), "{open:?}");
    assert!(
        open.contains(&("ada@example.com", Role::Viewer)),
        "{open:?}"
    );
    assert_eq!(
        None,
        at.call(FindInvitation { secret: first }).await.unwrap()
    );
    for secret in [elsewhere, other, second] {
        let found = at.call(FindInvitation { secret }).await.unwrap();
        assert!(found.is_some());
    }
}

async fn a_workspace_has_a_hundred_open_ones_at_the_most(at: Fixture) {
    invited(&at).await;
    let key = AccountKey::Username("root".to_owned());
    let root = at.call(FindAccount { key }).await.unwrap().unwrap().id;
    let another = |number: i32| CreateInvitation {
        email: format!("person-{number}@example.com"),
        ..invite(secret(), &root)
    };
    for number in 1..100 {
        at.call(another(number)).await.unwrap();
    }
    let said = refused(at.call(another(100)).await);
    assert!(said.starts_with("at most 100 open invitations"), "{said}");
    // One that takes the place of another has room.
    at.call(another(99)).await.unwrap();
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
