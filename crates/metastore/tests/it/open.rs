use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tidegate_metastore::{Metastore, MetastoreError, MetastoreSettings, PoolSettings};
use tidegate_testkit::ports::free_port;
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::{SecretString, ServiceCode};

#[tokio::test]
async fn a_sqlite_file_is_made_once_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let missing = Metastore::open_sqlite(&path, false, MetastoreSettings::default())
        .await
        .unwrap_err();
    assert_eq!(
        ServiceCode::Unavailable,
        missing.service_code(),
        "{missing:?}"
    );
    let made = Metastore::open_sqlite(&path, true, MetastoreSettings::default())
        .await
        .unwrap();
    made.ping().await.unwrap();
    made.close().await;
    let again = Metastore::open_sqlite(&path, false, MetastoreSettings::default())
        .await
        .unwrap();
    assert!(again.has_schema().await.unwrap() && again.is_sqlite());
    assert!(
        again.create_schema().await.is_err(),
        "the tables are there already"
    );
    again.ping().await.unwrap();
    again.close().await;
}

#[tokio::test]
async fn another_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    std::fs::write(&path, "this is no database, and longer than a header of one hundred bytes, which SQLite reads first of all things").unwrap();
    assert!(
        Metastore::open_sqlite(&path, true, MetastoreSettings::default())
            .await
            .is_err()
    );
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .starts_with("this is no database")
    );
}

#[tokio::test]
async fn tables_of_another_program_are_not_mixed_with_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.db");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut file = options.connect().await.unwrap();
    sqlx::query("CREATE TABLE customers (id INTEGER)")
        .execute(&mut file)
        .await
        .unwrap();
    file.close().await.unwrap();
    let err = Metastore::open_sqlite(&path, true, MetastoreSettings::default())
        .await
        .unwrap_err();
    assert!(matches!(err, MetastoreError::Unsuitable { .. }), "{err:?}");
}

#[tokio::test]
async fn an_empty_postgresql_database_gets_the_tables_of_a_real_superset() {
    let server = PostgresServer::start().unwrap();
    let url = SecretString::from(server.create_database("fresh").unwrap());
    let metastore = Metastore::connect_postgres(&url, MetastoreSettings::default()).unwrap();
    assert!(!metastore.has_schema().await.unwrap());
    let err = metastore.check_revision().await.unwrap_err();
    assert!(matches!(err, MetastoreError::Unsuitable { .. }), "{err:?}");
    metastore.create_schema().await.unwrap();
    metastore.check_revision().await.unwrap();
    tidegate_testkit::superset::restore(&server, "superset").unwrap();
    let columns = "SELECT table_name, column_name, data_type, is_nullable, column_default, character_maximum_length \
                   FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2";
    let [ours, theirs] =
        ["fresh", "superset"].map(|database| server.execute(database, columns).unwrap());
    assert_eq!(theirs, ours);
    let indexes = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2";
    let [ours, theirs] =
        ["fresh", "superset"].map(|database| server.execute(database, indexes).unwrap());
    assert_eq!(theirs, ours);
    let constraints = "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint \
                       WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2";
    let [ours, theirs] =
        ["fresh", "superset"].map(|database| server.execute(database, constraints).unwrap());
    assert_eq!(theirs, ours);
}

#[tokio::test]
async fn another_revision_is_refused_with_what_to_do() {
    let server = PostgresServer::start().unwrap();
    let url = tidegate_testkit::superset::restore(&server, "superset").unwrap();
    server
        .execute(
            "superset",
            "UPDATE alembic_version SET version_num = 'older'",
        )
        .unwrap();
    let metastore =
        Metastore::connect_postgres(&SecretString::from(url), MetastoreSettings::default())
            .unwrap();
    let err = metastore.check_revision().await.unwrap_err().to_string();
    assert!(
        err.contains("\"older\"") && err.contains("superset db upgrade"),
        "{err}"
    );
}

#[tokio::test]
async fn a_server_that_is_gone_or_hangs_is_unavailable_within_the_time_limit() {
    let pool = PoolSettings {
        acquire_timeout: Duration::from_millis(300),
        ..PoolSettings::default()
    };
    let settings = || MetastoreSettings {
        pool,
        ..MetastoreSettings::default()
    };
    // Nobody listens there: connections are refused.
    let closed = (std::net::Ipv4Addr::LOCALHOST, free_port()).into();
    // Accepts and never says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for address in [closed, silent.local_addr().unwrap()] {
        let url = SecretString::from(format!("postgresql://u:hunter2@{address}/db"));
        let started = std::time::Instant::now();
        let err = Metastore::connect_postgres(&url, settings())
            .unwrap()
            .ping()
            .await
            .unwrap_err();
        assert_eq!(ServiceCode::Unavailable, err.service_code(), "{err:?}");
        assert!(started.elapsed() < Duration::from_secs(3));
        assert!(!format!("{err:?}").contains("hunter2"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_waits_for_a_lock_ends_with_a_timeout() {
    let server = PostgresServer::start().unwrap();
    let url = tidegate_testkit::superset::restore(&server, "superset").unwrap();
    let pool = PoolSettings {
        statement_timeout: Duration::from_millis(300),
        ..PoolSettings::default()
    };
    let settings = MetastoreSettings {
        pool,
        ..MetastoreSettings::default()
    };
    let metastore = Metastore::connect_postgres(&SecretString::from(url), settings).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            server.execute(
                "superset",
                "BEGIN; LOCK TABLE alembic_version; SELECT pg_sleep(60)",
            )
        });
        let locked = "SELECT count(*) FROM pg_locks WHERE relation = 'alembic_version'::regclass AND granted";
        while server.execute("superset", locked).unwrap().trim() == "0" {}
        let err = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current()
                .block_on(metastore.check_revision())
                .unwrap_err()
        });
        assert_eq!(ServiceCode::Timeout, err.service_code(), "{err:?}");
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'";
        server.execute("superset", end).unwrap();
    });
}

#[tokio::test]
async fn a_url_that_does_not_parse_is_refused_without_showing_it() {
    let url = SecretString::from("mysql://u:hunter2@h/db");
    let err = Metastore::connect_postgres(&url, MetastoreSettings::default()).unwrap_err();
    assert!(!format!("{err:?} {err}").contains("hunter2"), "{err:?}");
}
