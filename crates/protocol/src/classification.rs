//! Which era a POST belongs to (2026-07-28, "Versioning": a server may serve both eras on one endpoint).
//!
//! A request that claims a version in `params._meta` is modern; `initialize` and everything without a
//! claim is legacy, unless its version header says otherwise, which is then an error and never a guess.
//! The order of the checks is part of the protocol: each row has its own code.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::header::{McpHeaders, decode_value};
use crate::message::{Body, Incoming, Notification, Request, RequestId, Response};
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

/// What a POST is.
#[derive(Debug)]
pub enum Inbound<'a> {
    /// A stateless request of 2026-07-28.
    Modern {
        /// The request.
        request: Request<'a>,
        /// Its parameters.
        params: Params<'a>,
        /// What it says of itself.
        meta: Box<RequestMeta>,
    },
    /// A notification of the modern era: accepted and dropped.
    ModernNotification,
    /// `initialize`.
    Initialize(Request<'a>),
    /// One legacy message, for a session. The version is the header's, where it came and is served.
    Legacy {
        /// The message.
        message: Incoming<'a>,
        /// `MCP-Protocol-Version`.
        version: Option<ProtocolVersion>,
    },
    /// A legacy batch, for a session of 2025-03-26.
    Batch {
        /// The messages.
        messages: Vec<Result<Incoming<'a>, RpcError>>,
        /// `MCP-Protocol-Version`.
        version: Option<ProtocolVersion>,
    },
}

/// A POST that is answered with an HTTP status other than 200.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassificationRefusal {
    /// The HTTP status.
    pub status: u16,
    /// The request's id, where it is known.
    pub id: Option<RequestId>,
    /// The body.
    pub error: RpcError,
}

impl ClassificationRefusal {
    fn bad_request(id: Option<&RequestId>, error: RpcError) -> Self {
        Self {
            status: 400,
            id: id.cloned(),
            error,
        }
    }
}

const CLAIM: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

#[derive(Default, Deserialize)]
struct RawMeta<'a> {
    #[serde(borrow, default, rename = "io.modelcontextprotocol/protocolVersion")]
    claim: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/clientCapabilities")]
    capabilities: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/clientInfo")]
    info: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/logLevel")]
    log_level: Option<&'a RawValue>,
}

/// Tells what a decoded POST is.
///
/// # Errors
/// A [`ClassificationRefusal`] with the status and code that the protocol demands.
pub fn classify<'a>(
    headers: McpHeaders<'a>,
    body: Body<'a>,
) -> Result<Inbound<'a>, ClassificationRefusal> {
    let header_is_modern = headers
        .protocol_version
        .is_some_and(ProtocolVersion::text_is_modern);
    match body {
        Body::Batch(messages) => {
            if header_is_modern || messages.iter().flatten().any(has_claim) {
                let error = RpcError::invalid_request(
                    "batches are not part of protocol version 2026-07-28",
                );
                return Err(ClassificationRefusal::bad_request(None, error));
            }
            let version = legacy_version(headers, None)?;
            Ok(Inbound::Batch { messages, version })
        }
        Body::Single(Incoming::Request(request)) => {
            classify_request(headers, header_is_modern, request)
        }
        Body::Single(Incoming::Notification(notification)) => {
            let message = Incoming::Notification(notification);
            if header_is_modern || has_claim(&message) {
                return Ok(Inbound::ModernNotification);
            }
            Ok(Inbound::Legacy {
                message,
                version: legacy_version(headers, None)?,
            })
        }
        Body::Single(message @ Incoming::Response(_)) => {
            if header_is_modern {
                let error = RpcError::invalid_request(
                    "clients of protocol version 2026-07-28 send no responses",
                );
                return Err(ClassificationRefusal::bad_request(None, error));
            }
            Ok(Inbound::Legacy {
                message,
                version: legacy_version(headers, None)?,
            })
        }
    }
}

fn has_claim(message: &Incoming<'_>) -> bool {
    let params = match message {
        Incoming::Request(Request { params, .. })
        | Incoming::Notification(Notification { params, .. }) => *params,
        Incoming::Response(Response { .. }) => None,
    };
    Params::decode(params)
        .ok()
        .and_then(|params| raw_meta(params.meta).ok())
        .is_some_and(|meta| meta.claim.is_some())
}

fn raw_meta(meta: Option<&RawValue>) -> Result<RawMeta<'_>, RpcError> {
    let Some(meta) = meta else {
        return Ok(RawMeta::default());
    };
    // serde would take the members of a list for those of the object, in their order.
    Some(meta.get())
        .filter(|meta| meta.starts_with('{'))
        .and_then(|meta| serde_json::from_str(meta).ok())
        .ok_or_else(|| {
            RpcError::invalid_params("params._meta must be an object without repeated members")
        })
}

