//! The authorization server on a real manager (SQLite or PostgreSQL) and a real store (memory or Redis).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod bench;
mod signed;

mod api_tokens;
mod authorize;
mod cluster;
mod codes;
mod consent;
mod devices;
mod documents;
mod id_jag;
mod keys;
mod machines;
mod metadata;
mod private_key_jwt;
mod refresh;
mod refusals;
mod registration;
mod revocation;
mod secrecy;
mod standing;
