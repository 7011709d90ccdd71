//! From what a client sent to typed arguments, or to a list of everything that is wrong with it.
//!
//! The published input schema is the one source: it is compiled once per tool into a tree of
//! `compile::Node`, and that tree checks, coerces and words the mistakes. Four steps a call: read what came (`call`),
//! find the object that holds the arguments (`layout`), check it (`check`), hand it to serde (`accepted`).

mod accepted;
mod call;
mod check;
mod compile;
mod layout;
mod nearest;
mod no_arguments;
mod object;
mod publish;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod wording;

pub use accepted::Accepted;
pub use call::CallArguments;
pub use compile::UnsupportedSchema;
pub use layout::ArgumentLayout;
pub use no_arguments::NoArguments;
pub use schema::ArgumentSchema;

pub(crate) use nearest::nearest;
