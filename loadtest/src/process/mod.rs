//! Servers that the load test starts, and what they use.

mod deployment;
mod http;
mod limit;
mod nginx;
mod nodes;
mod server;
mod sink;
mod usage;

pub(crate) use deployment::{Database, Deployment, seed};
pub(crate) use http::{get, head, post};
pub(crate) use limit::raise_open_files;
pub(crate) use nodes::{Nodes, SECRET};
pub(crate) use server::{Server, Setup};
pub(crate) use sink::StatsdSink;
pub(crate) use usage::{cpu_of_children, peak_rss_bytes};
