#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod client_metadata;
mod secret;

pub use client_metadata::{ApplicationType, ClientMetadata, GrantType, TokenEndpointAuthMethod};
pub use secret::{IssuedSecret, MalformedSecret, SecretHash, SecretKind};
