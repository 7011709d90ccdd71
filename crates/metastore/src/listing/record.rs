use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use uuid::Uuid;

use super::{Column, ColumnKind};
use crate::{MetastoreError, Person, Tag};
use tidegate_database::Row;

/// A value of a listed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Null.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A time, UTC.
    Time(NaiveDateTime),
    /// A UUID.
    Uuid(Uuid),
    /// JSON as text.
    Json(String),
}

impl Cell {
    pub(super) fn read(row: &Row, index: usize, kind: ColumnKind) -> Result<Self, MetastoreError> {
        Ok(match kind {
            ColumnKind::Integer => row.integer(index)?.map_or(Self::Null, Self::Integer),
            ColumnKind::Text | ColumnKind::LongText => {
                row.text(index)?.map_or(Self::Null, Self::Text)
            }
            ColumnKind::Flag => row.flag(index)?.map_or(Self::Null, Self::Flag),
            ColumnKind::Time => row.time(index)?.map_or(Self::Null, Self::Time),
            ColumnKind::Uuid => row.uuid(index)?.map_or(Self::Null, Self::Uuid),
            ColumnKind::Json => row.text(index)?.map_or(Self::Null, Self::Json),
        })
    }
}

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

/// A listed row: the selected columns in the order of the selection.
#[derive(Debug, Clone)]
pub struct Record {
    pub(super) cells: Vec<(&'static Column, Cell)>,
}

impl Record {
    /// The value of a selected column.
    pub fn get(&self, name: &str) -> Option<&Cell> {
        self.cells
            .iter()
            .find(|(column, _)| column.name == name)
            .map(|(_, cell)| cell)
    }

    /// A whole number; `None` when it is null, not selected or something else.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Cell::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// Text; `None` when it is null, not selected or something else.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Cell::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A time; `None` when it is null, not selected or something else.
    pub fn time(&self, name: &str) -> Option<NaiveDateTime> {
        match self.get(name) {
            Some(Cell::Time(time)) => Some(*time),
            _ => None,
        }
    }

    /// True or false; `None` when it is null, not selected or something else.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(Cell::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// A UUID; `None` when it is null, not selected or something else.
    pub fn uuid(&self, name: &str) -> Option<Uuid> {
        match self.get(name) {
            Some(Cell::Uuid(uuid)) => Some(*uuid),
            _ => None,
        }
    }

    /// The selected columns and their values.
    pub fn cells(&self) -> impl Iterator<Item = (&'static Column, &Cell)> {
        self.cells.iter().map(|(column, cell)| (*column, cell))
    }
}
