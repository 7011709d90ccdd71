//! What a request says besides its method.

mod common_meta;
mod text;

use serde::Deserialize;
use serde_json::value::RawValue;

pub use common_meta::CommonMeta;

pub(crate) use text::borrowed_text;

use crate::RpcError;

/// `params` of any request, decoded once and no deeper than needed. Unknown members are ignored.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Params<'a> {
    /// `_meta`, undecoded.
    #[serde(borrow, default, rename = "_meta")]
    pub meta: Option<&'a RawValue>,
    /// `tools/call`, `prompts/get`.
    #[serde(borrow, default)]
    pub name: Option<&'a RawValue>,
    /// `resources/read` and the like.
    #[serde(borrow, default)]
    pub uri: Option<&'a RawValue>,
    /// `tools/call`, `prompts/get`.
    #[serde(borrow, default)]
    pub arguments: Option<&'a RawValue>,
    /// Lists.
    #[serde(borrow, default)]
    pub cursor: Option<&'a RawValue>,
    /// `subscriptions/listen`.
    #[serde(borrow, default)]
    pub notifications: Option<&'a RawValue>,
    /// `completion/complete`: which prompt or resource.
    #[serde(borrow, default, rename = "ref")]
    pub reference: Option<&'a RawValue>,
    /// `completion/complete`: which argument.
    #[serde(borrow, default)]
    pub argument: Option<&'a RawValue>,
    /// Answers to an earlier `input_required`.
    #[serde(borrow, default, rename = "inputResponses")]
    pub input_responses: Option<&'a RawValue>,
    /// State of an earlier `input_required`.
    #[serde(borrow, default, rename = "requestState")]
    pub request_state: Option<&'a RawValue>,
}

impl<'a> Params<'a> {
    /// Decodes `params`; absent ones are empty.
    ///
    /// # Errors
    /// `-32602`, when a member stands twice.
    pub fn decode(raw: Option<&'a RawValue>) -> Result<Self, RpcError> {
        raw.map_or_else(
            || Ok(Self::default()),
            |raw| {
                serde_json::from_str(raw.get()).map_err(|_| {
                    RpcError::invalid_params("params has the same member more than once")
                })
            },
        )
    }
}
