//! The behaviour that every adapter must have.
