//! What breaks costs only what it must.

mod clients;
mod control;
mod crowd;
mod redis;
mod tools;
