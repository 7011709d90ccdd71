//! Which era a request belongs to.

use super::meta::{CAPABILITIES, CLAIM, RawMeta};
use super::{ClassificationRefusal, Inbound, legacy_version, modern};
use crate::header::McpHeaders;
use crate::message::{Incoming, Request};
use crate::params::{Params, borrowed_text};
use crate::{Method, ProtocolVersion, RpcError};

pub(super) fn classify_request<'a>(
    headers: McpHeaders<'a>,
    header_is_modern: bool,
    request: Request<'a>,
) -> Result<Inbound<'a>, ClassificationRefusal> {
    let refuse = |error| ClassificationRefusal::bad_request(Some(&request.id), error);
    let params = Params::decode(request.params).map_err(refuse)?;
    let meta = RawMeta::read(params.meta).map_err(refuse)?;
    let claim = meta.claim.map(|raw| borrowed_text(raw).ok_or(raw));
    let claims_modern = matches!(&claim, Some(Ok(text)) if ProtocolVersion::text_is_modern(text));

    if request.method == Method::Initialize && !claims_modern {
        if header_is_modern {
            return Err(refuse(RpcError::header_mismatch(
                "initialize belongs to older revisions than the header MCP-Protocol-Version says",
            )));
        }
        return Ok(Inbound::Initialize(request));
    }
    let Some(claim) = claim else {
        if header_is_modern || is_modern_alone(&request) {
            return Err(refuse(without_claim(&meta)));
        }
        let version = legacy_version(headers, Some(&request.id))?;
        return Ok(Inbound::Legacy {
            message: Incoming::Request(request),
            version,
        });
    };
    let claim = claim.map_err(|_| {
        refuse(RpcError::invalid_params(format!(
            "params._meta.{CLAIM} must be a string"
        )))
    })?;
    let meta = modern::check(headers, &request, &params, &meta, &claim).map_err(refuse)?;
    Ok(Inbound::Modern {
        request,
        params,
        meta: Box::new(meta),
    })
}

/// Whether the method is one that no older revision has.
fn is_modern_alone(request: &Request<'_>) -> bool {
    matches!(
        request.method.method(),
        Some(Method::Discover | Method::Listen)
    )
}

fn without_claim(meta: &RawMeta<'_>) -> RpcError {
    let missing = if meta.capabilities.is_some() {
        CLAIM.to_owned()
    } else {
        format!("{CLAIM} and {CAPABILITIES}")
    };
    RpcError::invalid_params(format!("params._meta needs {missing}"))
}
