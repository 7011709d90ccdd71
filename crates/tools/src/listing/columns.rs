//! From the names of columns that a call gives to what is read and shown.

use std::collections::BTreeSet;

use tidegate_metastore::{Column, Direction, ListQuery};

use super::listed::{Listed, Reads, Shown};
use super::quoted;
use crate::arguments::nearest;

/// Of what was passed over.
const MOST_WARNINGS: usize = 20;

/// The column of links.
pub(super) const URL: &str = "url";

/// What to order by. As in Superset a column that is unknown is passed over, and the direction with it; here
/// with a warning.
pub(super) fn order<E: Listed>(
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

fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known)
        .map(|near| format!("; did you mean {near:?}?"))
        .unwrap_or_default()
}

/// What is asked for and known, once each. Unknown names are told in a warning: Superset passes them over
/// without a word, and its answers are what callers expect.
pub(super) fn shown<E: Listed>(requested: &[String], warnings: &mut Vec<String>) -> Vec<Shown<E>> {
    let description = E::description();
    let mut shown = Vec::new();
    let mut seen = BTreeSet::new();
    for name in requested {
        if !seen.insert(name) {
            continue;
        }
        let is_default = || E::BY_DEFAULT_TOO.iter().any(|(_, known)| known == name);
        match description.find(name) {
            Some(found) => shown.push(found),
            None if is_default() => {}
            // More help nobody.
            None if warnings.len() >= MOST_WARNINGS => {}
            None => warnings.push(format!(
                "select_columns: {} is no column of {}{}; columns_available lists them",
                quoted(name),
                E::PLURAL,
                hint(name, description.available.iter().copied())
            )),
        }
    }
    shown
}

/// The columns that were read: those asked for, and those that others are made from.
pub(super) fn loaded<E: Listed>(requested: &[String], shown: &[Shown<E>]) -> Vec<String> {
    let mut loaded = requested.to_vec();
    for shown in shown {
        if let Shown::Computed(computed) = shown
            && computed.tells_needs
        {
            for column in computed.needs {
                if !loaded.iter().any(|known| known == column.name) {
                    loaded.push(column.name.to_owned());
                }
            }
        }
    }
    loaded
}

/// Says what to read for what is shown.
pub(super) fn select<E: Listed>(query: &mut ListQuery<E>, shown: &[Shown<E>]) {
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

/// The names of what needs more than the page.
pub(super) fn beside<E: Listed>(shown: &[Shown<E>]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for shown in shown {
        if let Shown::Computed(computed) = shown
            && computed.reads == Reads::Beside
        {
            names.push(computed.name);
        }
    }
    names
}
