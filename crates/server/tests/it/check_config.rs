//! Reading the settings before they are used, and asking a server that runs, as the binary that operators run.

use std::process::{Command, Output};

use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::redis::RedisServer;
use tidegate_testkit::superset;

fn tidegate(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// What it says to the operator, and its exit code.
fn told(arguments: &[&str], environment: &[(&str, &str)]) -> (String, Option<i32>) {
    let output = tidegate(arguments, environment);
    let text = String::from_utf8(output.stderr).unwrap();
    (text, output.status.code())
}

#[test]
fn it_goes_by_the_name_of_the_program() {
    let output = tidegate(&["--version"], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(format!("tidegate {}\n", env!("CARGO_PKG_VERSION")), text);
}

#[test]
fn problems_are_counted_as_people_count() {
    let (text, code) = told(&["check-config"], &[("TIDEGATE_SERVER__PORT", "x")]);
    assert!(
        text.ends_with("tidegate: one problem in the settings\n"),
        "{text}"
    );
    assert_eq!(Some(2), code);
    let wrong = [
        ("TIDEGATE_SERVER__PORT", "x"),
        ("TIDEGATE_CACHE__ENABLED", "x"),
    ];
    let (text, _) = told(&["check-config"], &wrong);
    assert!(
        text.ends_with("tidegate: 2 problems in the settings\n"),
        "{text}"
    );
}

#[test]
fn what_would_hold_for_nothing_or_show_nothing_is_refused() {
    let refused = [
        (
            "TIDEGATE_TOOLS__DISABLED",
            "excute_sql",
            r#"tools.disabled: there is no tool "excute_sql"; did you mean "execute_sql"?"#,
        ),
        (
            "TIDEGATE_LIMITS__TOOLS__EXECUTE_SQ__PER_MINUTE",
            "3",
            r#"limits.tools: there is no tool "execute_sq"; did you mean "execute_sql"?"#,
        ),
        (
            "TIDEGATE_TELEMETRY__LOG__LEVEL",
            "verbose",
            r#"telemetry.log.level: "verbose" is no level"#,
        ),
    ];
    for (name, value, problem) in refused {
        for command in ["check-config", "serve"] {
            let (text, code) = told(&[command], &[(name, value)]);
            assert!(text.starts_with(problem), "{command}: {text}");
            assert_eq!(Some(2), code, "{command}: {text}");
        }
    }
    let (text, _) = told(
        &["serve"],
        &[("TIDEGATE_AUDIT__JSON_LINES", "/nowhere/audit.jsonl")],
    );
    assert!(
        text.contains("audit.json_lines: /nowhere/audit.jsonl cannot be opened"),
        "{text}"
    );
    let of_another_version = [("TIDEGATE_RESPONSE_SIZE__EXCLUDED_TOOLS", "list_chart")];
    let (text, code) = told(&["check-config"], &of_another_version);
    assert!(
        text.starts_with(r#"note: response_size.excluded_tools: there is no tool "list_chart""#),
        "{text}"
    );
    assert_eq!(Some(0), code, "{text}");
    let of_superset = [
        ("TIDEGATE_TOOLS__DISABLED", "generate_chart"),
        ("TIDEGATE_TELEMETRY__LOG__LEVEL", "warn,tidegate_web=debug"),
    ];
    let (text, code) = told(&["check-config"], &of_superset);
    assert_eq!(Some(0), code, "{text}");
}

#[test]
fn it_says_that_it_connected_to_nothing() {
    let away = [(
        "TIDEGATE_WORKSPACES__DEMO__METASTORE",
        "postgres://superset:word@127.0.0.1:1/superset",
    )];
    let (text, code) = told(&["check-config"], &away);
    assert!(
        text.contains("the settings are good; nothing was connected to"),
        "{text}"
    );
    assert_eq!(Some(0), code);
    let (text, code) = told(&["check-config", "--connect"], &away);
    assert!(text.contains("workspace demo: FAILED: "), "{text}");
    assert!(
        text.contains("Connection refused") && !text.contains("word"),
        "{text}"
    );
    assert_eq!(Some(1), code);
}

#[test]
fn it_reaches_for_everything_when_told_to_and_changes_nothing() {
    let server = PostgresServer::start().unwrap();
    let metastore = superset::restore(&server, "superset").unwrap();
    let manager = server.create_database("manager").unwrap();
    let redis = RedisServer::start().unwrap();
    let redis_url = redis.url();
    let with_key = |key: &'static str| {
        [
            ("TIDEGATE_STATE__BACKEND", "redis"),
            ("TIDEGATE_STATE__REDIS__URL", redis_url.as_str()),
            ("TIDEGATE_MANAGER__URL", manager.as_str()),
            (
                "TIDEGATE_MANAGER__SECRET",
                "a text of thirty-two characters!",
            ),
            ("TIDEGATE_WORKSPACES__DEMO__METASTORE", metastore.as_str()),
            ("TIDEGATE_WORKSPACES__DEMO__SECRET_KEY", key),
        ]
    };
    let (text, code) = told(
        &["check-config", "--connect"],
        &with_key(superset::SECRET_KEY),
    );
    for line in [
        "redis: answers",
        "manager: is made by the first start",
        "workspace demo: holds Superset 6.1's tables; the secret key decrypts",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!(Some(0), code, "{text}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!("0", server.execute("manager", tables).unwrap());

    let (text, code) = told(&["check-config", "--connect"], &with_key("another key"));
    assert!(
        text.contains("workspace demo: FAILED: workspaces.demo.secret_key decrypts none of"),
        "{text}"
    );
    assert!(text.contains("1 of 3 parts cannot be used"), "{text}");
    assert_eq!(Some(1), code);
}

#[test]
fn the_variables_of_a_kubernetes_service_are_a_note() {
    let service = [
        ("TIDEGATE_SERVICE_HOST", "10.0.0.1"),
        ("TIDEGATE_SERVICE_PORT", "5008"),
        ("TIDEGATE_PORT", "tcp://10.0.0.1:5008"),
        ("TIDEGATE_PORT_5008_TCP_ADDR", "10.0.0.1"),
    ];
    let (text, code) = told(&["check-config"], &service);
    assert!(text.contains("note: TIDEGATE_SERVICE_HOST, "), "{text}");
    assert_eq!(Some(0), code);
}

#[test]
fn a_health_check_says_what_it_could_not_ask() {
    let (text, code) = told(&["healthcheck", "--url", "http://127.0.0.1:1"], &[]);
    assert!(text.contains("http://127.0.0.1:1/readyz"), "{text}");
    assert!(text.contains("Connection refused"), "{text}");
    assert_eq!(Some(1), code);
}

#[test]
fn filling_a_database_asks_nobody_who_would_be_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tidegate.toml");
    let text = "[server]\nhost = \"0.0.0.0\"\n[workspaces.acme]\n\
                metastore = \"postgres://superset:word@127.0.0.1:1/superset\"\n\
                secret_key = \"what this test encrypts passwords with\"\n";
    std::fs::write(&file, text).unwrap();
    let config = file.to_str().unwrap();
    let (told_of_serving, code) = told(&["--config", config, "check-config"], &[]);
    assert!(told_of_serving.contains("auth.development_user"));
    assert_eq!(Some(2), code);
    let data = "postgres://superset:word@127.0.0.1:1/data";
    let arguments = ["--config", config, "seed", "--workspace", "acme"];
    let arguments = [&arguments[..], &["--data-url", data]].concat();
    let (told, code) = told(&arguments, &[]);
    assert!(!told.contains("auth."), "{told}");
    assert_eq!(Some(1), code, "it gets as far as the database: {told}");
}
