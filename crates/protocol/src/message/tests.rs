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
