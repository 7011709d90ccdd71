use super::meta::{CAPABILITIES, CLAIM};
use super::*;
use crate::message::decode;

const MODERN: &str = "2026-07-28";

fn body(method: &str, meta: &str, rest: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{"_meta":{{{meta}}}{rest}}}}}"#
    )
}

fn envelope(version: &str) -> String {
    format!(r#""{CLAIM}":"{version}","{CAPABILITIES}":{{}}"#)
}

/// The kind of inbound message, or the status and code of the refusal.
fn outcome(version: Option<&str>, method: Option<&str>, name: Option<&str>, body: &str) -> String {
    let headers = McpHeaders {
        protocol_version: version,
        method,
        name,
    };
    let decoded = match decode(body.as_bytes(), 64) {
        Ok(decoded) => decoded,
        Err(error) => return format!("400 {}", error.code),
    };
    match classify(headers, decoded) {
        Ok(Inbound::Modern { .. }) => "modern".into(),
        Ok(Inbound::ModernNotification) => "modern notification".into(),
        Ok(Inbound::Initialize(_)) => "initialize".into(),
        Ok(Inbound::Legacy { .. }) => "legacy".into(),
        Ok(Inbound::Batch { .. }) => "batch".into(),
        Err(refusal) => format!("{} {}", refusal.status, refusal.error.code),
    }
}

/// What the row is, version header, method header, name header, body, outcome.
type Row<'a> = (
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    String,
    &'a str,
);

#[test]
fn every_row_of_the_table_has_its_answer() {
    let list = |meta: &str| body("tools/list", meta, "");
    let call = |rest: &str| body("tools/call", &envelope(MODERN), rest);
    #[rustfmt::skip] // A table: one row a line.
    let rows: Vec<Row<'_>> = vec![
        ("a modern request", Some(MODERN), Some("tools/list"), None, list(&envelope(MODERN)), "modern"),
        ("initialize", None, None, None, body("initialize", "", ""), "initialize"),
        ("initialize with Mcp-Method", None, Some("initialize"), None, body("initialize", "", ""), "initialize"),
        ("initialize with a legacy header", Some("2025-11-25"), None, None, body("initialize", "", ""), "initialize"),
        ("initialize with a modern header", Some(MODERN), None, None, body("initialize", "", ""), "400 -32020"),
        ("initialize with a claim", Some(MODERN), Some("initialize"), None, body("initialize", &envelope(MODERN), ""), "modern"),
        ("a claim without capabilities", Some(MODERN), Some("tools/list"), None, list(&format!(r#""{CLAIM}":"{MODERN}""#)), "400 -32602"),
        ("a claim that is no string", Some(MODERN), Some("tools/list"), None, list(&format!(r#""{CLAIM}":7,"{CAPABILITIES}":{{}}"#)), "400 -32602"),
        ("capabilities that are no object", Some(MODERN), Some("tools/list"), None, list(&format!(r#""{CLAIM}":"{MODERN}","{CAPABILITIES}":[]"#)), "400 -32602"),
        ("header and claim differ", Some(MODERN), Some("tools/list"), None, list(&envelope("v999.0.0")), "400 -32020"),
        ("both unknown", Some("v999.0.0"), Some("tools/list"), None, list(&envelope("v999.0.0")), "400 -32022"),
        ("a legacy version as claim", Some("2025-11-25"), Some("tools/list"), None, list(&envelope("2025-11-25")), "400 -32022"),
        ("method header differs", Some(MODERN), Some("tools/call"), None, list(&envelope(MODERN)), "400 -32020"),
        ("method header in other case", Some(MODERN), Some("Tools/List"), None, list(&envelope(MODERN)), "400 -32020"),
        ("no version header", None, Some("tools/list"), None, list(&envelope(MODERN)), "400 -32020"),
        ("no method header", Some(MODERN), None, None, list(&envelope(MODERN)), "400 -32020"),
        ("no name header", Some(MODERN), Some("tools/call"), None, call(r#","name":"x""#), "400 -32020"),
        ("name header differs", Some(MODERN), Some("tools/call"), Some("y"), call(r#","name":"x""#), "400 -32020"),
        ("name header in Base64", Some(MODERN), Some("tools/call"), Some("=?base64?eA==?="), call(r#","name":"x""#), "modern"),
        ("name header in bad Base64", Some(MODERN), Some("tools/call"), Some("=?base64?eA=?="), call(r#","name":"x""#), "400 -32020"),
        ("name header escaped in the body", Some(MODERN), Some("tools/call"), Some("x"), call(r#","name":"\u0078""#), "modern"),
        ("a modern header without claim", Some(MODERN), Some("tools/list"), None, list(""), "400 -32602"),
        ("discover without claim", None, None, None, body("server/discover", "", ""), "400 -32602"),
        ("listen without claim", Some("2025-11-25"), None, None, body("subscriptions/listen", "", ""), "400 -32602"),
        ("an unknown legacy header", Some("2024-01-01"), None, None, list(""), "400 -32600"),
        ("an unknown log level", Some(MODERN), Some("tools/list"), None, list(&format!(r#"{},"io.modelcontextprotocol/logLevel":"loud""#, envelope(MODERN) )), "400 -32602"),
        ("legacy with a header", Some("2025-06-18"), None, None, list(""), "legacy"),
        ("legacy without a header", None, None, None, list(""), "legacy"),
        ("legacy with Mcp-Method", None, Some("tools/list"), None, list(""), "legacy"),
        ("no params", None, None, None, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.into(), "legacy"),
        ("a legacy notification", None, None, None, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.into(), "legacy"),
        ("a modern notification", Some(MODERN), None, None, r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#.into(), "modern notification"),
        ("a legacy response", None, None, None, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.into(), "legacy"),
        ("a modern response", Some(MODERN), None, None, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.into(), "400 -32600"),
        ("a batch", None, None, None, format!("[{}]", list("")), "batch"),
        ("a batch with a claim", None, None, None, format!("[{}]", list(&envelope(MODERN))), "400 -32600"),
        ("a batch with a modern header", Some(MODERN), None, None, format!("[{}]", list("")), "400 -32600"),
        ("no JSON", Some(MODERN), None, None, "{".into(), "400 -32700"),
        ("a list in the place of _meta", Some(MODERN), Some("tools/list"), None, format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":["{MODERN}",{{}}]}}}}"#), "400 -32602"),
        ("a list in a batch", None, None, None, r#"[["2.0",1,"ping"]]"#.into(), "batch"),
        ("params with a member twice", None, None, None, r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","name":"b"}}"#.into(), "400 -32602"),
    ];
    for (row, version, method, name, body, expected) in rows {
        assert_eq!(expected, outcome(version, method, name, &body), "{row}");
    }
}

#[test]
fn the_refusal_of_an_unknown_version_names_those_that_are_served() {
    let text = body("tools/list", &envelope("v999.0.0"), "");
    let headers = McpHeaders {
        protocol_version: Some("v999.0.0"),
        method: Some("tools/list"),
        name: None,
    };
    let refusal = classify(headers, decode(text.as_bytes(), 64).unwrap()).unwrap_err();
    let data = refusal.error.data.unwrap();
    assert_eq!("v999.0.0", data["requested"]);
    assert_eq!(MODERN, data["supported"][0]);
    assert_eq!(Some("7"), refusal.id.as_ref().map(RequestId::as_json));
}
