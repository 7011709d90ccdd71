//! The tools and the layer, called as a client calls them.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod alone;
mod harness;
mod nodes;
