//! What the HTTP edge lets in, how it answers what it does not, and what it does to those who are slow.

mod admission;
mod cors;
mod limits;
mod paths;
mod slow;
mod streams;
pub(crate) mod wire;
