//! JSON Web Signatures and Keys (RFC 7515, 7517, 7518), as much as tokens here need and no more: compact form,
//! public keys of four kinds, one algorithm to a key. `none` and shared secrets do not exist.

mod algorithm;
mod compact;
mod jwk;
mod strict_json;

pub(crate) use algorithm::{ASSERTION_ALGORITHMS, OWN_ALGORITHMS};
pub use algorithm::{Algorithm, UnknownAlgorithm};
pub(crate) use compact::{Compact, CompactProblem};
pub use jwk::JwkSet;
pub(crate) use jwk::PublicKey;
pub(crate) use strict_json::from_strict_json;
