use proptest::prelude::*;
use serde_json::json;

use super::*;

fn kept(arguments: &Value) -> String {
    redact_arguments(arguments, SqlLiterals::Keep)
}

fn masked(sql: &str) -> String {
    let text = redact_arguments(&json!({ "sql": sql }), SqlLiterals::Mask);
    let value: Value = serde_json::from_str(&text).expect("it is JSON");
    value["sql"].as_str().expect("a text").to_owned()
}

#[test]
fn secrets_are_redacted_by_the_name_of_their_key_at_every_depth() {
    for key in [
        "password",
        "DB_Password",
        "api_key",
        "apiKey",
        "access_token",
        "Authorization",
        "client-secret",
        "private_key",
        "sqlalchemy_uri",
        "session_cookie",
        "credentials_info",
        "passphrase",
    ] {
        for value in [
            json!("hunter2"),
            json!(["hunter2"]),
            json!({ "a": "hunter2" }),
            json!(123_456_789),
        ] {
            let text = kept(&json!({ "request": [{ "x": { key: value } }] }));
            assert_eq!(
                json!({ "request": [{ "x": { key: "[redacted]" } }] }).to_string(),
                text
            );
        }
    }
}

#[test]
fn harmless_arguments_stay_as_they_are() {
    let arguments = json!({ "page": 1, "filters": [{ "col": "slug", "value": "a/b" }], "max_tokens": 5, "password": null });
    assert_eq!(arguments.to_string(), kept(&arguments));
}

#[test]
fn secrets_are_found_in_json_within_a_text() {
    let text = kept(&json!({ "request": r#"{"password": "hunter2", "page": 1}"# }));
    assert!(!text.contains("hunter2") && text.contains("page"), "{text}");
}

#[test]
fn passwords_in_connection_strings_are_redacted() {
    for (text, expected) in [
        (
            "postgres://bob:hunter2@host/db",
            "postgres://bob:[redacted]@host/db",
        ),
        (
            "see postgres://bob:hunter2@host/db here",
            "see postgres://bob:[redacted]@host/db here",
        ),
        (
            "redis://:hunter2@host:6379/0",
            "redis://:[redacted]@host:6379/0",
        ),
        (
            "mysql://bob:hunter2/@x@host/db",
            "mysql://bob:[redacted]@host/db",
        ),
        ("https://example.com/a:b", "https://example.com/a:b"),
        (
            "https://example.com/?mail=a@b.c",
            "https://example.com/?mail=a@b.c",
        ),
        ("Bearer abc.def.ghi", "Bearer [redacted]"),
    ] {
        assert_eq!(
            json!({ "note": expected }).to_string(),
            kept(&json!({ "note": text }))
        );
    }
}

#[test]
fn literals_of_sql_are_masked_and_the_rest_stays() {
    for (sql, expected) in [
        (
            "SELECT name FROM t1 WHERE ssn = '123-45' AND n > 5",
            "SELECT name FROM t1 WHERE ssn = ? AND n > ?",
        ),
        (
            "SELECT 'it''s', 1.5e10, x_2 FROM \"a 1\"",
            "SELECT ?, ?, x_2 FROM \"a ?\"",
        ),
        (
            "SELECT $$secret$$, $tag$se$cret$tag$, $1",
            "SELECT ?, ?, $1",
        ),
        (
            "SELECT a -- secret\nFROM t /* secret */",
            "SELECT a \nFROM t ",
        ),
        ("SELECT 'never ends", "SELECT ?"),
        ("SELECT $a$ never ends $b$ $", "SELECT ?"),
        ("SELECT $a$ $a $$ $aa$ secret $a$, b", "SELECT ?, b"),
        ("SELECT $ä$secret$ä$, $é$x$$é$", "SELECT ?, ?"),
        (r"SELECT 'a\'secret', b", "SELECT ?, b"),
    ] {
        assert_eq!(expected, masked(sql));
    }
}

/// For hours, if the rest were looked at for each of them.
#[test]
fn many_texts_are_masked_one_after_the_other() {
    use std::fmt::Write as _;

    let mut sql = String::from("SELECT ");
    for number in 0..200_000 {
        write!(sql, "$a{number}$x$a{number}$,").unwrap();
    }
    let text = masked(&sql);
    assert_eq!("SELECT ?,?,", &text[..11]);
}

#[test]
fn literals_stay_when_they_are_asked_for() {
    assert_eq!(
        r#"{"sql":"SELECT 'a'"}"#,
        kept(&json!({ "sql": "SELECT 'a'" }))
    );
}

#[test]
fn what_is_kept_is_bounded_and_still_json() {
    let long = "ü".repeat(50_000);
    let text = kept(&json!({ "sql": long }));
    assert!(text.len() <= MOST_BYTES && text.contains('…'));
    let many: Vec<u32> = (0..10_000).collect();
    let value: Value = serde_json::from_str(&kept(&json!({ "ids": many }))).expect("it is JSON");
    assert_eq!(json!(true), value["truncated"]);
}

proptest! {
    #[test]
    fn a_text_literal_never_shows(secret in "[a-z]{8}[ '\\\\]{0,3}[a-z]{8}", before in "[ a-z0-9(),=]{0,20}") {
        let sql = format!("{before} '{}' ,x", secret.replace('\\', "").replace('\'', "''"));
        let text = masked(&sql);
        prop_assert!(!text.contains(&secret[..8]) || before.contains(&secret[..8]), "{}", text);
        prop_assert!(text.ends_with(",x"), "{}", text);
    }

    #[test]
    fn any_text_is_bounded_and_panics_nowhere(text in ".*") {
        for sql_literals in [SqlLiterals::Keep, SqlLiterals::Mask] {
            let redacted = redact_arguments(&json!({ "sql": text, "note": text, "request": text }), sql_literals);
            prop_assert!(redacted.len() <= MOST_BYTES);
            prop_assert!(serde_json::from_str::<Value>(&redacted).is_ok());
        }
    }
}
