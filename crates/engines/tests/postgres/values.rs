//! Values arrive as they are: every digit, every moment.

use serde_json::{Value, json};
use tidegate_engines::Query;

use crate::{USER, engine_on, engine_with, limits, server, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exact_numbers_keep_every_digit() {
    let server = server();
    let engine = engine_on(&server, false, 1).await;
    let zeros = |count: usize| "0".repeat(count);
    for (sql, expected) in [
        ("9007199254740993::numeric(16,0)", json!("9007199254740993")),
        ("sum(9007199254740993::bigint)", json!("9007199254740993")),
        ("sum(3::bigint)", json!(3)),
        ("sum(100::numeric)", json!(100)),
        (
            "99999999999999999.99::numeric(19,2)",
            json!("99999999999999999.99"),
        ),
        (
            "18446744073709551615::numeric",
            json!("18446744073709551615"),
        ),
        ("9223372036854775808", json!("9223372036854775808")),
        (
            "-170141183460469231731687303715884105728::numeric",
            json!("-170141183460469231731687303715884105728"),
        ),
        ("'1e500'::numeric", json!(format!("1{}", zeros(500)))),
        ("'1e-400'::numeric", json!(format!("0.{}1", zeros(399)))),
        (
            "1234567890123456789012345678901234.5678::numeric(38,4)",
            json!("1234567890123456789012345678901234.5678"),
        ),
        ("5::numeric", json!(5)),
        ("5.00::numeric(10,2)", json!(5)),
        ("-0.10::numeric(10,2)", json!(-0.1)),
        ("0::numeric(10,4)", json!(0)),
        ("123456789012.345::numeric", json!(123_456_789_012.345)),
        ("1.0 / 3", json!("0.33333333333333333333")),
        ("avg(7)", json!(7)),
        ("'NaN'::numeric", json!("NaN")),
        ("null::numeric", Value::Null),
    ] {
        let result = engine
            .run_one(Query::read(USER, format!("SELECT {sql} AS x")))
            .await;
        let result = result.unwrap_or_else(|err| panic!("{sql}: {err}"));
        assert_eq!(expected, result.rows[0][0], "{sql}");
        assert_eq!("decimal", result.columns[0].type_name, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn digits_and_what_is_no_number_are_kept_in_arrays_rows_and_ranges() {
    let server = server();
    let engine = engine_on(&server, false, 1).await;
    for (sql, expected) in [
        (
            "array[9007199254740993::numeric, null, 1.50]",
            json!("[9007199254740993, null, 1.50]"),
        ),
        (
            "array['1e500'::numeric]",
            json!(format!("[1{}]", "0".repeat(500))),
        ),
        (
            "array[9007199254740993::bigint]",
            json!("[9007199254740993]"),
        ),
        (
            "array['NaN'::float8, '-Infinity', 1e300]",
            json!("[\"NaN\", \"-Infinity\", 1e+300]"),
        ),
        ("array['NaN'::numeric]", json!("[\"NaN\"]")),
        (
            "row(9007199254740993::numeric, 'NaN'::float8)",
            json!("(9007199254740993,NaN)"),
        ),
        (
            "numrange(9007199254740993, 9007199254740994.5)",
            json!("[9007199254740993,9007199254740994.5)"),
        ),
        (
            "json_build_object('a', 9007199254740993::numeric)",
            json!("{\"a\" : 9007199254740993}"),
        ),
        ("'NaN'::float8", json!("NaN")),
        ("'Infinity'::float4", json!("Infinity")),
        ("'-Infinity'::float8", json!("-Infinity")),
        ("9007199254740993::bigint", json!(9_007_199_254_740_993_i64)),
    ] {
        let result = engine
            .run_one(Query::read(USER, format!("SELECT {sql} AS x")))
            .await;
        let result = result.unwrap_or_else(|err| panic!("{sql}: {err}"));
        assert_eq!(expected, result.rows[0][0], "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_over_numbers_is_read_as_they_are() {
    let server = server();
    server
        .execute("postgres", "CREATE DOMAIN money_of_ours AS numeric(20, 2)")
        .unwrap();
    let engine = engine_on(&server, false, 1).await;
    let sql = "SELECT 99999999999999999.99::money_of_ours AS x";
    let result = engine.run_one(Query::read(USER, sql)).await.unwrap();
    assert_eq!(json!("99999999999999999.99"), result.rows[0][0]);
    assert_eq!("decimal", result.columns[0].type_name);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moments_are_labelled_with_the_zone_that_they_are_written_in() {
    let server = server();
    let sql = "SELECT timestamptz '2024-03-10 02:30:00+00' AS t, timestamptz '1800-01-01 00:00+00' AS old, \
               date_trunc('day', timestamptz '2024-03-10 20:00:00+00') AS day";
    for (zone, t, old, day, name) in [
        (
            "UTC",
            "2024-03-10 02:30:00+00:00",
            "1800-01-01 00:00:00+00:00",
            "2024-03-10 00:00:00+00:00",
            "datetime64[us, UTC]",
        ),
        (
            "Asia/Kolkata",
            "2024-03-10 08:00:00+05:30",
            "1800-01-01 05:53:00+05:53",
            "2024-03-11 00:00:00+05:30",
            "datetime64[us, Asia/Kolkata]",
        ),
    ] {
        let uri = format!("{}?options=-ctimezone%3D{zone}", server.url("postgres"));
        let engine = engine_with(&uri, false, limits(1)).await;
        let result = engine.run_one(Query::read(USER, sql)).await.unwrap();
        assert_eq!(json!([t, old, day]), json!(result.rows[0]), "{zone}");
        for column in &result.columns {
            assert_eq!(name, column.type_name, "{zone}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_value_is_cut_and_says_so_and_its_neighbours_are_whole() {
    let server = server();
    server
        .execute("postgres", "CREATE TABLE long_values(a text)")
        .unwrap();
    let engine = engine_on(&server, true, 1).await;
    let sql =
        "SELECT 1 AS id, repeat('é', 20000000) AS a, 'end' AS b, array[repeat('x', 3000000)] AS c";
    let result = engine.run_one(Query::read(USER, sql)).await.unwrap();
    let row = &result.rows[0];
    assert_eq!((&json!(1), &json!("end")), (&row[0], &row[2]));
    for index in [1, 3] {
        let text = row[index].as_str().unwrap();
        assert!(text.ends_with("… [cut]") && text.len() > 100_000 && text.len() < 1 << 20);
    }
    assert!(result.has_cut_values);
    // A change runs to its end whatever it gives back.
    let sql = "INSERT INTO long_values SELECT repeat('x', 30000000) RETURNING a";
    let result = engine.run_one(write(&[sql])).await.unwrap();
    assert!(result.has_cut_values && result.row_count() == 1);
    let length = engine
        .run_one(Query::read(USER, "SELECT sum(length(a)) FROM long_values"))
        .await;
    assert_eq!(json!(30_000_000), length.unwrap().rows[0][0]);
    assert!(
        !engine
            .run_one(Query::read(USER, "SELECT 1"))
            .await
            .unwrap()
            .has_cut_values
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_error_is_cut_and_its_code_is_whole() {
    let server = server();
    let engine = engine_on(&server, false, 1).await;
    for sql in [
        "SELECT repeat('a', 60000000)::numeric",
        "SELECT repeat('a', 60000000)::int",
        "SELECT ('{' || repeat('1,', 20000000))::int[]",
    ] {
        let err = engine.run_sql(Query::read(USER, sql)).await.unwrap_err();
        let tidegate_engines::QueryError::Database { message, code } = err else {
            panic!("{sql}: {err}");
        };
        assert!(message.len() < 5_000, "{}", message.len());
        assert_eq!(Some("22P02"), code.as_deref(), "{sql}");
    }
    // The connection is as good as before.
    assert!(engine.run_sql(Query::read(USER, "SELECT 1")).await.is_ok());
}
