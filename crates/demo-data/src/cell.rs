//! Rows on their way to a database, in a form that both backends store alike.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, Utc};
use uuid::Uuid;

/// A table and the columns of it that rows are given for, in their order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
}

pub(super) type Row = Vec<Cell>;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    /// An amount of money in hundredths; stored as a decimal number.
    Cents(i32),
    Bool(bool),
    Text(Cow<'static, str>),
    /// A time of the sample business, in whole seconds.
    Time(NaiveDateTime),
    /// A time of the metastore, in microseconds as SQLAlchemy writes them.
    Stamp(NaiveDateTime),
    Uuid(Uuid),
    Bytes(Vec<u8>),
}

const TIME: &str = "%Y-%m-%d %H:%M:%S";
const STAMP: &str = "%Y-%m-%d %H:%M:%S%.6f";

impl Cell {
    pub(super) fn opt<T: Into<Self>>(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }

    /// How SQLite stores a time: text whose order is the order of time.
    pub(super) fn time_text(&self) -> Option<String> {
        match self {
            Self::Time(at) => Some(at.format(TIME).to_string()),
            Self::Stamp(at) => Some(at.format(STAMP).to_string()),
            _ => None,
        }
    }

    /// Appends the value as PostgreSQL's `COPY … FROM STDIN` reads it in text format.
    pub(super) fn write_copy(&self, out: &mut String) {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Null => write!(out, "\\N"),
            Self::Int(value) => write!(out, "{value}"),
            Self::Cents(value) => {
                let sign = if *value < 0 { "-" } else { "" };
                write!(
                    out,
                    "{sign}{}.{:02}",
                    value.unsigned_abs() / 100,
                    value.unsigned_abs() % 100
                )
            }
            Self::Bool(value) => write!(out, "{}", if *value { 't' } else { 'f' }),
            Self::Text(text) => {
                escape(text, out);
                Ok(())
            }
            Self::Time(at) => write!(out, "{}", at.format(TIME)),
            Self::Stamp(at) => write!(out, "{}", at.format(STAMP)),
            Self::Uuid(value) => write!(out, "{value}"),
            Self::Bytes(bytes) => {
                out.push_str("\\\\x");
                bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        };
    }
}

/// Backslash, and the characters that end a value or a row.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
}

/// Appends a row for `COPY`, its line end included.
pub(super) fn write_copy_row(row: &[Cell], out: &mut String) {
    for (at, cell) in row.iter().enumerate() {
        if at > 0 {
            out.push('\t');
        }
        cell.write_copy(out);
    }
    out.push('\n');
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&'static str> for Cell {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<NaiveDateTime> for Cell {
    fn from(at: NaiveDateTime) -> Self {
        Self::Time(at)
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Stamp(at.naive_utc())
    }
}

impl From<Uuid> for Cell {
    fn from(value: Uuid) -> Self {
        Self::Uuid(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_for_copy_escapes_what_would_end_it() {
        let mut out = String::new();
        let row = [
            Cell::Int(-3),
            Cell::Cents(-5),
            Cell::Cents(12_307),
            Cell::Null,
            Cell::Bool(true),
            Cell::from("tab\there, \\N\nand a line"),
            Cell::Bytes(vec![0, 255]),
        ];
        write_copy_row(&row, &mut out);
        assert_eq!(
            "-3\t-0.05\t123.07\t\\N\tt\ttab\\there, \\\\N\\nand a line\t\\\\x00ff\n",
            out
        );
    }
}
