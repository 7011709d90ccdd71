//! Prompts: beginnings of a conversation that a person picks.

mod quickstart;

pub(crate) use quickstart::Quickstart;
