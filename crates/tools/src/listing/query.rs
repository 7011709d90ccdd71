//! From what a call asks to what the metastore is asked.

use serde::Serialize;
use tidegate_metastore::{Column, Direction, ListQuery};

use super::arguments::ListArguments;
use super::columns::Columns;
use super::computed::Reads;
use super::description::Shown;
use super::filter_column::FilterColumn;
use super::filters::{self, MOST_SOUGHT_BYTES, TOO_LONG};
use super::listed::Listed;
use super::{hint, quoted};
use crate::{ArgumentProblem, ToolFailure};

/// The query that reads a call's page. What is passed over is told in a warning.
///
/// # Errors
/// `InvalidArguments`: what is wrong with search or filters.
pub(super) fn query<E: Listed, D: Default + Serialize + Into<Direction>>(
    arguments: ListArguments<FilterColumn<E>, D>,
    columns: &Columns<E>,
    warnings: &mut Vec<String>,
) -> Result<ListQuery<E>, ToolFailure> {
    let (by, direction) = order::<E>(
        arguments.order_column.as_deref(),
        arguments.order_direction.into(),
        warnings,
    );
    if arguments
        .search
        .as_ref()
        .is_some_and(|text| text.len() > MOST_SOUGHT_BYTES)
    {
        return Err(ToolFailure::InvalidArguments(vec![ArgumentProblem {
            path: "request.search".to_owned(),
            message: TOO_LONG.to_owned(),
        }]));
    }
    let mut query = ListQuery {
        search: arguments.search,
        offset: u64::from(arguments.page.saturating_sub(1)) * u64::from(arguments.page_size),
        limit: u64::from(arguments.page_size),
        ..ListQuery::new(by, direction)
    };
    select(&mut query, &columns.shown);
    let problems = filters::add(&mut query, arguments.filters);
    if !problems.is_empty() {
        return Err(ToolFailure::InvalidArguments(problems));
    }
    Ok(query)
}

/// What to order by. As in Superset a column that is unknown is passed over, and the direction with it; here
/// with a warning.
fn order<E: Listed>(
    asked: Option<&str>,
    direction: Direction,
    warnings: &mut Vec<String>,
) -> (&'static Column<E>, Direction) {
    let changed_on = E::CHANGED_ON.column();
    let Some(name) = asked.filter(|name| !name.is_empty()) else {
        return (changed_on, direction);
    };
    let description = E::description();
    if let Some(column) = description.column(name) {
        return (column, direction);
    }
    warnings.push(format!(
        "order_column: {} is no column that {} can be ordered by{}; ordered by changed_on instead. Use one of {}",
        quoted(name),
        E::PLURAL,
        hint(name, description.sortable.iter().copied()),
        description.sortable.join(", ")
    ));
    (changed_on, Direction::Ascending)
}

/// Says what to read for what is shown.
fn select<E: Listed>(query: &mut ListQuery<E>, shown: &[Shown<E>]) {
    for shown in shown {
        let columns = match shown {
            Shown::Column(column) => std::slice::from_ref(column),
            Shown::Computed(computed) => {
                match computed.reads {
                    Reads::Owners => query.owners = true,
                    Reads::Tags => query.tags = true,
                    Reads::People => query.people = true,
                    Reads::Columns | Reads::Beside => {}
                }
                computed.needs
            }
        };
        for column in columns {
            if !query.select.contains(column) {
                query.select.push(column);
            }
        }
    }
}
