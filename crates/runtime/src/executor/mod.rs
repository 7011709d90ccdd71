//! Running tools: a fixed pool of [`ToolExecutor`]s with admission control.

mod actor;
mod job;
mod pool;
mod threads;

pub(crate) use job::{Job, Patience};
pub(crate) use pool::{ExecutorPool, PoolSettings};
