//! What callers are told beside their answers.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_protocol::members::Members;
use tidegate_token_verifier::TokenKind;

/// Where a result says it, in its `_meta`.
const MEMBER: &str = "dev.tidegate/notice";

const META: &str = "_meta";

/// Told to whoever comes with a static token.
const STATIC_TOKEN: &str = "This connection uses a static token, which is deprecated: it never ends and may do \
whatever its user may. Connect by OAuth, or make an API token in the settings, and have the static token removed.";

/// What a caller should know about how they are connected.
pub(crate) fn of(token: TokenKind) -> Option<&'static str> {
    (token == TokenKind::Static).then_some(STATIC_TOKEN)
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
    let attached = std::str::from_utf8(&result)
        .ok()
        .and_then(|text| with_member(text, notice));
    match attached {
        Some(attached) => Bytes::from(Box::<str>::from(attached).into_string()),
        None => result,
    }
}

/// Nothing else of the result changes, neither the digits of a number nor the order of members.
fn with_member(result: &str, notice: &str) -> Option<Box<RawValue>> {
    let mut members = Members::of(result)?;
    let mut meta = match members.get(META) {
        Some(meta) => Members::of(meta.get())?,
        None => Members::default(),
    };
    let notice = serde_json::value::to_raw_value(notice).ok()?;
    meta.set(MEMBER, Cow::Owned(notice));
    let meta = meta.to_raw();
    members.set(META, Cow::Owned(meta));
    Some(members.to_raw())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

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
    fn what_else_is_in_the_result_stays_as_it_was() {
        let result = r#"{"z":1.50,"a":123456789012345678901234567890}"#;
        let attached = attach(Bytes::from_static(result.as_bytes()), Some("old"));
        let start = result.strip_suffix('}').unwrap();
        assert!(attached.starts_with(start.as_bytes()), "{attached:?}");
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
