//! Where the server is, how it is reached, and what comes of it when it is not.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tidegate_engines::{DataSource, DatabaseConfig, PoolLimits, Query, QueryError};
use tidegate_postgres::ConnectFailure;
use tidegate_testkit::postgres::PostgresServer;

use crate::proxy::{Habit, Proxy};
use crate::{
    SLOW, USER, config, engine_at, engine_on, engine_with, limits, open, read_value, running,
    server,
};

async fn failure(engine: &Arc<dyn DataSource>) -> ConnectFailure {
    match engine.run_sql(Query::read(USER, "SELECT 1")).await {
        Err(QueryError::Unavailable {
            cause: tidegate_engines::ConnectFailure::Server(cause),
            ..
        }) => cause,
        other => panic!("{other:?}"),
    }
}

fn terminate_all(server: &PostgresServer) {
    server
        .execute("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidegate'")
        .unwrap();
    server
        .eventually(
            "postgres",
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidegate'",
            "0",
        )
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_told_at_once_and_one_that_comes_back_is_used_again() {
    let server = PostgresServer::start().unwrap();
    let engine = engine_on(&server, false, 2).await;
    assert!(engine.run_sql(Query::read(USER, "SELECT 1")).await.is_ok());
    terminate_all(&server);
    let outcome = engine.run_sql(Query::read(USER, "SELECT 1")).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    drop(server);
    let start = Instant::now();
    let gone = engine_at("postgresql://postgres:secret@127.0.0.1:1/x").await;
    for _ in 0..20 {
        assert_eq!(ConnectFailure::Refused, failure(&gone).await);
    }
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_connection_died_runs_on_a_new_one() {
    let server = PostgresServer::start().unwrap();
    let engine = engine_on(&server, false, 4).await;
    for _ in 0..3 {
        // So many connections as the pool may have.
        let all = futures_util::future::join_all((0..4).map(|_| {
            let engine = engine.clone();
            async move {
                engine
                    .run_sql(Query::read(USER, "SELECT pg_sleep(0.2)"))
                    .await
            }
        }));
        assert!(all.await.iter().all(Result::is_ok));
        terminate_all(&server);
        for _ in 0..4 {
            assert_eq!(json!(7), read_value(&engine, "SELECT 7").await);
        }
    }
    let proxy = Proxy::start(server.port(), Habit::BreaksBeforeOnce("forty-two")).await;
    let engine = engine_with(&proxy.url(), false, limits(1)).await;
    assert_eq!(
        json!(42),
        read_value(&engine, "SELECT 42 /* forty-two */").await
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_breaks_its_connection_each_time_is_tried_twice_and_no_more() {
    let server = server();
    let proxy = Proxy::start(server.port(), Habit::BreaksAfter("poison")).await;
    let engine = engine_with(&proxy.url(), false, limits(2)).await;
    let outcome = engine
        .run_sql(Query::read(USER, "SELECT 1 /* poison */"))
        .await;
    assert!(
        matches!(outcome, Err(QueryError::ConnectionLost { .. })),
        "{outcome:?}"
    );
    assert_eq!(2, proxy.connections());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_holds_up_only_those_who_came_first() {
    let proxy = Proxy::start(1, Habit::Silent).await;
    let limits = PoolLimits {
        checkout_timeout: Duration::from_secs(1),
        ..limits(2)
    };
    let engine = engine_with(&proxy.url(), false, limits).await;
    let start = Instant::now();
    assert_eq!(ConnectFailure::TimedOut, failure(&engine).await);
    assert!(start.elapsed() < Duration::from_secs(5));
    // The next ones are told what is known.
    let start = Instant::now();
    for _ in 0..50 {
        assert_eq!(ConnectFailure::TimedOut, failure(&engine).await);
    }
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert!(proxy.connections() <= 3, "{}", proxy.connections());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_refuses_is_told_at_once_and_not_asked_for_again_and_again() {
    let server = PostgresServer::start().unwrap();
    server
        .execute(
            "postgres",
            "CREATE ROLE knows LOGIN PASSWORD 'hush'; CREATE ROLE few LOGIN CONNECTION LIMIT 1",
        )
        .unwrap();
    require_passwords(&server, "knows");
    let at = |user: &str, database: &str| {
        format!("postgresql://{user}@127.0.0.1:{}/{database}", server.port())
    };
    for (uri, expected) in [
        (at("knows:wrong", "postgres"), ConnectFailure::Credentials),
        (at("knows", "postgres"), ConnectFailure::Credentials),
        (at("nobody", "postgres"), ConnectFailure::Credentials),
        (at("postgres", "missing"), ConnectFailure::UnknownDatabase),
        (
            "postgresql://postgres@nowhere.invalid/x".to_owned(),
            ConnectFailure::UnknownHost,
        ),
        (
            at("postgres", "postgres?sslmode=require"),
            ConnectFailure::Tls,
        ),
        (
            at(
                "postgres",
                "postgres?target_session_attrs=read-write&options=-cdefault_transaction_read_only%3Don",
            ),
            ConnectFailure::WrongServer,
        ),
    ] {
        let engine = engine_at(&uri).await;
        let start = Instant::now();
        for _ in 0..10 {
            assert_eq!(expected, failure(&engine).await, "{uri}");
        }
        assert!(start.elapsed() < Duration::from_secs(4), "{uri}");
        let text = expected.to_string();
        assert!(!text.contains("knows") && !text.contains("127.0"), "{text}");
    }
    assert_eq!(
        json!(1),
        read_value(&engine_at(&at("knows:hush", "postgres")).await, "SELECT 1").await
    );
    let first = engine_at(&at("few", "postgres")).await;
    assert_eq!(json!(1), read_value(&first, "SELECT 1").await);
    let second = engine_at(&at("few", "postgres")).await;
    assert_eq!(ConnectFailure::TooManyConnections, failure(&second).await);
    // Whoever has a connection waits for it.
    let (one, two) = tokio::join!(
        first.run_sql(Query::read(USER, "SELECT pg_sleep(0.5)")),
        first.run_sql(Query::read(USER, "SELECT pg_sleep(0.5)")),
    );
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
}

/// From now on `role` proves who it is.
fn require_passwords(server: &PostgresServer, role: &str) {
    let file = server.execute("postgres", "SHOW hba_file").unwrap();
    let rules = format!("host all {role} all scram-sha-256\\nhost all all all trust");
    let sql = format!(
        "COPY (SELECT E'{rules}') TO PROGRAM 'printf \"%b\" \"$(cat)\" > {}'",
        file.trim()
    );
    server.execute("postgres", &sql).unwrap();
    server
        .execute("postgres", "SELECT pg_reload_conf()")
        .unwrap();
    server
        .eventually(
            "postgres",
            "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'scram-sha-256' AND error IS NULL",
            "1",
        )
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_is_reached_in_every_form_whatever_tls_is_asked_for() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    // Cloud SQL's sockets lie in folders with colons in their names.
    let place = folder.path().join("project:region:instance");
    std::fs::create_dir(&place).unwrap();
    let _proxy = Proxy::on_socket(&place, server.port());
    let place = place.display().to_string();
    let encoded = place.replace('/', "%2F").replace(':', "%3A");
    for uri in [
        format!("postgresql+psycopg2://postgres:p@/postgres?host={place}"),
        format!("postgresql://postgres@/postgres?host={place}&sslmode=require"),
        format!("postgresql://postgres@dummy/postgres?host={place}"),
        format!("postgresql://postgres@{encoded}/postgres"),
        format!("postgresql://127.0.0.1:1,{encoded}/postgres?user=postgres"),
        format!("postgresql:///postgres?host={place}&user=postgres"),
    ] {
        let engine = engine_with(&uri, false, limits(1)).await;
        assert_eq!(json!(1), read_value(&engine, "SELECT 1").await, "{uri}");
        let late = Query {
            timeout: Duration::from_millis(100),
            ..Query::read(USER, format!("{SLOW} /* by socket */"))
        };
        assert!(matches!(
            engine.run_sql(late).await,
            Err(QueryError::Timeout { .. })
        ));
        server
            .eventually("postgres", &running("* by socket *"), "0")
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_servers_the_first_that_will_do_is_taken() {
    let server = server();
    let port = server.port();
    let silent = Proxy::start(1, Habit::Silent).await;
    for uri in [
        format!("postgresql://postgres@/postgres?host=127.0.0.1:1&host=127.0.0.1:{port}"),
        format!("postgresql://postgres@127.0.0.1:1,127.0.0.1:{port}/postgres"),
        format!("postgresql://postgres@/postgres?host=127.0.0.1,127.0.0.1&port=1,{port}"),
        format!("postgresql://postgres@nowhere.invalid,127.0.0.1/postgres?port={port}"),
        format!(
            "postgresql://postgres@127.0.0.1:{},127.0.0.1:{port}/postgres?connect_timeout=2",
            silent.port
        ),
        format!("postgresql://postgres@nowhere.invalid:{port}/postgres?hostaddr=127.0.0.1"),
        format!(
            "postgresql://postgres@127.0.0.1:{port},127.0.0.1:1/postgres?target_session_attrs=primary"
        ),
        format!(
            "postgresql://postgres@127.0.0.1:{port}/postgres?target_session_attrs=prefer-standby"
        ),
        format!(
            "postgresql://postgres@127.0.0.1:1,127.0.0.1:{port}/postgres?load_balance_hosts=random"
        ),
    ] {
        let engine = engine_with(&uri, false, limits(1)).await;
        assert_eq!(json!(1), read_value(&engine, "SELECT 1").await, "{uri}");
    }
    let standby =
        format!("postgresql://postgres@127.0.0.1:{port}/postgres?target_session_attrs=standby");
    assert_eq!(
        ConnectFailure::WrongServer,
        failure(&engine_at(&standby).await).await
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_reach_the_server() {
    let server = server();
    let uri = format!(
        "{}?application_name=superset&options=-cwork_mem%3D5MB%20-c%20lock_timeout%3D7s",
        server.url("postgres")
    );
    let engine = engine_at(&uri).await;
    for (setting, expected) in [
        ("application_name", "superset"),
        ("work_mem", "5MB"),
        ("lock_timeout", "7s"),
    ] {
        let sql = format!("SELECT current_setting('{setting}')");
        assert_eq!(json!(expected), read_value(&engine, &sql).await);
    }
}

#[tokio::test]
async fn what_no_engine_can_use_is_refused_without_its_secrets() {
    for (uri, word) in [
        ("snowflake://u:hush@account/db", "snowflake"),
        ("postgresql://u:hush@h/d?sslmod=require", "sslmod"),
        ("postgresql://u:hush@h/d?passfile=/x", "passfile"),
        ("postgresql://u:hush@h/d?sslmode=verify-full", "sslrootcert"),
        (
            "postgresql://u:hush@h/d?sslmode=verify-ca&sslrootcert=/nowhere/hush",
            "sslrootcert",
        ),
    ] {
        let opened = open(config(uri, false, PoolLimits::default())).await;
        let err = opened.map(drop).unwrap_err().to_string();
        assert!(err.contains(word) && !err.contains("hush"), "{err}");
    }
}

/// A key and a certificate that is signed by it, for `name`.
fn certificate(folder: &Path, file: &str, name: &str) -> (String, String) {
    let path = |end: &str| folder.join(format!("{file}.{end}")).display().to_string();
    let (key, certificate) = (path("key"), path("crt"));
    let status = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        ])
        .arg(format!("/CN={name}"))
        .args(["-keyout", &key, "-out", &certificate])
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    (key, certificate)
}

/// Turns TLS on, and gives the server's certificate, which names 127.0.0.1.
fn encrypt(server: &PostgresServer, folder: &Path) -> String {
    // The server makes its own key, as the user that it runs as.
    let certificate = "openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.crt -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
        && chmod 600 server.key";
    for sql in [
        &format!("COPY (SELECT 1) TO PROGRAM '{certificate}'"),
        "ALTER SYSTEM SET ssl = on",
        "SELECT pg_reload_conf()",
    ] {
        server.execute("postgres", sql).unwrap();
    }
    server.eventually("postgres", "SHOW ssl", "on").unwrap();
    let roots = folder.join("root.crt");
    let pem = server
        .execute("postgres", "SELECT pg_read_file('server.crt')")
        .unwrap();
    std::fs::write(&roots, pem).unwrap();
    roots.display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_encrypted_and_the_server_is_verified_as_the_uri_says() {
    let server = PostgresServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let roots = encrypt(&server, folder.path());
    let (_, other) = certificate(folder.path(), "other", "other");
    let full = format!("sslmode=verify-full&sslrootcert={roots}");
    let authority = format!("sslmode=verify-ca&sslrootcert={roots}");
    let required = format!("sslmode=require&sslrootcert={roots}");
    let wrong = format!("sslmode=verify-ca&sslrootcert={other}");
    let required_wrong = format!("sslmode=require&sslrootcert={other}");
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    for (options, host, expected) in [
        ("sslmode=disable", "127.0.0.1", Some(false)),
        ("", "127.0.0.1", Some(true)),
        ("sslmode=require", "127.0.0.1", Some(true)),
        (
            "sslmode=require&ssl_min_protocol_version=TLSv1.3",
            "127.0.0.1",
            Some(true),
        ),
        ("sslmode=require&sslsni=0", "localhost", Some(true)),
        (full.as_str(), "127.0.0.1", Some(true)),
        (authority.as_str(), "localhost", Some(true)),
        (required.as_str(), "localhost", Some(true)),
        // The certificate does not name this host, or is nobody's that is trusted.
        (full.as_str(), "localhost", None),
        (wrong.as_str(), "127.0.0.1", None),
        (required_wrong.as_str(), "127.0.0.1", None),
    ] {
        let uri = server.url("postgres").replace("127.0.0.1", host) + "?" + options;
        let engine = engine_at(&uri).await;
        match expected {
            Some(is_encrypted) => {
                assert_eq!(
                    json!(is_encrypted),
                    read_value(&engine, sql).await,
                    "{options}"
                );
            }
            None => assert_eq!(ConnectFailure::Tls, failure(&engine).await, "{options}"),
        }
    }
    // Superset's own field for the authority; it verifies whatever the URI says.
    for (pem, host, is_reached) in [
        (&roots, "127.0.0.1", true),
        (&roots, "localhost", false),
        (&other, "127.0.0.1", false),
    ] {
        let uri = server.url("postgres").replace("127.0.0.1", host) + "?sslmode=disable";
        let engine = open(DatabaseConfig {
            server_certificate: Some(std::fs::read_to_string(pem).unwrap()),
            ..config(&uri, false, limits(1))
        });
        let outcome = engine.await.unwrap().run_one(Query::read(USER, sql)).await;
        match outcome {
            Ok(result) => assert!(is_reached && result.rows[0][0] == json!(true)),
            Err(err) => assert!(!is_reached, "{err}"),
        }
    }
    // A cancel goes the same way.
    let engine = engine_at(&(server.url("postgres") + "?sslmode=require")).await;
    let late = Query {
        timeout: Duration::from_millis(200),
        ..Query::read(USER, format!("{SLOW} /* encrypted */"))
    };
    assert!(matches!(
        engine.run_sql(late).await,
        Err(QueryError::Timeout { .. })
    ));
    server
        .eventually("postgres", &running("* encrypted *"), "0")
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_bound_to_its_encrypted_connection() {
    let server = PostgresServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    encrypt(&server, folder.path());
    server
        .execute("postgres", "CREATE ROLE bound LOGIN PASSWORD 'hush'")
        .unwrap();
    require_passwords(&server, "bound");
    let uri = |options: &str| {
        let url = server.url("postgres").replace("postgres@", "bound:hush@");
        format!("{url}?{options}")
    };
    for options in [
        "sslmode=require&channel_binding=require",
        "sslmode=require&channel_binding=prefer",
        "sslmode=require&channel_binding=disable",
        "sslmode=disable&channel_binding=prefer",
    ] {
        let engine = engine_at(&uri(options)).await;
        assert_eq!(json!(1), read_value(&engine, "SELECT 1").await, "{options}");
    }
    let engine = engine_at(&uri("sslmode=disable&channel_binding=require")).await;
    assert!(matches!(
        engine.run_sql(Query::read(USER, "SELECT 1")).await,
        Err(QueryError::Unavailable { .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_certificate_is_shown_to_a_server_that_asks_for_one() {
    let server = PostgresServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    encrypt(&server, folder.path());
    let (key, own) = certificate(folder.path(), "client", "postgres");
    let pem = std::fs::read_to_string(&own).unwrap();
    let file = server.execute("postgres", "SHOW hba_file").unwrap();
    let authority = format!(
        "COPY (SELECT '{}') TO PROGRAM 'printf \"%b\" \"$(cat)\" > client.crt'",
        pem.trim()
    );
    let rules = "hostssl all all 127.0.0.1/32 cert\\nhostnossl all all all trust";
    let rules = format!(
        "COPY (SELECT E'{rules}') TO PROGRAM 'printf \"%b\" \"$(cat)\" > {}'",
        file.trim()
    );
    for sql in [
        authority.as_str(),
        "ALTER SYSTEM SET ssl_ca_file = 'client.crt'",
        &rules,
        "SELECT pg_reload_conf()",
    ] {
        server.execute("postgres", sql).unwrap();
    }
    server
        .eventually("postgres", "SHOW ssl_ca_file", "client.crt")
        .unwrap();
    let uri = server.url("postgres") + "?sslmode=require";
    assert!(
        engine_at(&uri)
            .await
            .run_sql(Query::read(USER, "SELECT 1"))
            .await
            .is_err()
    );
    let engine = engine_at(&format!("{uri}&sslcert={own}&sslkey={key}")).await;
    assert_eq!(json!(1), read_value(&engine, "SELECT 1").await);
}
