//! What the four list tools, the four info tools and `get_schema` share: which columns there are, how
//! arguments become a query, how rows become answers.

mod ago;
mod answer;
mod arguments;
mod identifier;
mod run;
mod subject;

pub(crate) use ago::{humanized, iso};
pub(crate) use answer::{ListAnswer, OwnerInfo, TagInfo, owners, tags};
pub(crate) use arguments::{
    AscendingFirst, DescendingFirst, FilterColumn, FilterTarget, ListArguments,
};
pub(crate) use identifier::{Identifier, Key, not_found};
pub(crate) use run::{certification, chart_summary, json_of, list, metastore_failure};
pub(crate) use subject::{Computed, Kind, Part, Subject, operators_of, type_name};
