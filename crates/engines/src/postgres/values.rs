use serde_json::{Number, Value};
use tokio_postgres::types::{Kind, Type};

use super::array::{self, Element};
use super::zone;
use crate::number;
use crate::row::RowBudget;

/// How the text of a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Integer,
    /// `real`: as few digits as tell it apart, so it is read as it is written.
    Float,
    Numeric,
    Bool,
    Timestamp,
    TimestampWithZone,
    Array(Element),
    Text,
}

impl Reading {
    pub(super) fn of(kind: &Type) -> Self {
        if let Kind::Domain(base) = kind.kind() {
            return Self::of(base);
        }
        if let Kind::Array(member) = kind.kind() {
            return match Self::of(member) {
                Self::Integer | Self::Float | Self::Numeric => Self::Array(Element::Number),
                Self::Bool => Self::Array(Element::Bool),
                // Boxes are separated by semicolons, and have commas in them.
                _ if *member == Type::BOX => Self::Text,
                _ => Self::Array(Element::Text),
            };
        }
        match *kind {
            Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => Self::Integer,
            Type::FLOAT4 | Type::FLOAT8 => Self::Float,
            Type::NUMERIC => Self::Numeric,
            Type::BOOL => Self::Bool,
            Type::TIMESTAMP => Self::Timestamp,
            Type::TIMESTAMPTZ => Self::TimestampWithZone,
            _ => Self::Text,
        }
    }

    /// What pandas calls a column of this kind, and `decimal` where it would lose digits. `zone` is the session's,
    /// `values` those of the column.
    pub(super) fn type_name<'v>(
        self,
        has_null: bool,
        zone: Option<&str>,
        values: impl Iterator<Item = &'v Value>,
    ) -> String {
        let name = match self {
            Self::Integer if !has_null => "int64",
            Self::Float => "float64",
            Self::Numeric => "decimal",
            Self::Bool if !has_null => "bool",
            Self::Timestamp => "datetime64[us]",
            Self::TimestampWithZone => {
                return zone::type_name(zone, values.filter_map(Value::as_str));
            }
            _ => "object",
        };
        name.to_owned()
    }

    /// The value as JSON, within the row's budget.
    pub(super) fn json(self, text: Option<&str>, row: &mut RowBudget) -> Value {
        let Some(text) = text else {
            return row.value(Value::Null, 4);
        };
        let value = match self {
            Self::Integer => text.parse::<i64>().ok().map(Value::from),
            Self::Float => float(text),
            Self::Numeric => number::exact(text).map(Value::Number),
            Self::Bool => Some((text == "t").into()),
            Self::TimestampWithZone => return row.text(&zone::moment(text)),
            Self::Array(element) => {
                return match array::to_json(text, element) {
                    Some(json) => row.text(&json),
                    None => row.text(text),
                };
            }
            Self::Timestamp | Self::Text => None,
        };
        match value {
            Some(value) => row.value(value, text.len()),
            None => row.text(text),
        }
    }
}

/// NaN and the infinities have no number in JSON: they are texts.
fn float(text: &str) -> Option<Value> {
    let number = text.parse().ok().and_then(Number::from_f64)?;
    Some(Value::Number(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(kind: &Type, text: Option<&str>) -> Value {
        Reading::of(kind).json(text, &mut RowBudget::new(10_000, 1, 0))
    }

    #[test]
    fn text_is_read_by_the_type_of_its_column() {
        for (kind, text, expected) in [
            (
                Type::INT8,
                "-9007199254740993",
                json!(-9_007_199_254_740_993_i64),
            ),
            (Type::FLOAT4, "41.49", json!(41.49)),
            (Type::FLOAT8, "NaN", json!("NaN")),
            (Type::FLOAT8, "-Infinity", json!("-Infinity")),
            (Type::FLOAT4, "Infinity", json!("Infinity")),
            (Type::FLOAT8, "1e+300", json!(1e300)),
            (Type::NUMERIC, "1122.32", json!(1122.32)),
            (Type::NUMERIC, "NaN", json!("NaN")),
            (Type::NUMERIC, "9007199254740993", json!("9007199254740993")),
            (Type::BOOL, "t", json!(true)),
            (
                Type::TIMESTAMP,
                "2003-01-06 00:00:00",
                json!("2003-01-06 00:00:00"),
            ),
            (
                Type::TIMESTAMPTZ,
                "2003-01-06 01:02:03.5+00",
                json!("2003-01-06 01:02:03.5+00:00"),
            ),
            (Type::TIMESTAMPTZ, "infinity", json!("infinity")),
            (
                Type::UUID,
                "0e37df36-f698-11e6-8dd4-cb9ced3df976",
                json!("0e37df36-f698-11e6-8dd4-cb9ced3df976"),
            ),
            (Type::INT4_ARRAY, "{1,NULL}", json!("[1, null]")),
            (
                Type::NUMERIC_ARRAY,
                "{9007199254740993.10,NaN}",
                json!("[9007199254740993.10, \"NaN\"]"),
            ),
            (
                Type::BOX_ARRAY,
                "{(1,1),(0,0);(2,2),(1,1)}",
                json!("{(1,1),(0,0);(2,2),(1,1)}"),
            ),
            (Type::INTERVAL, "1 day 02:00:00", json!("1 day 02:00:00")),
        ] {
            assert_eq!(expected, read(&kind, Some(text)), "{kind} {text}");
        }
        assert_eq!(json!(null), read(&Type::INT4, None));
    }

    #[test]
    fn columns_are_called_as_in_pandas_but_for_exact_numbers() {
        let name = |reading: Reading, has_null| {
            reading.type_name(has_null, Some("UTC"), std::iter::empty())
        };
        assert_eq!("int64", name(Reading::Integer, false));
        assert_eq!("object", name(Reading::Integer, true));
        assert_eq!("float64", name(Reading::Float, true));
        assert_eq!("decimal", name(Reading::Numeric, true));
        assert_eq!(
            "datetime64[us, UTC]",
            name(Reading::TimestampWithZone, false)
        );
    }
}
