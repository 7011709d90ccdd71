#![doc = include_str!("../README.md")]

mod application;
mod audit_log;
mod shutdown;
mod state;
mod workspaces;

pub use application::{Application, ApplicationBuilder, BuildError, Running};
pub use shutdown::wait_for_signal;
