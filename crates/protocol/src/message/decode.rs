//! Decoding a body, within bounds.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::value::RawValue;

use super::bounds::check_bounds;
use super::{Body, Incoming, Notification, Request, RequestId, Response};
use crate::{Called, RpcError};

/// How many messages a batch may hold (2025-03-26).
pub const MAX_BATCH: usize = 100;

#[derive(Deserialize)]
struct RawMessage<'a> {
    #[serde(borrow, default)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "present")]
    id: Option<RequestIdOrNull>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

enum RequestIdOrNull {
    Id(RequestId),
    Null,
}

fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<RequestIdOrNull>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    if raw.get() == "null" {
        return Ok(Some(RequestIdOrNull::Null));
    }
    RequestId::deserialize(raw)
        .map(RequestIdOrNull::Id)
        .map(Some)
        .map_err(D::Error::custom)
}

/// Decodes a body.
///
/// # Errors
/// `-32700` when it is not JSON or nests deeper than `max_depth`; `-32600` when it is not JSON-RPC 2.0, or has more
/// values than [`MAX_VALUES`](super::MAX_VALUES).
pub fn decode(body: &[u8], max_depth: usize) -> Result<Body<'_>, RpcError> {
    let text = std::str::from_utf8(body)
        .map_err(|_| RpcError::new(RpcError::PARSE_ERROR, "the body is not UTF-8"))?;
    // Some editors and .NET's default encoding write a byte order mark (RFC 8259 §8.1 lets readers pass it over).
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_bounds(body, max_depth)?;
    if text.trim_start().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|err| parse_error(&err))?;
        if items.is_empty() {
            return Err(RpcError::invalid_request(
                "a batch needs at least one message",
            ));
        }
        if items.len() > MAX_BATCH {
            return Err(RpcError::invalid_request(format!(
                "a batch has at most {MAX_BATCH} messages"
            )));
        }
        return Ok(Body::Batch(
            items
                .into_iter()
                .map(|item| decode_message(item.get()))
                .collect(),
        ));
    }
    decode_message(text).map(Body::Single)
}

fn parse_error(err: &serde_json::Error) -> RpcError {
    RpcError::new(
        RpcError::PARSE_ERROR,
        format!(
            "the body is not JSON at line {}, column {}",
            err.line(),
            err.column()
        ),
    )
}

fn decode_message(text: &str) -> Result<Incoming<'_>, RpcError> {
    // serde would take the members of a list for those of the message, in their order.
    if text.trim_start().starts_with('[') {
        return Err(RpcError::invalid_request(
            "a message of a batch is an object, never a list",
        ));
    }
    let raw: RawMessage<'_> = serde_json::from_str(text).map_err(|err| match err.classify() {
        serde_json::error::Category::Data => RpcError::invalid_request(format!(
            "the body is not a JSON-RPC message: {}",
            without_position(&err)
        )),
        _ => parse_error(&err),
    })?;
    if raw.jsonrpc.as_deref() != Some("2.0") {
        return Err(RpcError::invalid_request(
            "the member jsonrpc must be \"2.0\"",
        ));
    }
    let params = match raw.params.filter(|params| params.get() != "null") {
        Some(params) if !params.get().starts_with('{') => {
            return Err(RpcError::invalid_request(
                "the member params must be an object",
            ));
        }
        params => params,
    };
    match (raw.method, raw.id) {
        (Some(method), Some(RequestIdOrNull::Id(id))) => {
            let method = Called::of(method);
            Ok(Incoming::Request(Request { id, method, params }))
        }
        (Some(_), Some(RequestIdOrNull::Null)) => Err(RpcError::invalid_request(
            "the id of a request is never null",
        )),
        (Some(method), None) => Ok(Incoming::Notification(Notification { method, params })),
        (None, Some(RequestIdOrNull::Id(id))) if raw.result.is_some() != raw.error.is_some() => {
            let body = serde_json::from_str(text).map_err(|err| parse_error(&err))?;
            Ok(Incoming::Response(Response { id, body }))
        }
        _ => Err(RpcError::invalid_request(
            "a message has a method, or an id with either a result or an error",
        )),
    }
}

/// serde_json's message without "at line …", which counts from the start of the message.
fn without_position(err: &serde_json::Error) -> String {
    let text = err.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}
