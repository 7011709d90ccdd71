//! The limit that a statement sets itself, which always stays: a row limit from outside is only a cap.

use sqlparser::ast::{Expr, LimitClause, Query, SetExpr, Value};
use sqlparser::tokenizer::Span;

use super::edits::Edits;
use super::grammar::{Words, bytes_of};
use crate::Dialect;
use crate::dialect::Feature;

/// How a query limits its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnLimit {
    /// Not at all: a `LIMIT` may be added at its end.
    None,
    /// By a plain number, which stands there.
    Number { rows: i64, start: usize, end: usize },
    /// In another way (an expression, `WITH TIES`, …), or the database takes no limit there. The text
    /// stays, and whoever reads the rows stops at the cap.
    Other,
}

impl OwnLimit {
    pub(super) fn of(dialect: Dialect, query: &Query, words: Words) -> Self {
        if let SetExpr::Query(_) = *query.body {
            // PostgreSQL takes the limits inside and outside of the parentheses for one too many.
            return if words.has_limit {
                Self::Other
            } else {
                Self::None
            };
        }
        if words.has_outer_limit {
            return plain_number(query).unwrap_or(Self::Other);
        }
        if dialect.has(Feature::ValuesWithoutLimit) && ends_with_values(&query.body) {
            return Self::Other;
        }
        Self::None
    }

    /// Lets the query give at most `rows` rows, where that can be said in it. `at` is where a `LIMIT` can
    /// be added.
    pub(super) fn lower(self, rows: u64, at: usize, edits: &mut Edits) {
        match self {
            // On a line of its own: a comment may stand before it.
            Self::None => edits.replace(at, at, format!("\nLIMIT {rows}")),
            Self::Number {
                rows: own,
                start,
                end,
            } if i64::try_from(rows).is_ok_and(|rows| rows < own) => {
                edits.replace(start, end, rows.to_string());
            }
            Self::Number { .. } | Self::Other => {}
        }
    }
}

/// `None` where the limit is anything but digits.
fn plain_number(query: &Query) -> Option<OwnLimit> {
    let limit = match (&query.limit_clause, &query.fetch) {
        (Some(LimitClause::OffsetCommaLimit { limit, .. }), None) => limit,
        (
            Some(LimitClause::LimitOffset {
                limit: Some(limit),
                limit_by,
                ..
            }),
            None,
        ) if limit_by.is_empty() => limit,
        (None | Some(LimitClause::LimitOffset { limit: None, .. }), Some(fetch))
            if !fetch.with_ties && !fetch.percent =>
        {
            fetch.quantity.as_ref()?
        }
        _ => return None,
    };
    let (digits, span) = digits(limit)?;
    let (start, end) = bytes_of(span)?;
    Some(OwnLimit::Number {
        rows: digits.parse().ok()?,
        start,
        end,
    })
}

fn digits(limit: &Expr) -> Option<(&str, Span)> {
    let Expr::Value(value) = limit else {
        return None;
    };
    let Value::Number(digits, _) = &value.value else {
        return None;
    };
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then_some((digits, value.span))
}

/// SQLite allows no limit behind `VALUES`, alone or as the last of several queries.
fn ends_with_values(body: &SetExpr) -> bool {
    match body {
        SetExpr::Values(_) => true,
        SetExpr::SetOperation { right, .. } => ends_with_values(right),
        _ => false,
    }
}
