//! Guessing.

use tidegate_types::ExposeSecret;

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
    let first = Stage::new().await;
    first.at_the_hour();
    let second = Stage::beside(&first).await;
    let mut courses = Vec::new();
    for (stage, name) in [(first, "alice"), (second, "nobody")] {
        stage.person("alice").await;
        let mut course = Vec::new();
        for number in 0..40 {
            // From one network the name waits longer and longer; from many the hour is over at some time.
            let address = format!("192.0.2.{}", number / 12);
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
    stage.at_the_hour();
    stage.person("alice").await;
    let guesses: Vec<_> = (0..30)
        .map(|_| {
            let sign_in = stage.sign_in.clone();
            tokio::spawn(async move {
                let peer = crate::stage::peer("192.0.2.1");
                sign_in
                    .with_password("alice", &OTHER.into(), None, &peer)
                    .await
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

/// 200 wrong passwords from 20 addresses.
pub(crate) async fn strangers_try(stage: &Stage, name: &str) {
    for number in 0..200 {
        let address = format!("203.0.113.{}", number % 20);
        let tried = stage.enter_from(&address, name, OTHER).await;
        let code = tried.unwrap_err().code();
        assert!(["wrong_credentials", "locked"].contains(&code), "{code}");
        if number % 20 == 19 {
            stage.later(7);
        }
    }
}

#[tokio::test]
async fn strangers_keep_nobody_out_who_signed_in_from_there_before() {
    let stage = Stage::new().await;
    stage.at_the_hour();
    stage.person("alice").await;
    let session = stage.enter_from("198.51.100.1", "alice", GOOD).await;
    let known = session.unwrap().known_browser.unwrap();
    let cookie = known.cookie.expose_secret();
    assert!(known.lives >= std::time::Duration::from_hours(24));
    strangers_try(&stage, "alice").await;
    let elsewhere = stage.enter_from("192.0.2.50", "alice", GOOD).await;
    assert_eq!("locked", elsewhere.unwrap_err().code());
    assert_eq!(
        Some("locked by name everywhere"),
        stage.last("sign_in.failed").await.detail.as_deref()
    );
    stage
        .enter_from("198.51.100.1", "alice", GOOD)
        .await
        .unwrap();
    let travelling = stage.enter_known("192.0.2.50", cookie, "alice", GOOD).await;
    // By any of her names, with the cookie that came in its place.
    let known = travelling.unwrap().known_browser.unwrap();
    assert_ne!(cookie, known.cookie.expose_secret());
    strangers_try(&stage, "alice@acme.test").await;
    let cookie = known.cookie.expose_secret();
    stage
        .enter_known("192.0.2.51", cookie, "Alice@acme.test", GOOD)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_known_browser_opens_nothing_and_is_known_for_its_owner_alone() {
    let stage = Stage::new().await;
    stage.at_the_hour();
    stage.person("alice").await;
    stage.person("bob").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    let known = session.known_browser.unwrap();
    let cookie = known.cookie.expose_secret();
    assert!(stage.sign_in.session(cookie).await.unwrap().is_none());
    let wrong = stage
        .enter_known("192.0.2.50", cookie, "alice", OTHER)
        .await;
    assert_eq!("wrong_credentials", wrong.unwrap_err().code());
    strangers_try(&stage, "bob").await;
    let other = stage.enter_known("192.0.2.50", cookie, "bob", GOOD).await;
    assert_eq!("locked", other.unwrap_err().code());
    // Guessing with it is as slow as without.
    let mut codes = Vec::new();
    for _ in 0..20 {
        let wrong = stage
            .enter_known("192.0.2.60", cookie, "alice", OTHER)
            .await;
        codes.push(wrong.unwrap_err().code());
    }
    // What is left of the browser's five, and the five of its network.
    let (tried, locked) = codes.split_at(9);
    assert!(
        tried.iter().all(|code| *code == "wrong_credentials"),
        "{codes:?}"
    );
    assert!(locked.iter().all(|code| *code == "locked"), "{codes:?}");
}

#[tokio::test]
async fn a_known_browser_is_forgotten_when_the_password_changes() {
    let stage = Stage::new().await;
    stage.at_the_hour();
    stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    let old = session.known_browser.unwrap();
    stage.later(1);
    let changed = stage
        .sign_in
        .change_password(
            &session.session,
            &GOOD.into(),
            &OTHER.into(),
            &crate::stage::peer("192.0.2.1"),
        )
        .await
        .unwrap();
    let new = changed.known_browser.unwrap();
    for number in 0..200 {
        let address = format!("203.0.113.{}", number % 20);
        let _ = stage.enter_from(&address, "alice", GOOD).await;
    }
    let enter = async |cookie: &str| {
        let entered = stage
            .enter_known("192.0.2.50", cookie, "alice", OTHER)
            .await;
        entered.map(drop).map_err(|err| err.code())
    };
    assert_eq!(Err("locked"), enter(old.cookie.expose_secret()).await);
    assert_eq!(Ok(()), enter(new.cookie.expose_secret()).await);
}

/// Her account has the address of an account that others made for themselves, until it is hers.
#[tokio::test]
async fn a_browser_is_not_known_for_a_name_that_leads_to_another_account_now() {
    let stage = Stage::new().await;
    stage.at_the_hour();
    let boss = stage.person("boss").await;
    let secret = crate::invitations::invite(&stage, &boss, "victor@acme.test").await;
    let from = crate::stage::peer("192.0.2.1");
    stage
        .sign_in
        .accept_invitation(&secret, "mallory", "M", &GOOD.into(), &from)
        .await
        .unwrap();
    let session = stage.enter("victor@acme.test", GOOD).await.unwrap();
    let cookie = session.known_browser.unwrap();
    let cookie = cookie.cookie.expose_secret();
    stage.person("victor").await;
    strangers_try(&stage, "victor@acme.test").await;
    let guess = stage
        .enter_known("192.0.2.50", cookie, "victor@acme.test", OTHER)
        .await;
    assert_eq!("locked", guess.unwrap_err().code());
}
