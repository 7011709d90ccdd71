//! What the four list tools, the four info tools and `get_schema` share: which columns there are, how
//! arguments become a query, how rows become answers.

mod ago;
mod answer;
mod arguments;
mod changes;
mod columns;
mod filters;
mod identifier;
mod listed;
mod run;

pub(crate) use answer::{Field, ListAnswer, OwnerInfo, TagInfo, owners, tags};
pub(crate) use arguments::{AscendingFirst, DescendingFirst, ListArguments};
pub(crate) use changes::Changes;
pub(crate) use filters::FilterColumn;
pub(crate) use identifier::{Identifier, Key, not_found};
pub(crate) use listed::{
    Computed, Description, Listed, OtherFilter, OtherTarget, Reads, Row, Shown, operators_of,
    type_name,
};
pub(crate) use run::{json_of, list};

/// A name that came from outside, shortened and in quotes.
fn quoted(name: &str) -> String {
    format!("{:?}", name.chars().take(80).collect::<String>())
}
