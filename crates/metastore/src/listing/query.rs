//! What a list is asked for.

use super::{Column, Filter};

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first, nulls last.
    Ascending,
    /// Largest first, nulls first.
    Descending,
}

/// What to list.
#[derive(Debug, Clone)]
pub struct ListQuery<E: 'static> {
    /// Columns to read; `id` is read anyway.
    pub select: Vec<&'static Column<E>>,
    /// Whether to read owners (dashboards, charts, datasets).
    pub owners: bool,
    /// Whether to read tags (dashboards, charts, datasets).
    pub tags: bool,
    /// Whether to read who created and changed the rows; needs `created_by_fk` or `changed_by_fk` selected.
    pub people: bool,
    /// All must hold.
    pub filters: Vec<(&'static Column<E>, Filter)>,
    /// Only rows that these users own, any of them.
    pub owned_by: Option<Vec<i64>>,
    /// Only rows that the user has marked (true) or has not (false).
    pub favorite: Option<bool>,
    /// Only rows with this text in one of the searched columns.
    pub search: Option<String>,
    /// The order; rows that are equal in it follow by id.
    pub order: (&'static Column<E>, Direction),
    /// Rows to pass over.
    pub offset: u64,
    /// Rows to give.
    pub limit: u64,
}

impl<E> ListQuery<E> {
    /// Everything that is there, by `order`.
    pub fn new(order: &'static Column<E>, direction: Direction) -> Self {
        Self {
            select: Vec::new(),
            owners: false,
            tags: false,
            people: false,
            filters: Vec::new(),
            owned_by: None,
            favorite: None,
            search: None,
            order: (order, direction),
            offset: 0,
            limit: 10,
        }
    }
}
