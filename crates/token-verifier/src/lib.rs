#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod authenticator;
mod claims;
mod combined;
mod development;
mod jwks;
mod jwt;
mod keys;
mod kind;
mod own;
mod ports;
mod static_tokens;
mod subject;
mod token_cache;
mod user;

pub use authenticator::{
    AuthFailure, Authenticator, SetupError, TokenKind, VerifiedToken, from_settings,
};
pub use combined::CombinedAuthenticator;
pub use development::DevelopmentAuthenticator;
pub use jwt::JwtAuthenticator;
pub use own::{LiveResources, OwnTokenAuthenticator, OwnTokenParts, token_id_of, workspace_of};
pub use ports::{ApiTokenFound, ApiTokens, GrantRefusal, GrantStatus, GrantStatusSource, OwnKeys};
pub use static_tokens::StaticTokens;
pub use subject::{Subject, SubjectClaim};
