//! From the filters of a call to those of a query.

use tidegate_metastore::{Column, ColumnKind, Filter, ListQuery, Scalar};

use super::arguments::ListFilter;
use super::comparison::filter;
use super::filter_column::FilterColumn;
use super::listed::{FilterTarget, Listed, OtherTarget};
use super::quoted;
use crate::ArgumentProblem;

/// Names, titles and descriptions are found by less; SQLite refuses patterns of more than 50,000 bytes.
pub(super) const MOST_SOUGHT_BYTES: usize = 2_000;

/// Said of what has more.
pub(super) const TOO_LONG: &str = "has more than 2000 bytes, which nothing here has in its name";

/// Adds the filters of a call to a query; gives what is wrong with them.
pub(super) fn add<E: Listed>(
    query: &mut ListQuery<E>,
    filters: Vec<ListFilter<FilterColumn<E>>>,
) -> Vec<ArgumentProblem> {
    let mut problems = Vec::new();
    for (index, asked) in filters.into_iter().enumerate() {
        let added = match filter(asked.opr, asked.value) {
            Ok(filter) if is_too_long(&filter) => Err(("value", TOO_LONG.to_owned())),
            Ok(filter) => match asked.col.target {
                FilterTarget::Column(column) => by_column(query, column, filter),
                FilterTarget::Other(OtherTarget::Owner) => by_owner(query, filter),
                FilterTarget::Other(OtherTarget::Favorite) => by_favorite(query, &filter),
            },
            Err(message) => Err(("value", message)),
        };
        if let Err((member, message)) = added {
            problems.push(ArgumentProblem {
                path: format!("request.filters[{index}].{member}"),
                message,
            });
        }
    }
    problems
}

/// What is wrong: the member of the filter, and how.
type Problem = (&'static str, String);

fn by_column<E: Listed>(
    query: &mut ListQuery<E>,
    column: &'static Column<E>,
    filter: Filter,
) -> Result<(), Problem> {
    if let Some(value) = misfit(column, &filter) {
        let (kind, name) = (kind_name(column.kind), column.name);
        return Err(("value", format!("{value} is no {kind} as {name} holds")));
    }
    query.filters.push((column, filter));
    Ok(())
}

fn by_owner<E>(query: &mut ListQuery<E>, filter: Filter) -> Result<(), Problem> {
    let scalars = match filter {
        Filter::Equal(scalar) => vec![scalar],
        Filter::In(scalars) => scalars,
        _ => {
            let message = "owner takes eq or in, with ids of users";
            return Err(("opr", message.to_owned()));
        }
    };
    let ids: Option<Vec<i64>> = scalars.iter().map(whole).collect();
    let Some(ids) = ids else {
        let message = "is not the id of a user, a whole number";
        return Err(("value", message.to_owned()));
    };
    query.owned_by = Some(match query.owned_by.take() {
        None => ids,
        // Two filters must both hold; one owner may satisfy each.
        Some(earlier) => earlier.into_iter().filter(|id| ids.contains(id)).collect(),
    });
    Ok(())
}

fn by_favorite<E>(query: &mut ListQuery<E>, filter: &Filter) -> Result<(), Problem> {
    query.favorite = Some(match filter {
        Filter::Equal(Scalar::Flag(flag)) => *flag,
        Filter::Equal(Scalar::Integer(number @ (0 | 1))) => *number == 1,
        Filter::Equal(Scalar::Text(text)) if matches!(text.as_str(), "true" | "false") => {
            text == "true"
        }
        _ => {
            let message = "favorite takes eq with true or false";
            return Err(("value", message.to_owned()));
        }
    });
    Ok(())
}

fn whole(scalar: &Scalar) -> Option<i64> {
    match scalar {
        Scalar::Integer(number) => Some(*number),
        Scalar::Text(text) => text.trim().parse().ok(),
        Scalar::Number(_) | Scalar::Flag(_) => None,
    }
}

fn kind_name(kind: ColumnKind) -> &'static str {
    use ColumnKind::{Flag, Integer, Json, LongText, Text, Time, Uuid};
    match kind {
        Integer => "whole number",
        Text | LongText | Json => "text",
        Flag => "true or false",
        Time => "time (ISO 8601)",
        Uuid => "UUID",
    }
}

/// A text of the filter that is too long to be looked for.
fn is_too_long(filter: &Filter) -> bool {
    let is_long = |text: &String| text.len() > MOST_SOUGHT_BYTES;
    match filter {
        Filter::StartsWith(text)
        | Filter::EndsWith(text)
        | Filter::Like(text)
        | Filter::LikeAnyCase(text) => is_long(text),
        _ => scalars(filter)
            .iter()
            .any(|scalar| matches!(scalar, Scalar::Text(text) if is_long(text))),
    }
}

/// The values that a filter compares with; none where it looks for a pattern or for nothing.
fn scalars(filter: &Filter) -> &[Scalar] {
    match filter {
        Filter::Equal(scalar)
        | Filter::NotEqual(scalar)
        | Filter::Greater(scalar)
        | Filter::GreaterOrEqual(scalar)
        | Filter::Less(scalar)
        | Filter::LessOrEqual(scalar) => std::slice::from_ref(scalar),
        Filter::In(scalars) | Filter::NotIn(scalars) => scalars,
        Filter::StartsWith(_)
        | Filter::EndsWith(_)
        | Filter::Like(_)
        | Filter::LikeAnyCase(_)
        | Filter::IsNull
        | Filter::IsNotNull => &[],
    }
}

/// A value of the filter that the column cannot hold.
fn misfit<E>(column: &Column<E>, filter: &Filter) -> Option<String> {
    let one = |scalar: &Scalar| {
        (!column.can_hold(scalar)).then(|| match scalar {
            Scalar::Text(text) => quoted(text),
            Scalar::Integer(number) => number.to_string(),
            Scalar::Number(number) => number.to_string(),
            Scalar::Flag(flag) => flag.to_string(),
        })
    };
    scalars(filter).iter().find_map(one)
}
