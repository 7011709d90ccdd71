//! What is written down of a call, and counted.

mod audit;
mod statsd;
