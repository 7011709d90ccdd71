#![doc = include_str!("../README.md")]

mod admission;
mod cors;
mod edge;
mod health;
mod mcp;
mod routing;
mod server;
mod status;

pub use edge::{Edge, WorkspaceHosts};
pub use server::{BindError, Server, start};
