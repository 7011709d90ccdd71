//! Messages of the server.

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Value, json};

use crate::{RequestId, RpcError};

/// A response with a result.
pub fn success(id: &RequestId, result: &[u8]) -> Bytes {
    let id = id.as_json().as_bytes();
    let mut message = BytesMut::with_capacity(result.len() + id.len() + 40);
    message.put_slice(br#"{"jsonrpc":"2.0","id":"#);
    message.put_slice(id);
    message.put_slice(br#","result":"#);
    message.put_slice(result);
    message.put_u8(b'}');
    message.freeze()
}

/// A response with an error. Without an id only where none is known, which 2025-11-25 and later leave out.
pub fn failure(id: Option<&RequestId>, error: &RpcError) -> Bytes {
    let id = id.map_or("null", RequestId::as_json);
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"error":{}}}"#,
        error.to_json()
    )
    .into()
}

/// A notification.
pub fn notification(method: &str, params: &Value) -> Bytes {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
        .to_string()
        .into()
}

/// A request of the server (legacy era).
pub fn server_request(id: &RequestId, method: &str, params: &Value) -> Bytes {
    json!({ "jsonrpc": "2.0", "id": id.to_value(), "method": method, "params": params })
        .to_string()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn responses_echo_the_id() {
        let id = RequestId::from_text("a\"b");
        assert_eq!(
            r#"{"jsonrpc":"2.0","id":"a\"b","result":{}}"#,
            text(&success(&id, b"{}"))
        );
        let error = RpcError::new(-1, "no");
        assert_eq!(
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no"}}"#,
            text(&failure(None, &error))
        );
    }
}
