//! What breaks costs only what it must.

mod changes;
mod clients;
mod control;
mod crowd;
mod fairness;
mod metastores;
mod redis;
mod tools;
