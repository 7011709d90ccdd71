//! Several nodes on one Redis behave as one server.

mod changes;
mod controls;
pub(crate) mod managed;
mod proxy;
mod questions;
mod rolling;
mod sessions;
mod shared;
mod standing;
mod streams;
