#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod api_token;
mod authorize;
mod client_auth;
mod clients;
mod consent;
mod denied;
mod device;
mod fetch;
mod gate;
mod issue;
mod keys;
mod limits;
mod metadata;
mod recorder;
mod register;
mod reply;
mod revoke;
mod rules;
mod samples;
mod server;
mod token;
mod transaction;
mod typed_tickets;
mod view;

pub use fetch::{FetchError, FetchSettings, Fetched, Fetcher, FetcherSetupError, GuardedFetcher};
pub use gate::{AlwaysOn, OAuthGate, SwitchedOff};
pub use reply::{Authorize, AuthorizeRefusal, DeviceReply, TokenReply, Withheld};
pub use rules::{AssertionIssuer, Limits, Rate, Rules};
pub use server::{AuthorizationServer, BrowserContext, Parts, RefusedRequest};
pub use view::{
    AnswerView, ClientView, Closed, ConsentDecision, ConsentError, ConsentView, ConsentWarning,
    Verified, WorkspaceChoice,
};
