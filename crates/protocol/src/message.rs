//! JSON-RPC 2.0 decoding with bounds.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::value::RawValue;

use crate::{Called, RpcError};

/// How many messages a batch may hold (2025-03-26).
pub const MAX_BATCH: usize = 100;

/// How many items and members a body may have in all. One of two bytes takes some hundred once it is decoded.
pub const MAX_VALUES: usize = 50_000;

/// The id of a request: a JSON string or number of at most 256 bytes, echoed byte for byte.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id as JSON text.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// An id of the server's own making: a string.
    ///
    /// # Panics
    /// Never: a string is always valid JSON.
    pub fn from_text(text: &str) -> Self {
        Self(
            serde_json::to_string(text)
                .expect("a string is valid JSON")
                .into(),
        )
    }

    /// The id as a JSON value.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.0)
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let is_id =
            raw.starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit());
        if is_id && raw.len() <= 256 {
            Ok(Self(raw.into()))
        } else {
            Err(D::Error::custom(
                "an id is a string or a number of at most 256 bytes",
            ))
        }
    }
}

/// A request: something that wants an answer.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Echoed in the answer.
    pub id: RequestId,
    /// What to do.
    pub method: Called<'a>,
    /// An object, undecoded.
    pub params: Option<&'a RawValue>,
}

/// A notification: something that wants no answer.
#[derive(Debug, Clone)]
pub struct Notification<'a> {
    /// What happened.
    pub method: Cow<'a, str>,
    /// An object, undecoded.
    pub params: Option<&'a RawValue>,
}

/// The client's answer to a request of the server.
#[derive(Debug, Clone)]
pub struct Response<'a> {
    /// The request's id.
    pub id: RequestId,
    /// The whole message, undecoded.
    pub body: &'a RawValue,
}

/// One message.
#[derive(Debug, Clone)]
pub enum Incoming<'a> {
    /// Wants an answer.
    Request(Request<'a>),
    /// Wants none.
    Notification(Notification<'a>),
    /// Is one.
    Response(Response<'a>),
}

/// A body: one message, or a batch of them (2025-03-26).
#[derive(Debug, Clone)]
pub enum Body<'a> {
    /// One message.
    Single(Incoming<'a>),
    /// At least one, at most [`MAX_BATCH`]; each decoded on its own.
    Batch(Vec<Result<Incoming<'a>, RpcError>>),
}

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
/// values than [`MAX_VALUES`].
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

/// Holds how deep brackets nest, and how many values there are. One pass; strings are skipped. Raw values are decoded
/// without recursion, so both have to be known before anything decodes them with it.
fn check_bounds(body: &[u8], max_depth: usize) -> Result<(), RpcError> {
    let mut values = 0_usize;
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for &byte in body {
        if in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                values += 1;
                if depth > max_depth {
                    return Err(RpcError::new(
                        RpcError::PARSE_ERROR,
                        format!("the body nests deeper than {max_depth} levels"),
                    ));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
    }
    if values > MAX_VALUES {
        return Err(RpcError::invalid_request(format!(
            "the body has more than {MAX_VALUES} values"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn single(text: &str) -> Result<Incoming<'_>, RpcError> {
        match decode(text.as_bytes(), 64)? {
            Body::Single(message) => Ok(message),
            Body::Batch(_) => panic!("a single message was expected"),
        }
    }

    #[test]
    fn the_id_is_echoed_byte_for_byte() {
        for id in ["1", "-7", "1.50", "\"a\\u0041\"", "12345678901234567890"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            let Incoming::Request(request) = single(&text).unwrap() else {
                panic!("a request was expected")
            };
            assert_eq!(id, request.id.as_json());
        }
    }

    #[test]
    fn a_body_of_more_values_than_anybody_needs_is_refused() {
        let of = |values: &str| {
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"_meta":[{values}]}}}}"#)
        };
        let in_a_text = format!("{:?}", ",[".repeat(MAX_VALUES));
        assert!(single(&of(&in_a_text)).is_ok());
        for values in [
            "0,".repeat(MAX_VALUES) + "0",
            "[],".repeat(MAX_VALUES / 2) + "0",
        ] {
            let refused = single(&of(&values)).unwrap_err();
            assert_eq!(RpcError::INVALID_REQUEST, refused.code);
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let text = "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
        assert!(matches!(single(text), Ok(Incoming::Request(_))));
        assert!(single(&format!("\u{feff}{text}")).is_err());
    }

    #[test]
    fn a_list_in_a_batch_is_no_message_whatever_it_holds() {
        let Body::Batch(messages) = decode(br#"[["2.0",1,"ping"], []]"#, 64).unwrap() else {
            panic!("a batch was expected")
        };
        for message in messages {
            assert_eq!(RpcError::INVALID_REQUEST, message.unwrap_err().code);
        }
    }

    #[test]
    fn what_is_not_a_message_is_refused_with_the_right_code() {
        for (text, code) in [
            ("", RpcError::PARSE_ERROR),
            ("{", RpcError::PARSE_ERROR),
            ("nonsense", RpcError::PARSE_ERROR),
            ("[]", RpcError::INVALID_REQUEST),
            ("1", RpcError::INVALID_REQUEST),
            (r#"{"id":1,"method":"ping"}"#, RpcError::INVALID_REQUEST),
            (
                r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
                RpcError::INVALID_REQUEST,
            ),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
                RpcError::INVALID_REQUEST,
            ),
            (
                r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
                RpcError::INVALID_REQUEST,
            ),
            (
                r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
                RpcError::INVALID_REQUEST,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":1}"#,
                RpcError::INVALID_REQUEST,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}"#,
                RpcError::INVALID_REQUEST,
            ),
            (r#"{"jsonrpc":"2.0","id":1}"#, RpcError::INVALID_REQUEST),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
                RpcError::INVALID_REQUEST,
            ),
        ] {
            assert_eq!(code, single(text).unwrap_err().code, "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_decoded() {
        let bomb = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"a":{}}}}}"#,
            "[".repeat(1_000_000)
        );
        assert_eq!(RpcError::PARSE_ERROR, single(&bomb).unwrap_err().code);
        let brackets_in_text = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#,
            "[".repeat(1000)
        );
        assert!(single(&brackets_in_text).is_ok());
    }

    #[test]
    fn a_batch_is_bounded_and_decoded_piece_by_piece() {
        let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"nonsense":true}]"#;
        let Body::Batch(messages) = decode(batch.as_bytes(), 64).unwrap() else {
            panic!("a batch was expected")
        };
        assert!(messages[0].is_ok() && messages[1].is_err());
        let flood = format!("[{}]", vec!["1"; MAX_BATCH + 1].join(","));
        assert!(decode(flood.as_bytes(), 64).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&body, 16);
        }

        #[test]
        fn every_request_is_read_back(id in any::<i64>(), method in "[a-z/]{1,30}", key in "\\PC{0,20}") {
            let text = serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {"k": key}}).to_string();
            let Incoming::Request(request) = single(&text).unwrap() else { panic!("a request was expected") };
            prop_assert_eq!(id.to_string(), request.id.as_json());
            prop_assert_eq!(method, request.method.as_str());
            let params: serde_json::Value = serde_json::from_str(request.params.unwrap().get()).unwrap();
            prop_assert_eq!(key, params["k"].as_str().unwrap());
        }
    }
}
