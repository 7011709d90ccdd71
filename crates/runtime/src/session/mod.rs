//! Legacy sessions (revisions 2025-03-26 to 2025-11-25) on this node.
//!
//! The store knows every session; an actor holds what is alive on this node: running calls, questions
//! that wait for the client, streams. Any node can resume what another began, since each message of a
//! stream is in the event store before it is sent.

mod actor;
mod calls;
mod handle;
mod registry;
mod stream;

use tidegate_types::ServiceCode;

pub(crate) use actor::StandalonePlace;
pub(crate) use calls::CallGuard;
pub(crate) use handle::SessionHandle;
pub(crate) use registry::SessionRegistry;
pub(crate) use stream::{CallPump, EventPlace};

/// Why a session did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// It ended, or was never there.
    #[error("the session does not exist or has ended")]
    Gone,
    /// Its id names a running request already.
    #[error("a request with this id is still running in the session")]
    DuplicateRequest,
    /// It has as many calls, questions or streams as it may have.
    #[error("the session has too much going on at once")]
    TooMany,
    /// The event to resume from is unknown.
    #[error("there is no such event to resume from")]
    UnknownEvent,
    /// It has more to do than it can take.
    #[error("the session is busy")]
    Overloaded,
    /// The store.
    #[error(transparent)]
    Store(#[from] tidegate_store::StoreError),
}

impl SessionError {
    pub(crate) fn service_code(&self) -> ServiceCode {
        match self {
            Self::Gone => ServiceCode::NotFound,
            Self::DuplicateRequest | Self::UnknownEvent => ServiceCode::InvalidRequest,
            Self::TooMany | Self::Overloaded => ServiceCode::Overloaded,
            Self::Store(err) => err.service_code(),
        }
    }
}
