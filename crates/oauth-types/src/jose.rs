//! JSON Web Signatures and Keys (RFC 7515, 7517, 7518) as every token that is checked here needs them, whoever
//! signed it: a strict reading around jsonwebtoken, which does the cryptography.
//!
//! The compact form only; no member of the JSON twice; nothing critical in the header (`crit`, `b64`); keys that a
//! token brings or points to (`jwk`, `jku`, `x5c`, `x5u`) are never used; an algorithm that the caller allows, and
//! that the key is for. `none` does not exist, and shared secrets only where the caller makes a key of one.

mod algorithm;
mod compact;
mod jwk;
mod key;
mod strict_json;

pub(crate) use algorithm::{ASSERTION_ALGORITHMS, OWN_ALGORITHMS};
pub use algorithm::{Algorithm, PROVIDER_ALGORITHMS, UnknownAlgorithm};
pub use compact::{Compact, CompactProblem};
pub use jwk::{JwkSet, NoKey};
pub use key::{UnusablePem, VerificationKey};
pub(crate) use strict_json::from_strict_json;
