//! What the four list tools, the four info tools and `get_schema` share: which columns there are, how
//! arguments become a query, how rows become answers.

mod ago;
mod answer;
mod arguments;
mod changes;
mod columns;
mod comparison;
mod computed;
mod description;
mod field;
mod filter_column;
mod filters;
mod identifier;
mod kind;
mod listed;
mod pagination;
mod query;
mod rows;
mod run;

pub(crate) use answer::ListAnswer;
pub(crate) use arguments::{AscendingFirst, DescendingFirst, ListArguments};
pub(crate) use changes::Changes;
pub(crate) use computed::{Computed, Reads, Row};
pub(crate) use description::{Description, Shown};
pub(crate) use field::{Field, OwnerInfo, TagInfo, json_of, owners, tags};
pub(crate) use filter_column::FilterColumn;
pub(crate) use identifier::{Identifier, Key, not_found};
pub(crate) use kind::{operators_of, type_name};
pub(crate) use listed::{Listed, OtherFilter, OtherTarget};
pub(crate) use run::list;

use crate::arguments::nearest;

/// A name that came from outside, shortened and in quotes.
fn quoted(name: &str) -> String {
    format!("{:?}", name.chars().take(80).collect::<String>())
}

/// What a name that nothing has surely meant, as a clause.
fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known)
        .map(|near| format!("; did you mean {near:?}?"))
        .unwrap_or_default()
}
