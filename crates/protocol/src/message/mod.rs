//! The messages of JSON-RPC 2.0.

mod bounds;
mod decode;
mod id;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{Called, RpcError};

pub use bounds::MAX_VALUES;
pub use decode::{MAX_BATCH, decode};
pub use id::RequestId;

/// A request: something that wants an answer.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Echoed in the answer.
    pub id: RequestId,
    /// What to do.
    pub method: Called<'a>,
    /// An object, undecoded.
    pub params: Option<&'a RawValue>,
}

/// A notification: something that wants no answer.
#[derive(Debug, Clone)]
pub struct Notification<'a> {
    /// What happened.
    pub method: Cow<'a, str>,
    /// An object, undecoded.
    pub params: Option<&'a RawValue>,
}

/// The client's answer to a request of the server.
#[derive(Debug, Clone)]
pub struct Response<'a> {
    /// The request's id.
    pub id: RequestId,
    /// The whole message, undecoded.
    pub body: &'a RawValue,
}

/// One message.
#[derive(Debug, Clone)]
pub enum Incoming<'a> {
    /// Wants an answer.
    Request(Request<'a>),
    /// Wants none.
    Notification(Notification<'a>),
    /// Is one.
    Response(Response<'a>),
}

/// A body: one message, or a batch of them (2025-03-26).
#[derive(Debug, Clone)]
pub enum Body<'a> {
    /// One message.
    Single(Incoming<'a>),
    /// At least one, at most [`MAX_BATCH`]; each decoded on its own.
    Batch(Vec<Result<Incoming<'a>, RpcError>>),
}
