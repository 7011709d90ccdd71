//! Tests of whole nodes: real processes on real Redis and PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "what every test calls fails by panicking, as tests do"
)]

mod auth;
mod cluster;
mod edge;
mod errors;
mod faults;
mod harness;
mod isolation;
mod oauth;
mod protocol;
mod records;
mod rights;
mod systems;
