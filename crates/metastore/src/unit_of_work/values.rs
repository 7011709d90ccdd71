use std::marker::PhantomData;

use sea_query::{Nullable, Value};

use crate::table::Field;

/// What a row's columns are set to. A column that is not named keeps what it holds, or gets the table's default.
#[derive(Debug, Clone)]
pub struct Values<E> {
    columns: Vec<(&'static str, Value)>,
    of: PhantomData<fn() -> E>,
}

impl<E> Default for Values<E> {
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            of: PhantomData,
        }
    }
}

impl<E> Values<E> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a column, instead of what was set before.
    #[must_use]
    pub fn set<V: Into<Value>>(self, field: Field<E, V>, value: impl Into<V>) -> Self {
        self.put(field.column().name, value.into().into())
    }

    /// Sets a column to null. Whether it may be null is the database's to say.
    #[must_use]
    pub fn set_null<V: Nullable>(self, field: Field<E, V>) -> Self {
        self.put(field.column().name, V::null())
    }

    /// Sets a column that is not set yet.
    pub(crate) fn or_set<V: Into<Value>>(self, field: Field<E, V>, value: V) -> Self {
        if self.has(field) {
            self
        } else {
            self.set(field, value)
        }
    }

    pub(super) fn has<V>(&self, field: Field<E, V>) -> bool {
        let name = field.column().name;
        self.columns.iter().any(|(column, _)| *column == name)
    }

    pub(super) fn into_columns(self) -> Vec<(&'static str, Value)> {
        self.columns
    }

    fn put(mut self, name: &'static str, value: Value) -> Self {
        match self.columns.iter_mut().find(|(column, _)| *column == name) {
            Some((_, old)) => *old = value,
            None => self.columns.push((name, value)),
        }
        self
    }
}
