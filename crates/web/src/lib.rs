#![doc = include_str!("../README.md")]

mod admission;
mod connection;
mod cors;
mod edge;
mod health;
mod in_flight;
mod mcp;
mod routing;
mod server;
mod status;

pub use actix_server::ServerHandle;
pub use edge::{Edge, WorkspaceHosts};
pub use in_flight::InFlight;
pub use server::{BindError, Server, bind, start};
