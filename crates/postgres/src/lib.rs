#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod binding;
mod cancel;
mod connect;
mod error;
mod tls;

pub use cancel::Canceller;
pub use connect::{Connected, Connection, Connector, Route, Sealed, Socket, Stream};
pub use error::{ConnectError, ConnectFailure, words};
