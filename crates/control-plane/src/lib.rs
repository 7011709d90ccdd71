#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod account;
pub mod api_token;
pub mod audit;
pub mod change;
pub mod client;
pub mod effective_grant;
pub mod flag;
pub mod grant;
pub mod invitation;
pub mod policy;
pub mod signing_key;
pub mod team;
pub mod tidy;
pub mod workspace;

mod counted;
mod error;
mod input;
mod local;
mod manager;
mod migration;
mod operation;
mod operations;
mod ports;
mod remote;
mod sealing;
mod use_case;

pub use error::ManagerError;
pub use local::{LocalManager, LocalSettings};
pub use manager::Manager;
pub use operation::Operation;
pub use remote::{RemoteManager, RemoteSettings, ServeError, serve};
pub use use_case::{Issued, UseCase};

/// Seconds since the Unix epoch, in UTC.
pub type UnixSecs = i64;
