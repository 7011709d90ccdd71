//! Rows within a row: what hangs on a row comes with it, in one statement.

use std::borrow::Cow;
use std::fmt;

use sea_query::{Expr, Func, Query, SelectStatement};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::named::{Cell, CellKind, FromRow, NamedRow, corrupt};
use crate::{Backend, DatabaseError};

/// The name of the rows within the statement.
const ROWS: &str = "nested";

/// A struct that can be read from rows within a row; made by [`row!`](crate::row!).
pub trait FromNestedRow: FromRow {
    /// The names of the columns, in the order in which [`rows_as_json`] writes their values.
    const NAMES: &'static [&'static str];
}

/// The rows of `select` as one value: JSON, an array with an array of values for each row, null or empty where there are
/// none. They keep the order of `select`, which may refer to the statement that it stands in. Read by `rows` of
/// [`NamedRow`].
pub fn rows_as_json<T: FromNestedRow>(backend: Backend, select: SelectStatement) -> Expr {
    let values = T::NAMES.iter().map(|name| Expr::col((ROWS, *name)));
    // Without their names, which are known: an object for each row is twice the text, and takes longer on both sides.
    let (array, all) = match backend {
        Backend::Postgres => ("json_build_array", "json_agg"),
        Backend::Sqlite => ("json_array", "json_group_array"),
    };
    let row = Func::cust(array).args(values);
    let rows = Query::select()
        .expr(Func::cust(all).arg(row))
        .from_subquery(select, ROWS)
        .to_owned();
    Expr::SubQuery(None, Box::new(rows.into()))
}

/// A row that a statement gave as JSON.
struct JsonRow<'a> {
    names: &'a [&'static str],
    values: Vec<JsonCell<'a>>,
}

/// A value of such a row. Texts without escapes stay where they are.
enum JsonCell<'a> {
    Null,
    Flag(bool),
    Number(Number),
    Text(Cow<'a, str>),
    /// An object or a list, which no column of ours holds.
    Other,
}

impl<'de> Deserialize<'de> for JsonCell<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonCellVisitor)
    }
}

struct JsonCellVisitor;

impl<'de> Visitor<'de> for JsonCellVisitor {
    type Value = JsonCell<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("null, true, false, a number or a text")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(JsonCell::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(JsonCell::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(JsonCell::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(JsonCell::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).map_or(JsonCell::Null, JsonCell::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(JsonCell::Text(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(JsonCell::Text(value.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(JsonCell::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(JsonCell::Other)
    }
}

/// Reads what [`rows_as_json`] wrote.
pub(super) fn read<T: FromNestedRow>(text: &str) -> Result<Vec<T>, DatabaseError> {
    let rows: Vec<Vec<JsonCell<'_>>> =
        serde_json::from_str(text).map_err(|err| corrupt(err.to_string()))?;
    let names = T::NAMES;
    let row = |values| T::from_row(&JsonRow { names, values });
    rows.into_iter().map(row).collect()
}

impl NamedRow for JsonRow<'_> {
    fn cell(&self, name: &str, kind: CellKind) -> Result<Cell, DatabaseError> {
        let index = self.names.iter().position(|known| *known == name);
        let value = index
            .and_then(|index| self.values.get(index))
            .ok_or_else(|| corrupt("was not asked for".to_owned()))?;
        Ok(match (kind, value) {
            (_, JsonCell::Null) => Cell::Null,
            (CellKind::Text, JsonCell::Text(text)) => Cell::Text(text.clone().into_owned()),
            (CellKind::Integer, JsonCell::Number(number)) if number.is_i64() => {
                Cell::Integer(number.as_i64().unwrap_or_default())
            }
            (CellKind::Flag, JsonCell::Flag(flag)) => Cell::Flag(*flag),
            // SQLite has no booleans.
            (CellKind::Flag, JsonCell::Number(number)) => Cell::Flag(number.as_i64() != Some(0)),
            // What another program wrote may differ from the declared type there.
            (CellKind::Text, JsonCell::Number(number)) => Cell::Text(number.to_string()),
            _ => return Err(corrupt(format!("holds no {kind:?}").to_lowercase())),
        })
    }
}
