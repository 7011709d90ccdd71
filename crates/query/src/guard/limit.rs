use sqlparser::ast::{Expr, LimitClause, Query, Value};

/// How a row limit meets the one that the query has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitRule {
    /// The new one takes its place, as Superset's `execute_sql` does with its `limit` argument.
    Replace,
    /// The smaller one stays.
    Lower,
}

/// Puts `LIMIT rows` on the outermost query.
pub(super) fn set(query: &mut Query, rows: u64, rule: LimitRule) {
    let own = own_limit(query);
    let rows = match (rule, own) {
        (LimitRule::Lower, Some(own)) => rows.min(own),
        _ => rows,
    };
    query.fetch = None;
    let number = Expr::value(Value::Number(rows.to_string(), false));
    match &mut query.limit_clause {
        Some(
            LimitClause::OffsetCommaLimit { limit, .. }
            | LimitClause::LimitOffset {
                limit: Some(limit), ..
            },
        ) => *limit = number,
        Some(LimitClause::LimitOffset { limit, .. }) => *limit = Some(number),
        None => {
            query.limit_clause = Some(LimitClause::LimitOffset {
                limit: Some(number),
                offset: None,
                limit_by: Vec::new(),
            });
        }
    }
}

/// The limit, where it is a number.
fn own_limit(query: &Query) -> Option<u64> {
    let limit = match &query.limit_clause {
        Some(LimitClause::OffsetCommaLimit { limit, .. }) => Some(limit),
        Some(LimitClause::LimitOffset { limit, .. }) => limit.as_ref(),
        None => None,
    };
    let limit = limit.or_else(|| query.fetch.as_ref()?.quantity.as_ref())?;
    match limit {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
