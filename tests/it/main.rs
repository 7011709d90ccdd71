//! Tests of whole nodes: real processes on real Redis and PostgreSQL.

mod cluster;
mod edge;
mod faults;
mod harness;
