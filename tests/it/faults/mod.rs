//! What breaks costs only what it must.

mod clients;
mod crowd;
mod redis;
mod tools;
