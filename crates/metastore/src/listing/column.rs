//! The columns of a table, as lists use them.

use std::marker::PhantomData;

use sea_query::{Expr, ExprTrait, NullOrdering, Order, SelectStatement};
use tidegate_database::{Backend, CellKind};

use super::Direction;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// A whole number.
    Integer,
    /// Text.
    Text,
    /// Long text, of which only equality and presence are asked.
    LongText,
    /// True or false.
    Flag,
    /// A time, UTC.
    Time,
    /// A UUID.
    Uuid,
    /// JSON in a column of its own.
    Json,
}

impl ColumnKind {
    /// What the database is asked for.
    pub(super) const fn cell(self) -> CellKind {
        match self {
            Self::Integer => CellKind::Integer,
            Self::Text | Self::LongText | Self::Json => CellKind::Text,
            Self::Flag => CellKind::Flag,
            Self::Time => CellKind::Time,
            Self::Uuid => CellKind::Uuid,
        }
    }
}

/// What lists use a column for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// It is shown when no columns are asked for.
    List,
    /// It is offered for ordering.
    Sort,
    /// A search looks into it.
    Search,
    /// The list tool filters by it.
    Filter,
}

/// A column of the table that `T` describes. All are constants of this crate, so that no name from outside ever reaches SQL.
#[derive(Debug)]
pub struct Column<T> {
    /// The column's name in its table and in answers.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// What it is, for people; empty where its name says it.
    pub about: &'static str,
    /// The operators that `get_schema` names for it, where they are not those of its kind.
    pub operators: Option<&'static [&'static str]>,
    /// Whether its text is JSON, which answers show as such.
    pub is_json: bool,
    /// Whether answers show it at all.
    pub is_shown: bool,
    /// Whether answers show an empty text where it is null, as Superset's do.
    pub is_empty_for_null: bool,
    /// The table that it is in: `T`'s own, or one that is joined.
    table: &'static str,
    /// Whether nulls have to be ordered.
    has_nulls: bool,
    /// Its place among the columns of each use.
    places: [Option<u8>; 4],
    of: PhantomData<fn() -> T>,
}

impl<T> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What a line of `table!` may say of a column.
impl<T> Column<T> {
    pub(crate) const fn new(
        table: &'static str,
        name: &'static str,
        kind: ColumnKind,
        is_nullable: bool,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            about,
            operators: None,
            is_json: false,
            is_shown: true,
            is_empty_for_null: false,
            table,
            has_nulls: is_nullable,
            places: [None; 4],
            of: PhantomData,
        }
    }

    const fn used(mut self, usage: Usage, place: u8) -> Self {
        self.places[usage as usize] = Some(place);
        self
    }

    /// It is shown by default, at this place.
    pub(crate) const fn list(self, place: u8) -> Self {
        self.used(Usage::List, place)
    }

    /// It is offered for ordering.
    pub(crate) const fn sort(self, place: u8) -> Self {
        self.used(Usage::Sort, place)
    }

    /// A search looks into it.
    pub(crate) const fn search(self, place: u8) -> Self {
        self.used(Usage::Search, place)
    }

    /// The list tool filters by it.
    pub(crate) const fn filter(self, place: u8) -> Self {
        self.used(Usage::Filter, place)
    }

    /// It understands these operators only.
    pub(crate) const fn operators(mut self, operators: &'static [&'static str]) -> Self {
        self.operators = Some(operators);
        self
    }

    /// It is in a table that the entity joins.
    pub(crate) const fn of(mut self, table: &'static str) -> Self {
        self.table = table;
        self
    }

    /// Superset fills it in every row, though it may be null.
    pub(crate) const fn filled(mut self) -> Self {
        self.has_nulls = false;
        self
    }

    /// Its text is JSON.
    pub(crate) const fn json(mut self) -> Self {
        self.is_json = true;
        self
    }

    /// Answers never show it.
    pub(crate) const fn hidden(mut self) -> Self {
        self.is_shown = false;
        self
    }

    /// Answers show an empty text where it is null.
    pub(crate) const fn empty_for_null(mut self) -> Self {
        self.is_empty_for_null = true;
        self
    }
}

impl<T> Column<T> {
    /// Its place among the columns of a use; columns of the same place follow each other as in the table. `None`: it is not
    /// used so.
    pub fn place(&self, usage: Usage) -> Option<u8> {
        self.places[usage as usize]
    }

    /// The column in SQL.
    pub(super) fn in_sql(&self) -> (&'static str, &'static str) {
        (self.table, self.name)
    }

    /// Table and column, for errors.
    pub(super) fn stored_as(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    /// Adds it to what a statement reads.
    pub(crate) fn select(&self, statement: &mut SelectStatement, backend: Backend) {
        let column = Expr::col(self.in_sql());
        match (self.kind, backend) {
            // As text, so that both backends give the document as it was written.
            (ColumnKind::Json, Backend::Postgres) => {
                statement.expr_as(column.cast_as("text"), self.name)
            }
            _ => statement.expr(column),
        };
    }

    /// Orders a statement by it: nulls come last, or first where it runs downwards.
    pub(super) fn order(&self, statement: &mut SelectStatement, direction: Direction) {
        let (order, nulls) = match direction {
            Direction::Ascending => (Order::Asc, NullOrdering::Last),
            Direction::Descending => (Order::Desc, NullOrdering::First),
        };
        if self.has_nulls {
            statement.order_by_with_nulls(self.in_sql(), order, nulls);
        } else {
            statement.order_by(self.in_sql(), order);
        }
    }
}
