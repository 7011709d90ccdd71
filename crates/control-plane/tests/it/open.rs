//! Opening a database: new, again, at once, too new, another program's, with another secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tidegate_control_plane::change::ReadChanges;
use tidegate_control_plane::{LocalManager, LocalSettings, Manager, ManagerError};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::SecretString;

use crate::fixture::{SECRET, clock, postgres_settings, sqlite_settings};

async fn open(settings: LocalSettings) -> Result<LocalManager, ManagerError> {
    LocalManager::open(settings, clock()).await
}

/// What the log would show.
fn chain(err: &ManagerError) -> String {
    let mut text = err.to_string();
    let mut cause = std::error::Error::source(err);
    while let Some(err) = cause {
        text = format!("{text}: {err}");
        cause = err.source();
    }
    text
}

#[tokio::test]
async fn nodes_that_start_at_once_on_an_empty_file_all_come_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manager.sqlite");
    let without_secret = || LocalSettings::Sqlite {
        path: path.clone(),
        secret: None,
    };
    let starts = (0..6).map(|_| tokio::spawn(open(without_secret())));
    for start in starts.collect::<Vec<_>>() {
        let manager = Manager::Local(start.await.unwrap().unwrap().into());
        assert_eq!(
            0,
            manager
                .call(ReadChanges { after: None })
                .await
                .unwrap()
                .head
        );
    }
    for file in ["manager.sqlite", "manager.sqlite.key"] {
        let mode = fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(0o600, mode & 0o777, "{file}");
    }
    let kept = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let drafts = kept.filter(|name| name.to_string_lossy().contains(".key."));
    assert_eq!(0, drafts.count(), "drafts of the key are left");
}

#[tokio::test]
async fn nodes_that_start_at_once_on_an_empty_server_all_come_up() {
    let server = PostgresServer::start().unwrap();
    let url = server.create_database("empty").unwrap();
    let starts = (0..6).map(|_| tokio::spawn(open(postgres_settings(&url))));
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap().unwrap();
    }
    let versions = server
        .execute("empty", "SELECT count(*) FROM schema_version")
        .unwrap();
    assert_eq!("3", versions);
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused_and_left_alone() {
    let server = PostgresServer::start().unwrap();
    let url = server.create_database("newer").unwrap();
    open(postgres_settings(&url)).await.unwrap();
    server
        .execute("newer", "INSERT INTO schema_version VALUES (7, 0)")
        .unwrap();
    let err = open(postgres_settings(&url)).await.err().unwrap();
    assert!(
        chain(&err).contains("of version 7, and this program knows versions up to 3"),
        "{}",
        chain(&err)
    );
    let versions = server
        .execute("newer", "SELECT max(version) FROM schema_version")
        .unwrap();
    assert_eq!("7", versions);
}

#[tokio::test]
async fn another_programs_database_is_refused_by_name() {
    let server = PostgresServer::start().unwrap();
    let url = server.create_database("superset").unwrap();
    server
        .execute("superset", "CREATE TABLE ab_user (id int)")
        .unwrap();
    let err = open(postgres_settings(&url)).await.err().unwrap();
    assert!(
        chain(&err).contains("tables of another program (\"ab_user\")"),
        "{}",
        chain(&err)
    );
    let tables = server
        .execute(
            "superset",
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
        )
        .unwrap();
    assert_eq!("1", tables);
}

#[tokio::test]
async fn another_secret_is_noticed_when_the_database_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manager.sqlite");
    open(sqlite_settings(&path)).await.unwrap().close().await;
    open(sqlite_settings(&path)).await.unwrap().close().await;
    let other = LocalSettings::Sqlite {
        path: path.clone(),
        secret: Some(SecretString::from("another secret, which is long enough")),
    };
    let err = open(other).await.err().unwrap();
    assert!(matches!(err, ManagerError::Invalid(_)));
    assert!(
        err.to_string()
            .contains("is not the one that its database was made with"),
        "{err}"
    );
    // A lost key file is drawn anew, and does not pass for the old one.
    let drawn = LocalSettings::Sqlite { path, secret: None };
    assert!(matches!(
        open(drawn).await.err().unwrap(),
        ManagerError::Invalid(_)
    ));
}

async fn open_existing(settings: LocalSettings) -> Result<Option<LocalManager>, ManagerError> {
    LocalManager::open_existing(settings, clock()).await
}

#[tokio::test]
async fn what_is_not_there_is_not_made_for_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/manager.sqlite");
    for secret in [None, Some(SecretString::from(SECRET))] {
        let settings = LocalSettings::Sqlite {
            path: path.clone(),
            secret,
        };
        assert!(open_existing(settings).await.unwrap().is_none());
        assert_eq!(0, fs::read_dir(folder.path()).unwrap().count());
    }
    let server = PostgresServer::start().unwrap();
    let url = server.create_database("empty").unwrap();
    let found = open_existing(postgres_settings(&url)).await.unwrap();
    assert!(found.is_none());
    let tables = server
        .execute(
            "empty",
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
        )
        .unwrap();
    assert_eq!("0", tables);
    open(postgres_settings(&url)).await.unwrap();
    let found = open_existing(postgres_settings(&url)).await.unwrap();
    assert!(found.is_some());
}

#[tokio::test]
async fn a_command_does_not_migrate_and_draws_no_key() {
    let server = PostgresServer::start().unwrap();
    let url = server.create_database("older").unwrap();
    open(postgres_settings(&url)).await.unwrap();
    server
        .execute("older", "DELETE FROM schema_version WHERE version > 1")
        .unwrap();
    let err = open_existing(postgres_settings(&url)).await.err().unwrap();
    assert!(
        chain(&err).contains("of version 1, and this program's of version 3: start a server"),
        "{}",
        chain(&err)
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manager.sqlite");
    let settings = LocalSettings::Sqlite {
        path: path.clone(),
        secret: None,
    };
    open(settings.clone()).await.unwrap().close().await;
    let key = folder.path().join("manager.sqlite.key");
    fs::remove_file(&key).unwrap();
    let err = open_existing(settings).await.err().unwrap();
    assert!(
        err.to_string().contains("manager.sqlite.key is not there"),
        "{err}"
    );
    assert!(!key.exists());
}

#[tokio::test]
async fn a_short_secret_is_refused_with_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let settings = LocalSettings::Sqlite {
        path: folder.path().join("manager.sqlite"),
        secret: Some(SecretString::from("too short")),
    };
    let err = open(settings).await.err().unwrap();
    assert!(
        err.to_string()
            .contains("has 9 characters: it needs at least 32"),
        "{err}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let err = open(postgres_settings("postgres://nobody@127.0.0.1:1/none"))
        .await
        .err()
        .unwrap();
    assert!(matches!(err, ManagerError::Unavailable(_)), "{err:?}");
}