fn legacy_version(
    headers: McpHeaders<'_>,
    id: Option<&RequestId>,
) -> Result<Option<ProtocolVersion>, ClassificationRefusal> {
    let Some(text) = headers.protocol_version else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        let served = ProtocolVersion::SERVED
            .map(ProtocolVersion::as_str)
            .join(", ");
        let shown: String = text.chars().take(80).collect();
        let message =
            format!("the header MCP-Protocol-Version says {shown:?}; served are {served}");
        ClassificationRefusal::bad_request(id, RpcError::invalid_request(message))
    })
}

fn classify_request<'a>(
    headers: McpHeaders<'a>,
    header_is_modern: bool,
    request: Request<'a>,
) -> Result<Inbound<'a>, ClassificationRefusal> {
    let refuse = |error| ClassificationRefusal::bad_request(Some(&request.id), error);
    let params = Params::decode(request.params).map_err(refuse)?;
    let meta = raw_meta(params.meta).map_err(refuse)?;
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
        if header_is_modern
            || matches!(
                request.method.method(),
                Some(Method::Discover | Method::Listen)
            )
        {
            let missing = if meta.capabilities.is_some() {
                CLAIM.to_owned()
            } else {
                format!("{CLAIM} and {CAPABILITIES}")
            };
            return Err(refuse(RpcError::invalid_params(format!(
                "params._meta needs {missing}"
            ))));
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
    let envelope = read_envelope(&meta).map_err(refuse)?;
    if headers
        .protocol_version
        .is_some_and(|header| header != claim)
    {
        return Err(refuse(RpcError::header_mismatch(format!(
            "the header MCP-Protocol-Version differs from params._meta.{CLAIM}"
        ))));
    }
    if headers
        .method
        .is_some_and(|method| method != request.method.as_str())
    {
        return Err(refuse(RpcError::header_mismatch(
            "the header Mcp-Method differs from the method",
        )));
    }
    let version = match claim.parse::<ProtocolVersion>() {
        Ok(version) if version.is_modern() => version,
        _ => return Err(refuse(RpcError::unsupported_version(&claim))),
    };
    if headers.protocol_version.is_none() {
        return Err(refuse(RpcError::header_mismatch(
            "the header MCP-Protocol-Version is missing",
        )));
    }
    if headers.method.is_none() {
        return Err(refuse(RpcError::header_mismatch(
            "the header Mcp-Method is missing",
        )));
    }
    check_name_header(headers, request.method.method(), &params).map_err(refuse)?;
    let (client_capabilities, client_info, log_level) = envelope;
    let meta = RequestMeta {
        version,
        client_capabilities,
        client_info,
        log_level,
    };
    Ok(Inbound::Modern {
        request,
        params,
        meta: Box::new(meta),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::decode;

    const MODERN: &str = "2026-07-28";

    fn body(method: &str, meta: &str, rest: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{"_meta":{{{meta}}}{rest}}}}}"#
        )
    }

    fn envelope(version: &str) -> String {
        format!(r#""{CLAIM}":"{version}","{CAPABILITIES}":{{}}"#)
    }

    /// The kind of inbound message, or the status and code of the refusal.
    fn outcome(
        version: Option<&str>,
        method: Option<&str>,
        name: Option<&str>,
        body: &str,
    ) -> String {
        let headers = McpHeaders {
            protocol_version: version,
            method,
            name,
        };
        let decoded = match decode(body.as_bytes(), 64) {
            Ok(decoded) => decoded,
            Err(error) => return format!("400 {}", error.code),
        };
        match classify(headers, decoded) {
            Ok(Inbound::Modern { .. }) => "modern".into(),
            Ok(Inbound::ModernNotification) => "modern notification".into(),
            Ok(Inbound::Initialize(_)) => "initialize".into(),
            Ok(Inbound::Legacy { .. }) => "legacy".into(),
            Ok(Inbound::Batch { .. }) => "batch".into(),
            Err(refusal) => format!("{} {}", refusal.status, refusal.error.code),
        }
    }

    /// What the row is, version header, method header, name header, body, outcome.
    type Row<'a> = (
        &'a str,
        Option<&'a str>,
        Option<&'a str>,
        Option<&'a str>,
        String,
        &'a str,
    );

    #[test]
    fn every_row_of_the_table_has_its_answer() {
        let list = |meta: &str| body("tools/list", meta, "");
        let call = |rest: &str| body("tools/call", &envelope(MODERN), rest);
        #[rustfmt::skip] // A table: one row a line.
        let rows: Vec<Row<'_>> = vec![
            ("a modern request", Some(MODERN), Some("tools/list"), None, list(&envelope(MODERN)), "modern"),
            ("initialize", None, None, None, body("initialize", "", ""), "initialize"),
            ("initialize with Mcp-Method", None, Some("initialize"), None, body("initialize", "", ""), "initialize"),
            ("initialize with a legacy header", Some("2025-11-25"), None, None, body("initialize", "", ""), "initialize"),
            ("initialize with a modern header", Some(MODERN), None, None, body("initialize", "", ""), "400 -32020"),
            ("initialize with a claim", Some(MODERN), Some("initialize"), None, body("initialize", &envelope(MODERN), ""), "modern"),
            ("a claim without capabilities", Some(MODERN), Some("tools/list"), None, list(&format!(r#""{CLAIM}":"{MODERN}""#)), "400 -32602"),
            ("a claim that is no string", Some(MODERN), Some("tools/list"), None, list(&format!(r#""{CLAIM}":7,"{CAPABILITIES}":{{}}"#)), "400 -32602"),
            ("capabilities that are no object", Some(MODERN), Some("tools/list"), None, list(&format!(r#""{CLAIM}":"{MODERN}","{CAPABILITIES}":[]"#)), "400 -32602"),
            ("header and claim differ", Some(MODERN), Some("tools/list"), None, list(&envelope("v999.0.0")), "400 -32020"),
            ("both unknown", Some("v999.0.0"), Some("tools/list"), None, list(&envelope("v999.0.0")), "400 -32022"),
            ("a legacy version as claim", Some("2025-11-25"), Some("tools/list"), None, list(&envelope("2025-11-25")), "400 -32022"),
            ("method header differs", Some(MODERN), Some("tools/call"), None, list(&envelope(MODERN)), "400 -32020"),
            ("method header in other case", Some(MODERN), Some("Tools/List"), None, list(&envelope(MODERN)), "400 -32020"),
            ("no version header", None, Some("tools/list"), None, list(&envelope(MODERN)), "400 -32020"),
            ("no method header", Some(MODERN), None, None, list(&envelope(MODERN)), "400 -32020"),
            ("no name header", Some(MODERN), Some("tools/call"), None, call(r#","name":"x""#), "400 -32020"),
            ("name header differs", Some(MODERN), Some("tools/call"), Some("y"), call(r#","name":"x""#), "400 -32020"),
            ("name header in Base64", Some(MODERN), Some("tools/call"), Some("=?base64?eA==?="), call(r#","name":"x""#), "modern"),
            ("name header in bad Base64", Some(MODERN), Some("tools/call"), Some("=?base64?eA=?="), call(r#","name":"x""#), "400 -32020"),
            ("name header escaped in the body", Some(MODERN), Some("tools/call"), Some("x"), call(r#","name":"\u0078""#), "modern"),
            ("a modern header without claim", Some(MODERN), Some("tools/list"), None, list(""), "400 -32602"),
            ("discover without claim", None, None, None, body("server/discover", "", ""), "400 -32602"),
            ("listen without claim", Some("2025-11-25"), None, None, body("subscriptions/listen", "", ""), "400 -32602"),
            ("an unknown legacy header", Some("2024-01-01"), None, None, list(""), "400 -32600"),
            ("an unknown log level", Some(MODERN), Some("tools/list"), None, list(&format!(r#"{},"io.modelcontextprotocol/logLevel":"loud""#, envelope(MODERN) )), "400 -32602"),
            ("legacy with a header", Some("2025-06-18"), None, None, list(""), "legacy"),
            ("legacy without a header", None, None, None, list(""), "legacy"),
            ("legacy with Mcp-Method", None, Some("tools/list"), None, list(""), "legacy"),
            ("no params", None, None, None, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.into(), "legacy"),
            ("a legacy notification", None, None, None, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.into(), "legacy"),
            ("a modern notification", Some(MODERN), None, None, r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#.into(), "modern notification"),
            ("a legacy response", None, None, None, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.into(), "legacy"),
            ("a modern response", Some(MODERN), None, None, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.into(), "400 -32600"),
            ("a batch", None, None, None, format!("[{}]", list("")), "batch"),
            ("a batch with a claim", None, None, None, format!("[{}]", list(&envelope(MODERN))), "400 -32600"),
            ("a batch with a modern header", Some(MODERN), None, None, format!("[{}]", list("")), "400 -32600"),
            ("no JSON", Some(MODERN), None, None, "{".into(), "400 -32700"),
            ("a list in the place of _meta", Some(MODERN), Some("tools/list"), None, format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":["{MODERN}",{{}}]}}}}"#), "400 -32602"),
            ("a list in a batch", None, None, None, r#"[["2.0",1,"ping"]]"#.into(), "batch"),
            ("params with a member twice", None, None, None, r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","name":"b"}}"#.into(), "400 -32602"),
        ];
        for (row, version, method, name, body, expected) in rows {
            assert_eq!(expected, outcome(version, method, name, &body), "{row}");
        }
    }

    #[test]
    fn the_refusal_of_an_unknown_version_names_those_that_are_served() {
        let text = body("tools/list", &envelope("v999.0.0"), "");
        let headers = McpHeaders {
            protocol_version: Some("v999.0.0"),
            method: Some("tools/list"),
            name: None,
        };
        let refusal = classify(headers, decode(text.as_bytes(), 64).unwrap()).unwrap_err();
        let data = refusal.error.data.unwrap();
        assert_eq!("v999.0.0", data["requested"]);
        assert_eq!(MODERN, data["supported"][0]);
        assert_eq!(Some("7"), refusal.id.as_ref().map(RequestId::as_json));
    }
}
