//! What breaks costs only what it must.

mod changes;
mod clients;
mod control;
mod crowd;
mod metastores;
mod redis;
mod tools;
