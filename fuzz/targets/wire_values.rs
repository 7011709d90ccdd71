//! Values that clients send back or that end up in a stream: event ids and data, cursors, sealed state,
//! header values, mirrored arguments.
//!
//! Input: the first byte chooses, the rest is the value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tidegate_protocol::header::decode_value;
use tidegate_protocol::parameter_header::{check_params, parameter_headers};
use tidegate_protocol::state::{Binding, StateSealer};
use tidegate_protocol::{RpcError, cursor, sse};

const BINDING: Binding<'_> = Binding {
    workspace: "acme",
    user: 7,
    method: "tools/call",
    target: "ask",
    arguments: "{}",
};

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    match kind % 5 {
        0 => event(rest),
        1 => page(rest),
        2 => state(rest),
        3 => header_value(rest),
        _ => schema(rest),
    }
});

/// An event says what went in, whatever the id and the data hold.
fn event(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (id, data) = text.split_once('|').unwrap_or(("", text));
    let frame = sse::event(Some(id), data.as_bytes());
    let frame = std::str::from_utf8(&frame).expect("text in, text out");
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut ids, mut read) = (Vec::new(), Vec::new());
    let body = lines(frame);
    let body = body.strip_suffix("\n\n").expect("an empty line ends an event");
    for line in body.split('\n') {
        match line.split_once(": ").expect("every line is a field") {
            ("id", value) => ids.push(value.to_owned()),
            ("data", value) => read.push(value.to_owned()),
            other => panic!("{other:?} is not a field of an event"),
        }
    }
    let sent: String = id.chars().filter(|char| !"\n\r\0".contains(*char)).collect();
    assert_eq!(vec![sent], ids);
    assert_eq!(lines(data), read.join("\n"));
}

/// A cursor leads to the start of a page that follows another, or nowhere.
fn page(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let items = vec![(); cursor::PAGE * 3 + 1];
    match cursor::page(&items, Some(text)) {
        Ok((page, _)) => assert!(!page.is_empty() && page.len() <= cursor::PAGE),
        Err(error) => assert_eq!(RpcError::INVALID_PARAMS, error.code),
    }
}

/// Nothing opens but what was sealed.
fn state(input: &[u8]) {
    let sealer = StateSealer::new(&[7; 32]);
    if let Ok(text) = std::str::from_utf8(input) {
        assert!(sealer.open(&BINDING, text, 0).is_err());
    }
    let sealed = sealer.seal(&BINDING, json!({ "step": 1 }), 100);
    let mut changed = sealed.clone().into_bytes();
    for (place, change) in input.iter().enumerate().take(changed.len()) {
        changed[place] ^= change & 0x1f;
    }
    let changed = String::from_utf8_lossy(&changed);
    assert_eq!(changed == sealed, sealer.open(&BINDING, &changed, 0).is_ok());
}

/// A value is taken as it stands, or decoded, or refused with the code for headers.
fn header_value(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let is_wrapped = text.starts_with("=?base64?") && text.ends_with("?=") && text.len() >= 11;
    match decode_value(text) {
        Ok(value) => assert!(is_wrapped || value == text),
        Err(error) => {
            assert!(is_wrapped);
            assert_eq!(RpcError::HEADER_MISMATCH, error.code);
        }
    }
}

/// Any JSON as a schema, and as arguments that headers mirror.
fn schema(input: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(input) else {
        return;
    };
    if let Ok(headers) = parameter_headers(&value) {
        for header in [None, Some("x"), Some("=?base64?eA==?=")] {
            if let Err(error) = check_params(&headers, &value, |_| header) {
                assert_eq!(RpcError::HEADER_MISMATCH, error.code);
            }
        }
    }
}
