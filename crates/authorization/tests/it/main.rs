//! The authorization server on a real manager (SQLite or PostgreSQL) and a real store (memory or Redis).

mod bench;

mod authorize;
mod codes;
mod consent;
mod refresh;
mod registration;
mod standing;
