//! What callers are told beside their answers.

use bytes::Bytes;
use serde_json::Value;
use tidegate_auth::TokenKind;

use super::Caller;

/// Where a result says it, in its `_meta`.
const MEMBER: &str = "dev.tidegate/notice";

/// Told to whoever comes with a static token.
const STATIC_TOKEN: &str = "This connection uses a static token, which is deprecated: it never ends and may do \
whatever its user may. Connect by OAuth, or make an API token in the settings, and have the static token removed.";

/// What the caller should know about how they are connected.
pub(crate) fn of(caller: &Caller) -> Option<&'static str> {
    (caller.token.kind == TokenKind::Static).then_some(STATIC_TOKEN)
}

/// The server's instructions, with the notice at their end.
pub(crate) fn with_instructions(instructions: &str, notice: Option<&str>) -> String {
    match notice {
        Some(notice) if !instructions.is_empty() => format!("{instructions}\n\n{notice}"),
        Some(notice) => notice.to_owned(),
        None => instructions.to_owned(),
    }
}

/// A result with the notice in its `_meta`. One that is no object stays as it is.
pub(crate) fn attach(result: Bytes, notice: Option<&str>) -> Bytes {
    let Some(notice) = notice else {
        return result;
    };
    let Ok(Value::Object(mut members)) = serde_json::from_slice(&result) else {
        return result;
    };
    let meta = members
        .entry("_meta")
        .or_insert_with(|| Value::Object(serde_json::Map::new()));
    if let Value::Object(meta) = meta {
        meta.insert(MEMBER.to_owned(), notice.into());
    }
    serde_json::to_vec(&members).map_or(result, Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_comes_beside_what_is_there() {
        let attached = |result: &'static str| {
            let bytes = attach(Bytes::from_static(result.as_bytes()), Some("old"));
            serde_json::from_slice::<Value>(&bytes).unwrap()
        };
        assert_eq!(
            serde_json::json!({ "a": 1, "_meta": { MEMBER: "old" } }),
            attached(r#"{"a":1}"#)
        );
        assert_eq!(
            serde_json::json!({ "_meta": { "b": 2, MEMBER: "old" } }),
            attached(r#"{"_meta":{"b":2}}"#)
        );
        assert_eq!(serde_json::json!([1]), attached("[1]"));
    }

    #[test]
    fn without_a_notice_nothing_changes() {
        let result = Bytes::from_static(br#"{"a": 1}"#);
        assert_eq!(result, attach(result.clone(), None));
        assert_eq!("read", with_instructions("read", None));
        assert_eq!("read\n\nold", with_instructions("read", Some("old")));
        assert_eq!("old", with_instructions("", Some("old")));
    }
}
