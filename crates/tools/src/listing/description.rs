//! A kind of thing as lists use it, put together once.

use std::fmt;

use tidegate_metastore::{Column, Usage};

use super::computed::Computed;
use super::kind::operators_of;
use super::listed::{FilterTarget, Listed};

/// Something that an answer can show.
#[derive(Clone)]
pub(crate) enum Shown<E: Listed> {
    Column(&'static Column<E>),
    Computed(&'static Computed<E>),
}

impl<E: Listed> Copy for Shown<E> {}

impl<E: Listed> Shown<E> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Column(column) => column.name,
            Self::Computed(computed) => computed.name,
        }
    }

    /// Its place among what is shown by default.
    fn place(self) -> Option<u8> {
        match self {
            Self::Column(column) => column.place(Usage::List),
            Self::Computed(computed) => computed.place,
        }
    }
}

/// A kind of thing as lists use it.
pub(crate) struct Description<E: Listed> {
    /// Everything that `select_columns` may name, in Superset's order.
    pub(crate) shown: Vec<Shown<E>>,
    /// The names of these.
    pub(crate) available: Vec<&'static str>,
    /// What a list gives when nothing is named.
    pub(crate) default_columns: Vec<&'static str>,
    /// The same as `get_schema` tells it.
    pub(crate) default_select: Vec<&'static str>,
    /// Columns that are offered for ordering.
    pub(crate) sortable: Vec<&'static str>,
    /// Columns that a search looks into.
    pub(crate) searched: Vec<&'static str>,
    /// What the list tool filters by.
    pub(crate) filters: Vec<(&'static str, FilterTarget<E>)>,
    /// The names of these.
    pub(crate) list_filters: Vec<&'static str>,
}

impl<E: Listed> fmt::Debug for Description<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(E::PLURAL)
    }
}

/// Names by their places.
fn ordered(named: impl Iterator<Item = (u8, &'static str)>) -> Vec<&'static str> {
    let mut named: Vec<_> = named.collect();
    named.sort_by_key(|(place, _)| *place);
    named.into_iter().map(|(_, name)| name).collect()
}

/// The columns of a use, by their places.
fn used<E: Listed>(usage: Usage) -> Vec<&'static Column<E>> {
    let mut columns: Vec<_> = E::COLUMNS
        .iter()
        .filter_map(|column| Some((column.place(usage)?, *column)))
        .collect();
    columns.sort_by_key(|(place, _)| *place);
    columns.into_iter().map(|(_, column)| column).collect()
}

fn names<E: Listed>(usage: Usage) -> Vec<&'static str> {
    used::<E>(usage).iter().map(|column| column.name).collect()
}

impl<E: Listed> Description<E> {
    pub(crate) fn new() -> Self {
        let columns = E::COLUMNS
            .iter()
            .filter(|column| column.is_shown)
            .map(|column| Shown::Column(column));
        let computed = E::COMPUTED.iter().map(Shown::Computed);
        let shown: Vec<Shown<E>> = columns.chain(computed).collect();
        let default = || {
            let placed = shown.iter().copied();
            placed.filter_map(|shown| Some((shown.place()?, shown.name())))
        };
        let columns = used::<E>(Usage::Filter);
        let columns = columns
            .into_iter()
            .map(|column| (column.name, FilterTarget::Column(column)));
        let others = E::OTHER_FILTERS
            .iter()
            .filter_map(|filter| Some((filter.name, FilterTarget::Other(filter.of?))));
        let filters: Vec<_> = columns.chain(others).collect();
        Self {
            available: shown.iter().map(|shown| shown.name()).collect(),
            default_columns: ordered(default().chain(E::BY_DEFAULT_TOO.iter().copied())),
            default_select: ordered(default()),
            sortable: names::<E>(Usage::Sort),
            searched: names::<E>(Usage::Search),
            list_filters: filters.iter().map(|(name, _)| *name).collect(),
            filters,
            shown,
        }
    }

    /// What has that name.
    pub(crate) fn find(&self, name: &str) -> Option<Shown<E>> {
        self.shown
            .iter()
            .copied()
            .find(|shown| shown.name() == name)
    }

    /// The column of that name, where answers show it.
    pub(crate) fn column(&self, name: &str) -> Option<&'static Column<E>> {
        match self.find(name) {
            Some(Shown::Column(column)) => Some(column),
            _ => None,
        }
    }

    /// Operators by column, in Superset's order: of columns, then of filters that are none.
    pub(crate) fn operators(&self) -> Vec<(&'static str, &'static [&'static str])> {
        let columns = self.shown.iter().filter_map(|shown| match shown {
            Shown::Column(column) => {
                let operators = column.operators;
                Some((column.name, operators.unwrap_or(operators_of(column.kind))))
            }
            Shown::Computed(_) => None,
        });
        let others = E::OTHER_FILTERS
            .iter()
            .map(|filter| (filter.name, filter.operators));
        columns.chain(others).collect()
    }
}
