//! What a request that claims the modern era must say, in its headers and in its body.

use super::meta::{CAPABILITIES, CLAIM, RawMeta};
use crate::header::{McpHeaders, decode_value};
use crate::message::Request;
use crate::params::{Params, borrowed_text};
use crate::{ClientCapabilities, ClientInfo, LogLevel, Method, ProtocolVersion, RpcError};

/// The `_meta` of a modern request.
#[derive(Debug, Clone)]
pub struct RequestMeta {
    /// The revision that it claims, and that is served.
    pub version: ProtocolVersion,
    /// What the client can do, for this request alone.
    pub client_capabilities: ClientCapabilities,
    /// What the client calls itself. For logs, never for decisions.
    pub client_info: Option<ClientInfo>,
    /// From which level log messages are wanted; none are without it.
    pub log_level: Option<LogLevel>,
}

/// Checks the claim against the headers, in the order that the protocol demands.
///
/// # Errors
/// The first thing that is missing or contradicts another.
pub(super) fn check(
    headers: McpHeaders<'_>,
    request: &Request<'_>,
    params: &Params<'_>,
    meta: &RawMeta<'_>,
    claim: &str,
) -> Result<RequestMeta, RpcError> {
    let (client_capabilities, client_info, log_level) = read_envelope(meta)?;
    if headers
        .protocol_version
        .is_some_and(|header| header != claim)
    {
        return Err(RpcError::header_mismatch(format!(
            "the header MCP-Protocol-Version differs from params._meta.{CLAIM}"
        )));
    }
    if headers
        .method
        .is_some_and(|method| method != request.method.as_str())
    {
        return Err(RpcError::header_mismatch(
            "the header Mcp-Method differs from the method",
        ));
    }
    let version = match claim.parse::<ProtocolVersion>() {
        Ok(version) if version.is_modern() => version,
        _ => return Err(RpcError::unsupported_version(claim)),
    };
    if headers.protocol_version.is_none() {
        return Err(RpcError::header_mismatch(
            "the header MCP-Protocol-Version is missing",
        ));
    }
    if headers.method.is_none() {
        return Err(RpcError::header_mismatch(
            "the header Mcp-Method is missing",
        ));
    }
    check_name_header(headers, request.method.method(), params)?;
    Ok(RequestMeta {
        version,
        client_capabilities,
        client_info,
        log_level,
    })
}

type Envelope = (ClientCapabilities, Option<ClientInfo>, Option<LogLevel>);

fn read_envelope(meta: &RawMeta<'_>) -> Result<Envelope, RpcError> {
    let capabilities = meta
        .capabilities
        .ok_or_else(|| RpcError::invalid_params(format!("params._meta needs {CAPABILITIES}")))?;
    if !capabilities.get().starts_with('{') {
        return Err(RpcError::invalid_params(format!(
            "params._meta.{CAPABILITIES} must be an object"
        )));
    }
    let capabilities = serde_json::from_str(capabilities.get()).map_err(|_| {
        RpcError::invalid_params(format!("params._meta.{CAPABILITIES} must be an object"))
    })?;
    let info = meta
        .info
        .and_then(|info| serde_json::from_str(info.get()).ok());
    let log_level = meta
        .log_level
        .map(|level| {
            let text = borrowed_text(level).ok_or_else(|| {
                RpcError::invalid_params(
                    "params._meta.io.modelcontextprotocol/logLevel must be a string",
                )
            })?;
            text.parse::<LogLevel>()
                .map_err(|err| RpcError::invalid_params(err.to_string()))
        })
        .transpose()?;
    Ok((capabilities, info, log_level))
}

/// `Mcp-Name` must say what the body names, so that a proxy may route and limit by it.
fn check_name_header(
    headers: McpHeaders<'_>,
    method: Option<Method>,
    params: &Params<'_>,
) -> Result<(), RpcError> {
    let named = match method {
        Some(Method::CallTool | Method::GetPrompt) => params.name,
        Some(Method::ReadResource) => params.uri,
        _ => return Ok(()),
    };
    let header = headers
        .name
        .ok_or_else(|| RpcError::header_mismatch("the header Mcp-Name is missing"))?;
    let header = decode_value(header)?;
    match named.and_then(borrowed_text) {
        Some(name) if name == header => Ok(()),
        Some(_) => Err(RpcError::header_mismatch(
            "the header Mcp-Name differs from what the body names",
        )),
        // What the body lacks is told by the method itself.
        None => Ok(()),
    }
}
