//! Several processes on one database: what one changes the others see, and nobody misses a change.

use std::fs;
use std::path::Path;

use tidegate_control_plane::change::{LoggedChange, ReadChanges};
use tidegate_control_plane::flag::{EvaluateFlags, FlagRule, SetFlag};
use tidegate_control_plane::workspace::FindConnection;
use tidegate_control_plane::{LocalManager, LocalSettings, Manager};
use tidegate_testkit::pgbouncer::PgBouncer;
use tidegate_testkit::postgres::PostgresServer;

use crate::fixture::{clock, postgres_settings, sqlite_settings};
use crate::given::{head, slug, workspace};

async fn node(settings: LocalSettings) -> Manager {
    let opened = LocalManager::open(settings, clock()).await;
    Manager::Local(opened.unwrap().into())
}

fn flip(number: u32) -> SetFlag {
    SetFlag {
        flag: "CHATBOT_ENABLED".to_owned(),
        rule: FlagRule::Everywhere(number.is_multiple_of(2)),
    }
}

async fn one_sees_what_the_other_changes(one: &Manager, other: &Manager) {
    let begin = head(one).await;
    other.call(workspace("acme")).await.unwrap();
    other.call(flip(0)).await.unwrap();
    let page = one.call(ReadChanges { after: Some(begin) }).await.unwrap();
    let told = [
        LoggedChange::Workspace {
            workspace: slug("acme"),
        },
        LoggedChange::Flags { workspace: None },
    ];
    assert_eq!(told, *page.changes);
    let workspace = slug("acme");
    let flags = one.call(EvaluateFlags { workspace }).await.unwrap();
    assert!(flags["CHATBOT_ENABLED"]);
    let slug = slug("acme");
    assert!(one.call(FindConnection { slug }).await.unwrap().is_some());
}

/// Whoever follows the log by the last place it saw sees each change once, however many append at once.
async fn nobody_misses_a_change(one: &Manager, other: &Manager) {
    const CHANGES: u32 = 200;
    let mut place = head(one).await;
    let mut writers = Vec::new();
    for number in 0..CHANGES {
        let node = if number % 2 == 0 { one } else { other }.clone();
        writers.push(tokio::spawn(async move { node.call(flip(number)).await }));
    }
    let mut seen = 0;
    while seen < CHANGES as usize {
        let page = one.call(ReadChanges { after: Some(place) }).await.unwrap();
        assert!(!page.has_gap, "after {place}");
        assert_eq!(place + page.changes.len() as u64, page.head);
        place = page.head;
        seen += page.changes.len();
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(CHANGES as usize, seen);
    assert_eq!(place, head(other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manager.sqlite");
    let (one, other) = (
        node(sqlite_settings(&path)).await,
        node(sqlite_settings(&path)).await,
    );
    one_sees_what_the_other_changes(&one, &other).await;
    nobody_misses_a_change(&one, &other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_a_server() {
    let server = PostgresServer::start().unwrap();
    let url = server.create_database("shared").unwrap();
    let (one, other) = (
        node(postgres_settings(&url)).await,
        node(postgres_settings(&url)).await,
    );
    one_sees_what_the_other_changes(&one, &other).await;
    nobody_misses_a_change(&one, &other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_a_server_behind_a_pooler() {
    let server = PostgresServer::start().unwrap();
    server.create_database("shared").unwrap();
    let bouncer = PgBouncer::start(server.port(), "").unwrap();
    let url = bouncer.url("shared");
    let (one, other) = (
        node(postgres_settings(&url)).await,
        node(postgres_settings(&url)).await,
    );
    one_sees_what_the_other_changes(&one, &other).await;
    nobody_misses_a_change(&one, &other).await;
}

fn holds(folder: &Path, text: &[u8]) -> bool {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files = files.map(|path| fs::read(path).unwrap());
    files.any(|file| file.windows(text.len()).any(|window| window == text))
}

#[tokio::test]
async fn a_connection_is_not_readable_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(sqlite_settings(&folder.path().join("manager.sqlite"))).await;
    node.call(workspace("acme")).await.unwrap();
    assert!(holds(folder.path(), b"acme"), "the files are looked into");
    for secret in ["hunter2", "the Superset's own key"] {
        assert!(!holds(folder.path(), secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn a_connection_that_was_copied_to_another_workspace_does_not_open() {
    let server = PostgresServer::start().unwrap();
    let url = server.create_database("copied").unwrap();
    let node = node(postgres_settings(&url)).await;
    for name in ["acme", "rival"] {
        node.call(workspace(name)).await.unwrap();
    }
    let copy = "UPDATE workspaces SET connection = (SELECT connection FROM workspaces WHERE slug = 'acme') \
                WHERE slug = 'rival'";
    server.execute("copied", copy).unwrap();
    let find = |name: &str| FindConnection { slug: slug(name) };
    assert!(node.call(find("acme")).await.unwrap().is_some());
    let err = node.call(find("rival")).await.unwrap_err();
    assert!(!format!("{err:?}").contains("hunter2"));
}
