#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod fetch;
mod gate;
mod reply;
mod rules;
mod server;
mod view;

pub use fetch::{FetchError, FetchSettings, Fetched, Fetcher, FetcherSetupError, GuardedFetcher};
pub use gate::{AlwaysOn, OAuthGate};
pub use reply::{Authorize, AuthorizeRefusal, DeviceReply, TokenReply};
pub use rules::{AssertionIssuer, Limits, Rate, Rules};
pub use server::{AuthorizationServer, Parts, Visit};
pub use view::{
    AnswerView, ClientView, Closed, ConsentError, ConsentView, ConsentWarning, Decision, Verified,
    WorkspaceChoice,
};
