//! Bytes of a POST, with MCP headers before them, through decoding and the classification.
//!
//! Input: three lines (`MCP-Protocol-Version`, `Mcp-Method`, `Mcp-Name`; an empty line is an absent header),
//! then the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_protocol::header::McpHeaders;
use tidegate_protocol::classification::{Inbound, classify};
use tidegate_protocol::message::{self, Body, Incoming, MAX_BATCH};
use tidegate_protocol::{Params, reply};

const MAX_DEPTH: usize = 64;

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(4, |byte| *byte == b'\n');
    let mut header = || {
        std::str::from_utf8(parts.next().unwrap_or_default())
            .ok()
            .filter(|text| !text.is_empty())
    };
    let headers = McpHeaders {
        protocol_version: header(),
        method: header(),
        name: header(),
    };
    let body = parts.next().unwrap_or_default();
    let decoded = match message::decode(body, MAX_DEPTH) {
        Ok(decoded) => decoded,
        Err(error) => {
            assert!(matches!(error.code, -32700 | -32600), "{error:?}");
            assert_is_json(&reply::failure(None, &error));
            return;
        }
    };
    // No deeper than allowed. Numbers that no machine can hold are JSON too, and undecoded so far.
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) {
        assert!(depth(&value) <= MAX_DEPTH);
    }
    if let Body::Batch(messages) = &decoded {
        assert!((1..=MAX_BATCH).contains(&messages.len()));
    }
    let id = match &decoded {
        Body::Single(Incoming::Request(request)) => Some(request.id.clone()),
        _ => None,
    };
    match classify(headers, decoded) {
        Ok(Inbound::Modern { request, params, meta }) => {
            assert!(meta.version.is_modern());
            assert_eq!(headers.protocol_version, Some(meta.version.as_str()));
            assert_eq!(headers.method, Some(&*request.method));
            params.common_meta();
        }
        Ok(Inbound::Initialize(request)) => assert_eq!("initialize", request.method),
        Ok(Inbound::Legacy { message, version }) => {
            assert!(version.is_none_or(|version| !version.is_modern()));
            if let Incoming::Request(request) = &message {
                assert_ne!("initialize", request.method);
                if let Ok(params) = Params::decode(request.params) {
                    params.common_meta();
                }
            }
        }
        Ok(Inbound::ModernNotification | Inbound::Batch { .. }) => {}
        Err(refusal) => {
            assert!((400..500).contains(&refusal.status));
            assert_eq!(id, refusal.id);
            assert_is_json(&reply::failure(refusal.id.as_ref(), &refusal.error));
        }
    }
});

fn assert_is_json(body: &[u8]) {
    let answer: serde_json::Value = serde_json::from_slice(body).expect("a refusal is JSON");
    assert_eq!("2.0", answer["jsonrpc"]);
    assert!(answer["error"]["code"].is_i64() && answer["error"]["message"].is_string());
}

fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        serde_json::Value::Object(members) => {
            1 + members.values().map(depth).max().unwrap_or_default()
        }
        _ => 0,
    }
}
