use rusqlite::types::ValueRef;
use serde_json::{Number, Value};

use crate::row::RowBudget;

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

/// The value as JSON, within the row's budget.
pub(super) fn json(value: ValueRef<'_>, row: &mut RowBudget) -> Value {
    match value {
        ValueRef::Null => row.value(Value::Null, 4),
        ValueRef::Integer(number) => row.value(number.into(), 12),
        ValueRef::Real(number) => match Number::from_f64(number) {
            Some(number) => row.value(Value::Number(number), 18),
            // SQLite makes a null of what is not a number; the infinities have no number in JSON.
            None if number > 0.0 => row.text("Infinity"),
            None => row.text("-Infinity"),
        },
        // One byte more than fits, so that it is seen to be cut. It may be the first of a character.
        ValueRef::Text(bytes) => row.text(&text(beginning(bytes, row.share() + 1))),
        ValueRef::Blob(bytes) => {
            let bytes = beginning(bytes, row.share() / 2 + 1);
            row.text(&crate::result::hex(bytes))
        }
    }
}

fn beginning(bytes: &[u8], count: usize) -> &[u8] {
    &bytes[..bytes.len().min(count)]
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::CUT_MARK;
    use serde_json::json;

    fn read(value: ValueRef<'_>, limit: usize) -> Value {
        json(value, &mut RowBudget::new(limit, 1, 0))
    }

    #[test]
    fn infinities_are_texts_and_integers_keep_every_digit() {
        assert_eq!(json!("Infinity"), read(ValueRef::Real(f64::INFINITY), 100));
        assert_eq!(
            json!("-Infinity"),
            read(ValueRef::Real(f64::NEG_INFINITY), 100)
        );
        assert_eq!(json!(1.5), read(ValueRef::Real(1.5), 100));
        let integer = 9_007_199_254_740_993_i64;
        assert_eq!(json!(integer), read(ValueRef::Integer(integer), 100));
    }

    #[test]
    fn long_texts_and_blobs_are_cut() {
        for value in [
            ValueRef::Text("é".repeat(500).as_bytes()),
            ValueRef::Text("a".repeat(101).as_bytes()),
            ValueRef::Blob(&[7; 500]),
        ] {
            let json = read(value, 100);
            let text = json.as_str().unwrap();
            assert!(text.ends_with(CUT_MARK) && text.len() <= 100, "{text}");
        }
        let fits = "a".repeat(98);
        assert_eq!(json!(fits), read(ValueRef::Text(fits.as_bytes()), 100));
    }
}
