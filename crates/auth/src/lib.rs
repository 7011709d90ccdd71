#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod authenticator;
mod claims;
mod development;
mod jwks;
mod jwt;
mod keys;
mod ports;
mod token_cache;

pub use authenticator::{
    AuthFailure, Authenticator, SetupError, TokenKind, VerifiedToken, from_settings,
};
pub use development::DevelopmentAuthenticator;
pub use jwt::JwtAuthenticator;
pub use ports::{ApiTokenFound, ApiTokens, NoStanding, OwnKeys, Standing, StandingSource};
