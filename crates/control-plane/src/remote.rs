//! The manager of another process, and how it is served.

mod client;
mod serving;
mod wire;

pub use client::{RemoteManager, RemoteSettings};
pub(crate) use serving::serve_one;
pub use serving::{ServeError, serve};
