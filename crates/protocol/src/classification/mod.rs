//! Which era a POST belongs to (2026-07-28, "Versioning": a server may serve both eras on one endpoint).
//!
//! A request that claims a version in `params._meta` is modern; `initialize` and everything without a
//! claim is legacy, unless its version header says otherwise, which is then an error and never a guess.
//! The order of the checks is part of the protocol: each row has its own code.

mod meta;
mod modern;
mod request;
#[cfg(test)]
mod tests;

use crate::header::McpHeaders;
use crate::message::{Body, Incoming, Notification, Request, RequestId, Response};
use crate::{Params, ProtocolVersion, RpcError};

pub use modern::RequestMeta;

use meta::RawMeta;
use request::classify_request;

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
    /// With the status 400.
    pub fn bad_request(id: Option<&RequestId>, error: RpcError) -> Self {
        Self {
            status: 400,
            id: id.cloned(),
            error,
        }
    }
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
        .and_then(|params| RawMeta::read(params.meta).ok())
        .is_some_and(|meta| meta.claim.is_some())
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
