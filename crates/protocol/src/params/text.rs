//! Members that are texts.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use tidegate_types::check_name;

use super::Params;
use crate::RpcError;

impl<'a> Params<'a> {
    /// A member that must be a string: a name, a URI, a cursor, and so without control characters.
    ///
    /// # Errors
    /// `-32602` naming the member.
    pub fn text(member: &'static str, raw: Option<&'a RawValue>) -> Result<Cow<'a, str>, RpcError> {
        let refuse = |what: &dyn std::fmt::Display| {
            RpcError::invalid_params(format!("params.{member} {what}"))
        };
        let raw = raw.ok_or_else(|| refuse(&"is missing"))?;
        let text = borrowed_text(raw).ok_or_else(|| refuse(&"must be a string"))?;
        check_name(&text).map_err(|err| refuse(&err))?;
        Ok(text)
    }
}

/// The text of a raw JSON string, without a copy where it has no escapes.
pub(crate) fn borrowed_text(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'b>(#[serde(borrow)] Cow<'b, str>);
    serde_json::from_str::<Text<'_>>(raw.get())
        .ok()
        .map(|text| text.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_control_characters() {
        for text in [r#""a\u0000b""#, r#""a\nb""#, "\"a\u{85}b\""] {
            let raw: &RawValue = serde_json::from_str(text).unwrap();
            let error = Params::text("uri", Some(raw)).unwrap_err();
            assert_eq!(RpcError::INVALID_PARAMS, error.code);
            assert!(
                error
                    .message
                    .starts_with("params.uri must not contain the control character U+00"),
                "{error}"
            );
        }
    }
}
