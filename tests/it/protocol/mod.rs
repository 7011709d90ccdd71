//! Both eras of MCP over the wire of one node.

mod calls;
mod cancellation;
mod change_streams;
mod changes;
mod classification;
mod legacy_shapes;
mod lists;
mod modern_shapes;
mod notifications;
mod questions;
mod resumption;
mod sessions;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::Caller;

/// A call of 2026-07-28 by a client that takes no streams.
fn call_for_json(caller: &Caller, params: Value) -> RequestBuilder {
    let name = params["name"].as_str().unwrap().to_owned();
    caller
        .http(Method::POST)
        .header("Content-Type", "application/json")
        .header("Accept", "application/json")
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", name)
        .body(caller.body(&json!(1), "tools/call", params).to_string())
}
