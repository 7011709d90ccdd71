//! Guessing.

use crate::stage::{GOOD, OTHER, Stage};

#[tokio::test]
async fn a_locked_name_cannot_be_asked_for_the_right_password() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    for _ in 0..5 {
        assert_eq!("wrong_credentials", stage.refusal("alice", OTHER).await);
    }
    let wrong = stage.enter("alice", OTHER).await.unwrap_err();
    let right = stage.enter("alice", GOOD).await.unwrap_err();
    assert_eq!("locked", wrong.code());
    assert_eq!(wrong.to_string(), right.to_string());
    assert_eq!(wrong.retry_after(), right.retry_after());
    assert!(wrong.retry_after().is_some(), "it says when");
    let noted = stage.last("sign_in.failed").await;
    assert_eq!(
        ("locked", Some("locked by name")),
        (&*noted.outcome, noted.detail.as_deref())
    );
}

#[tokio::test]
async fn names_that_are_nobodys_are_locked_alike() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let mut courses = Vec::new();
    for name in ["alice", "nobody"] {
        let mut course = Vec::new();
        for number in 0..12 {
            // Other networks, so that only the name counts.
            let address = format!("192.0.{}.{number}", name.len());
            let err = stage.enter_from(&address, name, OTHER).await.unwrap_err();
            let wait = err.retry_after().map(|wait| wait.as_secs());
            course.push((err.code(), err.to_string(), wait));
            stage.later(wait.unwrap_or(0));
        }
        courses.push(course);
    }
    assert_eq!(courses[0], courses[1]);
    assert!(courses[0].iter().any(|(code, ..)| *code == "locked"));
}

#[tokio::test]
async fn the_owner_gets_in_after_the_wait_and_starts_again() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    for _ in 0..5 {
        stage.refusal("alice", OTHER).await;
    }
    let wait = stage
        .enter("alice", GOOD)
        .await
        .unwrap_err()
        .retry_after()
        .unwrap();
    stage.later(wait.as_secs());
    stage.enter("alice", GOOD).await.unwrap();
    for _ in 0..5 {
        assert_eq!("wrong_credentials", stage.refusal("alice", OTHER).await);
    }
}

#[tokio::test]
async fn signing_in_to_ones_own_account_buys_no_more_guesses_at_others() {
    let stage = Stage::new().await;
    stage.person("mallory").await;
    let mut tried = 0;
    for victim in 0..30 {
        if stage.refusal(&format!("victim{victim}"), OTHER).await == "locked" {
            break;
        }
        tried += 1;
        let own = stage.enter("mallory", GOOD).await;
        assert!(own.is_ok() || tried == 20, "{tried}");
    }
    assert_eq!(20, tried);
    let elsewhere = stage.enter_from("198.51.100.7", "mallory", GOOD).await;
    elsewhere.unwrap();
}

#[tokio::test]
async fn guesses_at_the_same_time_are_counted_one_by_one() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let guesses: Vec<_> = (0..30)
        .map(|number| {
            let sign_in = stage.sign_in.clone();
            tokio::spawn(async move {
                let peer = crate::stage::peer(&format!("192.0.2.{number}"));
                sign_in.with_password("alice", &OTHER.into(), &peer).await
            })
        })
        .collect();
    let mut checked = 0;
    for guess in guesses {
        let code = guess.await.unwrap().unwrap_err().code();
        assert!(
            ["wrong_credentials", "locked", "busy"].contains(&code),
            "{code}"
        );
        checked += u32::from(code == "wrong_credentials");
    }
    assert_eq!(5, checked, "the free ones");
}
