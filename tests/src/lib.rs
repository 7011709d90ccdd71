//! What the server of the tests offers besides the fixtures.

pub mod trouble;
