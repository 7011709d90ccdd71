use std::collections::BTreeMap;

use tidegate_database::{Cell, FromCell, NamedRow, Row};

use super::Column;
use crate::table::{Field, Table};
use crate::{MetastoreError, Person, Tag};

/// What hangs on the listed rows, by the row's id; filled only as far as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct Related {
    /// Owners, in the order in which they were added.
    pub owners: BTreeMap<i64, Vec<Person>>,
    /// Tags, by id.
    pub tags: BTreeMap<i64, Vec<Tag>>,
    /// Users who created or changed rows, by the user's id.
    pub people: BTreeMap<i64, Person>,
}

/// A listed row: its id and the selected columns.
#[derive(Debug, Clone)]
pub struct Record<T: 'static> {
    id: i64,
    cells: Vec<(&'static Column<T>, Cell)>,
}

impl<T: Table> Record<T> {
    /// Reads a row by the names of its columns.
    pub(super) fn read(row: &Row, columns: &[&'static Column<T>]) -> Result<Self, MetastoreError> {
        let named: &dyn NamedRow = row;
        let id = T::ID.column();
        let cells = columns.iter().map(|column| {
            let cell = named.cell(column.name, column.kind.cell());
            Ok((
                *column,
                cell.map_err(|err| err.in_column(&column.stored_as()))?,
            ))
        });
        Ok(Self {
            id: named.get(id.name, &id.stored_as())?,
            cells: cells.collect::<Result<_, MetastoreError>>()?,
        })
    }
}

impl<T> Record<T> {
    /// `id`.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The value of a column; `None` when it is null or was not selected.
    pub fn get<V: FromCell>(&self, field: Field<T, V>) -> Option<&V> {
        self.cell(field.column()).and_then(V::of)
    }

    /// The value of a column, whatever it is; `None` when it was not selected.
    pub fn cell(&self, column: &Column<T>) -> Option<&Cell> {
        let mut cells = self.cells.iter();
        cells.find_map(|(known, cell)| (*known == column).then_some(cell))
    }
}
