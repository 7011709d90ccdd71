#![doc = include_str!("../README.md")]

mod access;
mod activity;
mod admission;
mod app;
mod backlog;
mod body;
mod connection;
mod connections;
mod cors;
mod edge;
mod header;
mod health;
mod manager_api;
mod mcp;
mod oauth;
mod pages;
mod peer;
mod routing;
mod server;
mod status;
mod unknown_proxies;
mod well_known;

pub use access::{ConfiguredFlags, ControlPlaneAccess, FlagsOfPlace, ServiceTokens};
pub use actix_server::ServerHandle;
pub use backlog::{Backlog, bind};
pub use connections::Connections;
pub use edge::{Directory, Edge, Entry, ExternalIssuer, Names, WorkspaceHosts};
pub use server::{BindError, Server, start};
pub use unknown_proxies::UnknownProxies;
