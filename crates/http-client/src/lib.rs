#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod address;
mod answer;
mod client;
mod destinations;
mod error;
mod rules;

pub use answer::{Answer, is_json};
pub use client::{GuardedClient, Method, Request};
pub use destinations::is_loopback;
pub use error::{ClientSetupError, HttpError};
pub use rules::{ClientRules, Destinations, PlainHttp, Proxy};
