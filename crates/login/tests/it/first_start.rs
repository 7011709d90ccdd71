//! The first administrator.

use tidegate_types::ExposeSecret;

use crate::stage::{GOOD, Stage, peer};

#[tokio::test]
async fn the_first_start_makes_one_administrator_with_a_password_for_one_use() {
    let stage = Stage::new().await;
    let first = stage.sign_in.first_start().await.unwrap().unwrap();
    assert_eq!("admin", first.username);
    assert!(!format!("{first:?}").contains(first.password.expose_secret()));
    assert!(stage.sign_in.first_start().await.unwrap().is_none());
    let session = stage
        .enter("admin", first.password.expose_secret())
        .await
        .unwrap();
    assert!(session.session.account.is_administrator);
    assert!(session.session.must_change_password);
    stage.later(1);
    stage
        .sign_in
        .change_password(
            &session.session,
            &first.password,
            &GOOD.into(),
            &peer("192.0.2.1"),
        )
        .await
        .unwrap();
    let old = stage.refusal("admin", first.password.expose_secret()).await;
    assert_eq!("wrong_credentials", old);
}

#[tokio::test]
async fn where_there_are_people_nobody_is_made() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    assert!(stage.sign_in.first_start().await.unwrap().is_none());
}

#[tokio::test]
async fn of_nodes_that_start_together_one_makes_it() {
    let stage = Stage::new().await;
    let starts: Vec<_> = (0..6)
        .map(|_| {
            let node = stage.node(|_| ());
            tokio::spawn(async move { node.first_start().await })
        })
        .collect();
    let mut made = Vec::new();
    for start in starts {
        made.extend(start.await.unwrap().unwrap());
    }
    assert_eq!(1, made.len());
    stage
        .enter("admin", made[0].password.expose_secret())
        .await
        .unwrap();
}
