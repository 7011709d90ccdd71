use rusqlite::types::ValueRef;
use serde_json::{Number, Value};

/// What SQLite's dynamic types come to in a column, as pandas would call it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SeenTypes {
    has_null: bool,
    has_integer: bool,
    has_real: bool,
    has_other: bool,
}

impl SeenTypes {
    pub(super) fn note(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.has_null = true,
            ValueRef::Integer(_) => self.has_integer = true,
            ValueRef::Real(_) => self.has_real = true,
            ValueRef::Text(_) | ValueRef::Blob(_) => self.has_other = true,
        }
    }

    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self {
                has_other: true, ..
            } => "object",
            Self { has_real: true, .. } => "float64",
            Self {
                has_integer: true,
                has_null: false,
                ..
            } => "int64",
            _ => "object",
        }
    }
}

/// The value as JSON, and about how many bytes it takes.
pub(super) fn json(value: ValueRef<'_>) -> (Value, usize) {
    match value {
        ValueRef::Null => (Value::Null, 4),
        ValueRef::Integer(number) => (number.into(), 12),
        ValueRef::Real(number) => (
            Number::from_f64(number).map_or(Value::Null, Value::Number),
            18,
        ),
        ValueRef::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let size = text.len() + 2;
            (Value::String(text), size)
        }
        ValueRef::Blob(bytes) => {
            let text = crate::result::hex(bytes);
            let size = text.len() + 2;
            (Value::String(text), size)
        }
    }
}
