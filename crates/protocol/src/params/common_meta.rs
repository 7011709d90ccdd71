//! What requests of both eras may carry in `_meta`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Params;
use super::text::borrowed_text;

/// What any request may carry in `_meta`, in both eras.
#[derive(Debug, Clone, Default)]
pub struct CommonMeta {
    /// Names the progress notifications that are wanted, as JSON text.
    pub progress_token: Option<Box<RawValue>>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// W3C trace context.
    pub tracestate: Option<String>,
}

impl Params<'_> {
    /// What both eras may carry in `_meta`. Anything malformed there counts as absent, since nothing of
    /// it decides anything.
    pub fn common_meta(&self) -> CommonMeta {
        #[derive(Deserialize)]
        struct Raw<'b> {
            #[serde(borrow, default, rename = "progressToken")]
            progress_token: Option<&'b RawValue>,
            #[serde(borrow, default)]
            traceparent: Option<&'b RawValue>,
            #[serde(borrow, default)]
            tracestate: Option<&'b RawValue>,
        }
        let Some(raw) = self
            .meta
            .and_then(|meta| serde_json::from_str::<Raw<'_>>(meta.get()).ok())
        else {
            return CommonMeta::default();
        };
        let is_token = |token: &&RawValue| {
            let text = token.get();
            text.len() <= 256
                && (text.starts_with('"')
                    || text.starts_with('-')
                    || text.as_bytes()[0].is_ascii_digit())
        };
        let short = |raw: Option<&RawValue>| {
            raw.and_then(borrowed_text)
                .filter(|text| text.len() <= 512)
                .map(Cow::into_owned)
        };
        CommonMeta {
            progress_token: raw.progress_token.filter(is_token).map(ToOwned::to_owned),
            traceparent: short(raw.traceparent),
            tracestate: short(raw.tracestate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_eras_carry_is_read_leniently() {
        let text = r#"{"_meta":{"progressToken":"p1","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","x":[1]}}"#;
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        let meta = Params::decode(Some(raw)).unwrap().common_meta();
        assert_eq!("\"p1\"", meta.progress_token.unwrap().get());
        assert!(meta.traceparent.unwrap().starts_with("00-0af7"));
        let odd: &RawValue =
            serde_json::from_str(r#"{"_meta":{"progressToken":{},"traceparent":5}}"#).unwrap();
        let meta = Params::decode(Some(odd)).unwrap().common_meta();
        assert!(meta.progress_token.is_none() && meta.traceparent.is_none());
    }
}
