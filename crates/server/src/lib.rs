#![doc = include_str!("../README.md")]

mod access;
mod application;
mod audit_log;
mod check;
mod connections;
mod late_node;
mod shutdown;
mod state;
mod workspaces;

pub use access::{AccessError, CommandDeployment};
pub use application::{Application, ApplicationBuilder, BuildError, RunningNode, SignInPlace};
pub use check::{Checked, check_settings};
pub use connections::{Connection, check_connections};
pub use shutdown::wait_for_signal;
