#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod clock;
mod code;
mod entity;
mod error_chain;
mod fair_share;
mod ids;
mod peer;
mod principal;
mod role;
mod scope;
mod text;

pub use clock::{Clock, ManualClock, SystemClock};
pub use code::ServiceCode;
pub use entity::{EntityKind, EntityRef};
pub use error_chain::error_chain;
pub use fair_share::{may_take_one_more, most_of};
pub use ids::{
    AccountId, ClientId, GrantId, InvalidId, NodeId, SessionId, TokenId, UserId, WorkspaceSlug,
};
pub use peer::Peer;
pub use principal::{ClientName, Credential, Principal};
pub use role::{Role, UnknownRole};
pub use scope::{Scope, ScopeSet, UnknownScope};
pub use secrecy::{ExposeSecret, SecretString};
pub use text::{ControlCharacter, beginning, check_json, check_name, check_text, shortened};
