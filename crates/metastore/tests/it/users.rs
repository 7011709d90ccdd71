use tidegate_types::UserId;

use crate::fixture::Fixture;

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
