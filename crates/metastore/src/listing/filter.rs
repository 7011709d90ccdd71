//! What rows are filtered by.

use chrono::NaiveDateTime;
use sea_query::{Expr, ExprTrait, Value};
use tidegate_database::Backend;
use uuid::Uuid;

use super::pattern::{Pattern, matches};
use super::{Column, ColumnKind};

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Text; read as a time or UUID where the column holds one.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// True or false.
    Flag(bool),
}

/// What a filter asks of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Equal.
    Equal(Scalar),
    /// Present and not equal.
    NotEqual(Scalar),
    /// Greater.
    Greater(Scalar),
    /// Greater or equal.
    GreaterOrEqual(Scalar),
    /// Less.
    Less(Scalar),
    /// Less or equal.
    LessOrEqual(Scalar),
    /// One of these.
    In(Vec<Scalar>),
    /// Present and none of these.
    NotIn(Vec<Scalar>),
    /// Begins with this, wildcards taken literally.
    StartsWith(String),
    /// Ends with this, wildcards taken literally.
    EndsWith(String),
    /// Contains this pattern, `%` and `_` being wildcards; case counts.
    Like(String),
    /// Contains this pattern, `%` and `_` being wildcards; case does not count.
    LikeAnyCase(String),
    /// Null.
    IsNull,
    /// Not null.
    IsNotNull,
}

impl<T> Column<T> {
    /// The value as the column stores it. `None`: the column cannot hold such a value.
    fn stored(&self, scalar: &Scalar) -> Option<Value> {
        Some(match (self.kind, scalar) {
            (ColumnKind::Integer, Scalar::Integer(number)) => (*number).into(),
            (ColumnKind::Integer, Scalar::Number(number)) => (*number).into(),
            (ColumnKind::Integer, Scalar::Text(text)) => text.trim().parse::<i64>().ok()?.into(),
            (ColumnKind::Flag, Scalar::Flag(flag)) => (*flag).into(),
            (ColumnKind::Flag, Scalar::Integer(number @ (0 | 1))) => (*number == 1).into(),
            (ColumnKind::Flag, Scalar::Text(text)) => text
                .trim()
                .to_ascii_lowercase()
                .parse::<bool>()
                .ok()?
                .into(),
            (ColumnKind::Text | ColumnKind::LongText, Scalar::Text(text)) => text.as_str().into(),
            (ColumnKind::Text | ColumnKind::LongText, Scalar::Integer(number)) => {
                number.to_string().into()
            }
            (ColumnKind::Text | ColumnKind::LongText, Scalar::Number(number)) => {
                number.to_string().into()
            }
            (ColumnKind::Text | ColumnKind::LongText, Scalar::Flag(flag)) => {
                flag.to_string().into()
            }
            (ColumnKind::Time, Scalar::Text(text)) => time(text)?.into(),
            (ColumnKind::Uuid, Scalar::Text(text)) => text.trim().parse::<Uuid>().ok()?.into(),
            _ => return None,
        })
    }

    /// Whether the column can be compared with such a value at all; when not, the caller should say so
    /// rather than give an empty list.
    pub fn can_hold(&self, scalar: &Scalar) -> bool {
        self.stored(scalar).is_some()
    }

    /// The filter as a condition. A value that the column cannot hold equals nothing.
    pub(super) fn condition(&self, filter: &Filter, backend: Backend) -> Expr {
        let column = || Expr::col(self.in_sql());
        let nothing = || Expr::val(1).eq(0);
        let compared = |scalar: &Scalar, compare: fn(Expr, Value) -> Expr| {
            self.stored(scalar)
                .map_or_else(nothing, |value| compare(column(), value))
        };
        let stored = |scalars: &[Scalar]| {
            scalars
                .iter()
                .filter_map(|scalar| self.stored(scalar))
                .collect::<Vec<_>>()
        };
        // Only text has a LIKE in PostgreSQL.
        let textual = || match (self.kind, backend) {
            (ColumnKind::Text | ColumnKind::LongText, _) | (_, Backend::Sqlite) => column(),
            (_, Backend::Postgres) => column().cast_as("text"),
        };
        match filter {
            Filter::Equal(scalar) => compared(scalar, ExprTrait::eq),
            Filter::NotEqual(scalar) => match self.stored(scalar) {
                Some(value) => column().ne(value),
                None => column().is_not_null(),
            },
            Filter::Greater(scalar) => compared(scalar, ExprTrait::gt),
            Filter::GreaterOrEqual(scalar) => compared(scalar, ExprTrait::gte),
            Filter::Less(scalar) => compared(scalar, ExprTrait::lt),
            Filter::LessOrEqual(scalar) => compared(scalar, ExprTrait::lte),
            Filter::In(scalars) => match stored(scalars) {
                values if values.is_empty() => nothing(),
                values => column().is_in(values),
            },
            Filter::NotIn(scalars) => match stored(scalars) {
                values if values.is_empty() => column().is_not_null(),
                values => column().is_not_in(values),
            },
            Filter::StartsWith(text) => matches(
                textual(),
                (false, Pattern::Literal(text), true),
                false,
                backend,
            ),
            Filter::EndsWith(text) => matches(
                textual(),
                (true, Pattern::Literal(text), false),
                false,
                backend,
            ),
            Filter::Like(text) => {
                matches(textual(), (true, Pattern::Wild(text), true), false, backend)
            }
            Filter::LikeAnyCase(text) => {
                matches(textual(), (true, Pattern::Wild(text), true), true, backend)
            }
            Filter::IsNull => column().is_null(),
            Filter::IsNotNull => column().is_not_null(),
        }
    }
}

/// ISO 8601, with a `T` or a space, with or without a time of day, a fraction, a zone.
fn time(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    if let Ok(zoned) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(zoned.naive_utc());
    }
    let text = text.replacen('T', " ", 1);
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())
        .or_else(|| {
            chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d")
                .ok()
                .map(Into::into)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_that_people_write() {
        for text in [
            "2026-01-02",
            "2026-01-02T00:00",
            "2026-01-02 00:00:00.000",
            "2026-01-02T01:00:00+01:00",
        ] {
            assert_eq!(
                "2026-01-02 00:00:00",
                time(text).unwrap().to_string(),
                "{text}"
            );
        }
        assert_eq!(None, time("yesterday"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_noticed() {
        let id = Column::<()>::new("slices", "id", ColumnKind::Integer, false, "");
        assert!(id.can_hold(&Scalar::Integer(3)));
        assert!(id.can_hold(&Scalar::Text("3".into())));
        assert!(!id.can_hold(&Scalar::Text("three".into())));
        assert!(!id.can_hold(&Scalar::Flag(true)));
    }
}
