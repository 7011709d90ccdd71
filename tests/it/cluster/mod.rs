//! Several nodes on one Redis behave as one server.

mod changes;
mod proxy;
mod questions;
mod rolling;
mod sessions;
mod shared;
mod streams;
