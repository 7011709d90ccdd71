//! What every function of a server may be called by, whatever lists the guard has.

use std::collections::BTreeSet;

use tidegate_engines::Query;
use tidegate_sql_guard::{Dialect, Policy, Script};
use tidegate_testkit::postgres::PostgresServer;

use super::{USER, engine};

/// Functions of PostgreSQL 15 that read more than their arguments (`provolatile`), and that anybody may call: the clock,
/// random numbers, settings of the session that say how values are written, and the types of the arguments.
/// `ts_…` and `…tsquery` take only names that every server has.
const READ_MORE: &[&str] = &[
    "age",
    "array_to_json",
    "array_to_string",
    "clock_timestamp",
    "concat",
    "concat_ws",
    "convert",
    "convert_from",
    "convert_to",
    "date",
    "date_part",
    "date_trunc",
    "enum_first",
    "enum_last",
    "enum_range",
    "extract",
    "format",
    "gen_random_uuid",
    "generate_series",
    "json_agg",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "json_populate_record",
    "json_populate_recordset",
    "json_to_record",
    "json_to_recordset",
    "json_to_tsvector",
    "jsonb_agg",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_path_exists_tz",
    "jsonb_path_match_tz",
    "jsonb_path_query_array_tz",
    "jsonb_path_query_first_tz",
    "jsonb_path_query_tz",
    "jsonb_populate_record",
    "jsonb_populate_recordset",
    "jsonb_to_record",
    "jsonb_to_recordset",
    "jsonb_to_tsvector",
    "length",
    "make_timestamptz",
    "money",
    "now",
    "numeric",
    "overlaps",
    "pg_char_to_encoding",
    "pg_client_encoding",
    "pg_collation_for",
    "pg_column_compression",
    "pg_column_size",
    "pg_encoding_to_char",
    "pg_get_keywords",
    "pg_timezone_abbrevs",
    "pg_timezone_names",
    "phraseto_tsquery",
    "plainto_tsquery",
    "quote_literal",
    "quote_nullable",
    "random",
    "row_to_json",
    "statement_timestamp",
    "time",
    "timeofday",
    "timestamp",
    "timestamptz",
    "timetz",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "to_tsquery",
    "to_tsvector",
    "transaction_timestamp",
    "ts_headline",
    "ts_parse",
    "ts_token_type",
    "websearch_to_tsquery",
    "xml",
    "xml_is_well_formed",
];

const LIMITED: Policy = Policy {
    sees_all_tables: false,
    ..Policy::READ_ALL
};

/// A function that a caller without all tables may call without being looked up.
fn is_open(name: &str) -> bool {
    let sql = format!("select pg_catalog.\"{name}\"()");
    let script = Script::parse(Dialect::PostgreSql, &sql).unwrap();
    script.check(LIMITED).is_ok() && script.names(LIMITED).functions.is_empty()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_see_all_tables_calls_what_reads_its_arguments() {
    let server = PostgresServer::start().unwrap();
    let engine = engine(&server).await;
    let names = async |condition: &str| -> BTreeSet<String> {
        let sql = format!(
            "SELECT DISTINCT proname::text FROM pg_catalog.pg_proc \
             WHERE pronamespace = 'pg_catalog'::regnamespace AND {condition}"
        );
        let query = Query {
            max_rows: 10_000,
            ..Query::read(USER, sql)
        };
        let found = engine.run_one(query).await.unwrap();
        let names = found.rows.iter().flatten();
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let reading_more = names("provolatile <> 'i'").await;
    let open = reading_more.iter().filter(|name| is_open(name));
    let known: BTreeSet<String> = READ_MORE.iter().map(ToString::to_string).collect();
    let unknown: Vec<_> = open.filter(|name| !known.contains(*name)).collect();
    assert!(unknown.is_empty(), "open and not looked at: {unknown:?}");
    // The lists say something of this server.
    let all = names("true").await;
    assert!(all.iter().filter(|name| is_open(name)).count() > 400);
    assert!(all.len() > 2_000, "{}", all.len());
    // What sets something, waits, or reaches files, other servers and sessions is for nobody. The rest that may change
    // something is a counter of this session, or tells sizes and places of the server.
    let volatile = names("provolatile = 'v' AND prorettype <> 'trigger'::regtype").await;
    let callable = volatile.iter().filter(|name| {
        let sql = format!("select pg_catalog.\"{name}\"()");
        let script = Script::parse(Dialect::PostgreSql, &sql).unwrap();
        script.check(Policy::READ_ALL).is_ok()
    });
    let unknown: Vec<_> = callable
        .filter(|name| !known.contains(*name) && !VOLATILE.contains(&name.as_str()))
        .collect();
    assert!(
        unknown.is_empty(),
        "for whoever sees all tables, and not looked at: {unknown:?}"
    );
}

/// Volatile functions for callers who may see the whole database, and those that no SQL can call (they take `internal`).
const VOLATILE: &[&str] = &[
    "bernoulli",
    "brinhandler",
    "bthandler",
    "current_query",
    "currval",
    "dsnowball_init",
    "dsnowball_lexize",
    "ginhandler",
    "gisthandler",
    "hashhandler",
    "heap_tableam_handler",
    "lastval",
    "pg_database_size",
    "pg_indexes_size",
    "pg_is_in_recovery",
    "pg_partition_ancestors",
    "pg_partition_tree",
    "pg_relation_size",
    "pg_sequence_last_value",
    "pg_table_size",
    "pg_tablespace_size",
    "pg_total_relation_size",
    "spghandler",
    "system",
];
