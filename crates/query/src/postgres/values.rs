use serde_json::{Number, Value};
use tokio_postgres::types::{Kind, Type};

use super::array::{self, Element};

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
            return Self::Array(match Self::of(member) {
                Self::Integer | Self::Float | Self::Numeric => Element::Number,
                Self::Bool => Element::Bool,
                _ => Element::Text,
            });
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

    /// What pandas calls a column of this kind.
    pub(super) fn type_name(self, has_null: bool) -> &'static str {
        match self {
            Self::Integer if !has_null => "int64",
            Self::Float => "float64",
            Self::Bool if !has_null => "bool",
            Self::Timestamp => "datetime64[us]",
            Self::TimestampWithZone => "datetime64[us, UTC]",
            _ => "object",
        }
    }

    /// The value as JSON, and about how many bytes it takes.
    pub(super) fn json(self, text: Option<&str>) -> (Value, usize) {
        let Some(text) = text else {
            return (Value::Null, 4);
        };
        let value = match self {
            Self::Integer => text.parse::<i64>().ok().map(Value::from),
            // Infinity and NaN have no number in JSON.
            Self::Float | Self::Numeric => Some(
                text.parse::<f64>()
                    .ok()
                    .and_then(Number::from_f64)
                    .map_or(Value::Null, Value::Number),
            ),
            Self::Bool => Some((text == "t").into()),
            Self::TimestampWithZone => Some(full_offset(text).into()),
            Self::Array(element) => array::to_json(text, element).map(Value::from),
            Self::Timestamp | Self::Text => None,
        };
        let value = value.unwrap_or_else(|| text.into());
        (value, text.len() + 3)
    }
}

/// `+00` becomes `+00:00`.
fn full_offset(text: &str) -> String {
    let has_short_offset = text.len() > 3 && matches!(text.as_bytes()[text.len() - 3], b'+' | b'-');
    if has_short_offset && text.contains(':') {
        format!("{text}:00")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_read_by_the_type_of_its_column() {
        for (kind, text, expected) in [
            (
                Type::INT8,
                "-9007199254740993",
                json!(-9_007_199_254_740_993_i64),
            ),
            (Type::FLOAT4, "41.49", json!(41.49)),
            (Type::FLOAT8, "NaN", json!(null)),
            (Type::NUMERIC, "1122.32", json!(1122.32)),
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
            (
                Type::TIMESTAMPTZ,
                "2003-01-06 01:02:03+05:30",
                json!("2003-01-06 01:02:03+05:30"),
            ),
            (Type::TIMESTAMPTZ, "infinity", json!("infinity")),
            (
                Type::UUID,
                "0e37df36-f698-11e6-8dd4-cb9ced3df976",
                json!("0e37df36-f698-11e6-8dd4-cb9ced3df976"),
            ),
            (Type::INT4_ARRAY, "{1,NULL}", json!("[1, null]")),
            (Type::INTERVAL, "1 day 02:00:00", json!("1 day 02:00:00")),
        ] {
            assert_eq!(
                expected,
                Reading::of(&kind).json(Some(text)).0,
                "{kind} {text}"
            );
        }
        assert_eq!(json!(null), Reading::Integer.json(None).0);
    }

    #[test]
    fn whole_numbers_with_nulls_are_objects_as_in_pandas() {
        assert_eq!("int64", Reading::Integer.type_name(false));
        assert_eq!("object", Reading::Integer.type_name(true));
        assert_eq!("float64", Reading::Float.type_name(true));
    }
}
