use tidegate_metastore::{Metastore, MetastoreError, NewUser};
use tidegate_types::UserId;

use crate::fixture::{Fixture, access_of};

#[tokio::test]
async fn users_are_found_by_id_name_and_address_unless_they_are_inactive() {
    let fixture = Fixture::start().await;
    for metastore in fixture.both() {
        let users = metastore.users();
        let ben = users.by_username("ben").await.unwrap().unwrap();
        assert_eq!((UserId(2), "ben@example.com"), (ben.id, ben.email.as_str()));
        assert_eq!(Some(&ben), users.by_id(UserId(2)).await.unwrap().as_ref());
        assert_eq!(
            Some(&ben),
            users.by_email("ben@example.com").await.unwrap().as_ref()
        );
        for nobody in ["gus", "Ben", "", "ben' OR '1'='1"] {
            assert_eq!(None, users.by_username(nobody).await.unwrap(), "{nobody}");
        }
        // Inactive.
        assert_eq!(None, users.by_id(UserId(7)).await.unwrap());
        assert!(metastore.access_of(UserId(7)).await.unwrap().is_none());
        assert!(metastore.access_of(UserId(999)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_sign_in_is_noted() {
    let fixture = Fixture::start().await;
    for metastore in fixture.both() {
        let at = "2026-12-01T10:00:00".parse().unwrap();
        metastore.users().note_login(UserId(2), at).await.unwrap();
    }
    let noted = fixture
        .server
        .execute("superset", "SELECT last_login FROM ab_user WHERE id = 2")
        .unwrap();
    assert_eq!("2026-12-01 10:00:00", noted.trim());
}

#[tokio::test]
async fn an_account_is_found_to_sign_in_by_even_when_it_is_inactive() {
    let fixture = Fixture::start().await;
    for metastore in fixture.both() {
        let users = metastore.users();
        let ben = users.account("ben").await.unwrap().unwrap();
        assert!(ben.is_active);
        assert_eq!(
            Some(&ben),
            users.account("ben@example.com").await.unwrap().as_ref()
        );
        let gus = users.account("gus").await.unwrap().unwrap();
        assert!(!gus.is_active);
        assert!(
            !format!("{gus:?}").contains("gus@"),
            "neither hash nor address is shown"
        );
        for nobody in ["Ben", "", "ben' OR '1'='1", "%"] {
            assert!(users.account(nobody).await.unwrap().is_none(), "{nobody}");
        }
    }
}

fn new_user(roles: &[&str]) -> NewUser {
    NewUser {
        username: "new".into(),
        first_name: "Nova".into(),
        last_name: String::new(),
        email: "new@example.com".into(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    }
}

async fn roles_of(metastore: &Metastore, username: &str) -> Vec<String> {
    let access = access_of(metastore, username).await;
    access
        .roles()
        .iter()
        .map(|role| role.name.clone())
        .collect()
}

#[tokio::test]
async fn an_account_that_was_made_here_gets_the_roles_that_it_has_now() {
    let fixture = Fixture::start().await;
    let at = "2026-12-01T10:00:00".parse().unwrap();
    let users = fixture.sqlite.users();
    users
        .provision(&new_user(&["Gamma", "No such role"]), at)
        .await
        .unwrap();
    assert_eq!(["Gamma"].as_slice(), roles_of(&fixture.sqlite, "new").await);
    users.provision(&new_user(&["Alpha"]), at).await.unwrap();
    assert_eq!(["Alpha"].as_slice(), roles_of(&fixture.sqlite, "new").await);
}

#[tokio::test]
async fn an_account_with_a_password_keeps_its_roles() {
    let fixture = Fixture::start().await;
    let before = roles_of(&fixture.sqlite, "ben").await;
    let ben = NewUser {
        username: "ben".into(),
        ..new_user(&["Admin"])
    };
    let at = "2026-12-01T10:00:00".parse().unwrap();
    let users = fixture.sqlite.users();
    users.provision(&ben, at).await.unwrap();
    assert_eq!(before, roles_of(&fixture.sqlite, "ben").await);
    assert!(users.by_email("new@example.com").await.unwrap().is_none());
}

#[tokio::test]
async fn accounts_of_somebody_else_s_superset_are_not_made() {
    let fixture = Fixture::start().await;
    let at = "2026-12-01T10:00:00".parse().unwrap();
    let made = fixture
        .postgres
        .users()
        .provision(&new_user(&["Admin"]), at)
        .await;
    assert!(matches!(made, Err(MetastoreError::Unsuitable { .. })));
    let taken = NewUser {
        email: "ben@example.com".into(),
        ..new_user(&["Admin"])
    };
    let made = fixture.sqlite.users().provision(&taken, at).await;
    assert!(
        matches!(made, Err(MetastoreError::Conflict { .. })),
        "{made:?}"
    );
}
