//! Signing keys: one for nodes that start at once, rotation with overlap.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidegate_control_plane::change::LoggedChange;
use tidegate_control_plane::signing_key::{
    AddSigningKey, ListSigningKeys, RemoveSigningKey, SigningKey,
};
use tidegate_control_plane::{LocalManager, LocalSettings, Manager, ManagerError};
use tidegate_testkit::postgres::PostgresServer;

use crate::deployment::{Deployment, invalid};
use crate::fixture::{Fixture, START, clock, postgres_settings, scenarios, sqlite_settings};

const HOUR: u32 = 3_600;

fn key(id: &str, signs_from: i64) -> AddSigningKey {
    AddSigningKey {
        key: SigningKey {
            id: id.into(),
            algorithm: "ES256".into(),
            private_key: "cHJpdmF0ZQ==".into(),
            public_jwk: json!({ "kty": "EC", "kid": id, "crv": "P-256" }),
            signs_from,
            published_until: None,
        },
        overlap_secs: HOUR,
    }
}

async fn ids(manager: &Manager) -> Vec<String> {
    let keys = manager.call(ListSigningKeys {}).await.unwrap();
    keys.into_iter().map(|key| key.id).collect()
}

async fn keys_rotate_with_overlap(fixture: Fixture) {
    let manager = &fixture.manager;
    manager.call(key("first", fixture.now())).await.unwrap();
    let soon = fixture.now() + 600;
    manager.call(key("second", soon)).await.unwrap();
    // Published, and not yet signing: the last is the one that signs.
    assert_eq!(["second", "first"], ids(manager).await[..]);
    fixture.pass(Duration::from_mins(10));
    assert_eq!(["first", "second"], ids(manager).await[..]);
    let keys = manager.call(ListSigningKeys {}).await.unwrap();
    assert_eq!(Some(soon + i64::from(HOUR)), keys[0].published_until);
    assert_eq!(None, keys[1].published_until);
    assert_eq!("cHJpdmF0ZQ==", keys[1].private_key);
    fixture.pass(Duration::from_hours(1));
    assert_eq!(["second"], ids(manager).await[..]);
}

async fn a_key_is_taken_out_at_once_and_every_node_is_told(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let manager = &deployment.manager;
    let before = deployment.head().await;
    manager.call(key("first", fixture.now())).await.unwrap();
    assert_eq!(
        vec![LoggedChange::Keys],
        deployment.changes_after(before).await
    );
    let before = deployment.head().await;
    let remove = || manager.call(RemoveSigningKey { id: "first".into() });
    assert!(remove().await.unwrap());
    assert!(!remove().await.unwrap());
    let hostile = RemoveSigningKey { id: "\0".into() };
    assert!(!manager.call(hostile).await.unwrap());
    assert_eq!(
        vec![LoggedChange::Keys],
        deployment.changes_after(before).await
    );
    assert!(ids(manager).await.is_empty());
    // Another may sign from the same moment.
    manager.call(key("second", fixture.now())).await.unwrap();
    assert_eq!(["second"], ids(manager).await[..]);
}

async fn what_is_no_key_is_refused(fixture: Fixture) {
    let manager = &fixture.manager;
    let with = |change: &dyn Fn(&mut AddSigningKey)| {
        let mut asked = key("a-key", START);
        change(&mut asked);
        manager.call(asked)
    };
    for (field, result) in [
        ("key.id", with(&|asked| asked.key.id = String::new()).await),
        (
            "key.algorithm",
            with(&|asked| asked.key.algorithm = "HS256".into()).await,
        ),
        (
            "key.private_key",
            with(&|asked| asked.key.private_key = String::new()).await,
        ),
        (
            "kid",
            with(&|asked| asked.key.public_jwk["kid"] = json!("other")).await,
        ),
        (
            "private",
            with(&|asked| asked.key.public_jwk["d"] = json!("secret")).await,
        ),
        (
            "overlap_secs",
            with(&|asked| asked.overlap_secs = u32::MAX).await,
        ),
    ] {
        let words = invalid(result);
        assert!(words.contains(field), "{words}");
        assert!(!words.contains("secret"), "{words}");
    }
    with(&|_| ()).await.unwrap();
    let same_id = key("a-key", START + 1_000);
    let same_id = manager.call(same_id).await;
    assert!(
        matches!(same_id, Err(ManagerError::Conflict(_))),
        "{same_id:?}"
    );
}

async fn published_keys_are_bounded(fixture: Fixture) {
    let manager = &fixture.manager;
    for number in 0..16 {
        let asked = key(&format!("key-{number}"), START + number * 100);
        manager.call(asked).await.unwrap();
    }
    let more = manager.call(key("more", START + 10_000)).await;
    assert!(
        matches!(more, Err(ManagerError::LimitReached(_))),
        "{more:?}"
    );
}

scenarios!(
    keys_rotate_with_overlap,
    a_key_is_taken_out_at_once_and_every_node_is_told,
    what_is_no_key_is_refused,
    published_keys_are_bounded,
);

/// Six nodes find no key and add one each, a second apart by their clocks.
async fn race(settings: LocalSettings) {
    let mut adds = Vec::new();
    let mut nodes = Vec::new();
    for number in 0..6 {
        let opened = LocalManager::open(settings.clone(), clock()).await;
        let node = Manager::Local(Arc::new(opened.unwrap()));
        nodes.push(node.clone());
        let asked = key(&format!("of-node-{number}"), START + number);
        adds.push(tokio::spawn(async move { node.call(asked).await.unwrap() }));
    }
    for add in adds {
        add.await.unwrap();
    }
    let expected = ids(&nodes[0]).await;
    assert_eq!(1, expected.len());
    for node in &nodes {
        assert_eq!(expected, ids(node).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_agree_on_one_key_on_postgres() {
    let server = PostgresServer::start().unwrap();
    let url = server.create_database("keys").unwrap();
    race(postgres_settings(&url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_agree_on_one_key_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    race(sqlite_settings(&folder.path().join("manager.sqlite"))).await;
}
