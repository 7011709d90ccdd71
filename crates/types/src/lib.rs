#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod clock;
mod code;
mod ids;
mod principal;
mod scope;

pub use clock::{Clock, ManualClock, SystemClock};
pub use code::ServiceCode;
pub use ids::{InvalidId, NodeId, SessionId, TokenId, UserId, WorkspaceSlug};
pub use principal::{ClientName, Credential, Principal};
pub use scope::{Scope, ScopeSet, UnknownScope};
pub use secrecy::{ExposeSecret, SecretString};
