#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod assets;
mod consent;
mod foreign;
mod moment;
mod page;
mod scopes;
mod sign_in;

#[cfg(test)]
mod contrast;
#[cfg(test)]
mod samples;

pub use consent::{
    ConsentPage, Destination, Identity, OfflineChoice, ScopeChoice, WorkspaceChoice,
};
pub use foreign::Foreign;
pub use moment::{Moment, Span};
pub use page::{Page, Person};
pub use sign_in::{ProviderLink, SignInPage};
