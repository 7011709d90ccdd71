//! What a request says of itself in `_meta`.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::RpcError;

pub(super) const CLAIM: &str = "io.modelcontextprotocol/protocolVersion";
pub(super) const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// `_meta` of a request, its members undecoded.
#[derive(Default, Deserialize)]
pub(super) struct RawMeta<'a> {
    #[serde(borrow, default, rename = "io.modelcontextprotocol/protocolVersion")]
    pub(super) claim: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/clientCapabilities")]
    pub(super) capabilities: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/clientInfo")]
    pub(super) info: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/logLevel")]
    pub(super) log_level: Option<&'a RawValue>,
}

impl<'a> RawMeta<'a> {
    /// Reads `_meta`; an absent one is empty.
    pub(super) fn read(meta: Option<&'a RawValue>) -> Result<Self, RpcError> {
        let Some(meta) = meta else {
            return Ok(Self::default());
        };
        // serde would take the members of a list for those of the object, in their order.
        Some(meta.get())
            .filter(|meta| meta.starts_with('{'))
            .and_then(|meta| serde_json::from_str(meta).ok())
            .ok_or_else(|| {
                RpcError::invalid_params("params._meta must be an object without repeated members")
            })
    }
}
