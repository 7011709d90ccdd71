use tidegate_metastore::{FoundUser, Metastore, MetastoreError, NewUser, UserQuery};
use tidegate_types::UserId;

use crate::fixture::{Fixture, access_of};

#[tokio::test]
async fn users_are_found_by_id_name_and_address_unless_they_are_inactive() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
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
async fn a_text_finds_one_user_by_name_or_address_and_never_two() {
    let more =
        "INSERT INTO ab_user (id, first_name, last_name, username, password, active, email) VALUES
        (61, 'C', 'C', 'Cora', '!', true, 'cora@example.com'),
        (62, 'C', 'C', 'cora', '!', true, 'cora2@example.com'),
        (63, 'D', 'D', 'dora@example.com', '!', true, 'dora-at-work@example.com'),
        (64, 'D', 'D', 'dora', '!', true, 'dora@example.com'),
        (65, 'K', 'K', 'kim', '!', true, 'kim@example.com');";
    let fixture = Fixture::start_with(more).await;
    for metastore in fixture.all() {
        let find = async |text: &str, may_be_address: bool, ignores_case: bool| {
            let query = UserQuery {
                text,
                may_be_address,
                ignores_case,
            };
            match metastore.users().find(query).await.unwrap() {
                FoundUser::One(user) => user.username,
                other => format!("{other:?}").to_lowercase(),
            }
        };
        for (text, may_be_address, ignores_case, expected) in [
            ("ben", false, false, "ben"),
            ("ben", true, true, "ben"),
            ("BEN", false, false, "nobody"),
            ("BEN", false, true, "ben"),
            ("ben@example.com", false, false, "nobody"),
            ("ben@example.com", true, false, "ben"),
            // Addresses are compared as they stand, as in Superset.
            ("Ben@example.com", true, true, "nobody"),
            ("gus", false, false, "inactive"),
            ("GUS", false, true, "inactive"),
            ("gus@example.com", true, false, "inactive"),
            // Two who differ by case alone.
            ("cora", false, false, "cora"),
            ("Cora", false, false, "Cora"),
            ("cora", false, true, "several"),
            ("CORA", false, true, "several"),
            // The name of one is the address of another.
            ("dora@example.com", false, false, "dora@example.com"),
            ("dora@example.com", true, false, "several"),
            // A letter that some databases fold to another.
            ("\u{212a}im", false, true, "nobody"),
            ("", true, true, "nobody"),
            ("%", true, true, "nobody"),
            ("b_n", true, true, "nobody"),
            ("ben' OR '1'='1", true, true, "nobody"),
            (" ben", true, true, "nobody"),
        ] {
            let found = find(text, may_be_address, ignores_case).await;
            assert_eq!(expected, found, "{text:?} {may_be_address} {ignores_case}");
        }
    }
}

#[tokio::test]
async fn a_sign_in_is_noted() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
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
    for metastore in fixture.all() {
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
