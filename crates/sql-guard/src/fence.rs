//! Conditions of a query that may be tried on rows which a rule hides.
//!
//! A table under a rule becomes a subquery that the database does not merge with the query around it, so that no
//! condition of the caller is tried on a row before the rule. Looked up by its key such a table would be read
//! as a whole. So conditions which tell nothing of a value but whether they hold stand inside of the subquery,
//! too: `column operator literal` with an operator that the database itself calls leakproof.

use sqlparser::ast::{
    Array, BinaryOperator, CastKind, DataType, Expr, Function, FunctionArguments, Ident, InTarget,
    TimezoneInfo, UnaryOperator, Value,
};

use crate::Dialect;
use crate::catalogue::{ColumnFacts, Leakproof, TableFacts};
use crate::dialect::Feature;
use crate::name::fold_ident;

/// The table whose rows a condition is tried on.
pub(super) struct Target<'a> {
    pub(super) dialect: Dialect,
    pub(super) facts: &'a TableFacts,
    pub(super) leakproof: &'a Leakproof,
    /// What the query calls it, folded.
    pub(super) alias: &'a str,
    /// Whether no other name before the column means this table, too.
    pub(super) is_alias_unique: bool,
    /// Whether a column without a table is one of this table where it has one of that name.
    pub(super) has_bare_columns: bool,
}

/// The parts of a condition that must all hold.
pub(super) fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    let (mut found, mut pending) = (Vec::new(), vec![condition]);
    while let Some(expr) = pending.pop() {
        match expr {
            Expr::Nested(inner) => pending.push(inner),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => pending.extend([&**right, &**left]),
            other => found.push(other),
        }
    }
    found
}

impl Target<'_> {
    /// The condition with the columns alone, where it may be tried on any row. `None` where anything is in
    /// doubt.
    pub(super) fn condition(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Nested(inner) => self.condition(inner),
            Expr::BinaryOp {
                left,
                op: op @ (BinaryOperator::And | BinaryOperator::Or),
                right,
            } => {
                let (left, right) = (self.condition(left)?, self.condition(right)?);
                Some(format!("({left} {op} {right})"))
            }
            Expr::BinaryOp { left, op, right } => self.comparison(left, op, right),
            Expr::Between {
                expr,
                negated: false,
                low,
                high,
            } => {
                let (column, facts) = self.column(expr)?;
                let (low, high) = (literal(low)?, literal(high)?);
                let is_known =
                    self.is_leakproof(facts, ">=", &low) && self.is_leakproof(facts, "<=", &high);
                is_known.then(|| format!("{column} BETWEEN {} AND {}", low.text, high.text))
            }
            Expr::In {
                expr,
                target: InTarget::List(list),
                negated: false,
                global: false,
            } => self.list(expr, list, "IN (", ")"),
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                is_some: _,
            } => match &**right {
                Expr::Array(Array { elem, named: true }) => {
                    self.list(left, elem, "= ANY (ARRAY[", "])")
                }
                _ => None,
            },
            Expr::IsNull(inner) => Some(format!("{} IS NULL", self.column(inner)?.0)),
            Expr::IsNotNull(inner) => Some(format!("{} IS NOT NULL", self.column(inner)?.0)),
            _ => None,
        }
    }

    /// Whether the condition is `column = literal` with a column of which no two rows have the same value.
    pub(super) fn is_key(&self, expr: &Expr) -> bool {
        let Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } = expr
        else {
            return false;
        };
        let is_unique = |expr| self.column(expr).is_some_and(|(_, facts)| facts.is_unique);
        self.condition(expr).is_some() && (is_unique(left) || is_unique(right))
    }

    fn comparison(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<String> {
        let (operator, flipped) = match op {
            BinaryOperator::Eq => ("=", "="),
            BinaryOperator::Lt => ("<", ">"),
            BinaryOperator::Gt => (">", "<"),
            BinaryOperator::LtEq => ("<=", ">="),
            BinaryOperator::GtEq => (">=", "<="),
            _ => return None,
        };
        if let Some((column, facts)) = self.column(left) {
            let value = literal(right)?;
            return self
                .is_leakproof(facts, operator, &value)
                .then(|| format!("{column} {operator} {}", value.text));
        }
        let (column, facts) = self.column(right)?;
        let value = literal(left)?;
        self.is_leakproof(facts, flipped, &value)
            .then(|| format!("{column} {flipped} {}", value.text))
    }

    /// One of several literals, which must be of one type: with others the database compares in another.
    fn list(&self, expr: &Expr, list: &[Expr], open: &str, close: &str) -> Option<String> {
        let (column, facts) = self.column(expr)?;
        let values = list.iter().map(literal).collect::<Option<Vec<_>>>()?;
        let first = values.first()?;
        let is_known = values
            .iter()
            .all(|value| value.kind.is_like(first.kind) && self.is_leakproof(facts, "=", value));
        let texts: Vec<_> = values.iter().map(|value| value.text.as_str()).collect();
        is_known.then(|| format!("{column} {open}{}{close}", texts.join(", ")))
    }

    /// The column that the expression is, if it surely is one of this table: quoted, and what is known of it.
    fn column(&self, expr: &Expr) -> Option<(String, &ColumnFacts)> {
        let name = match expr {
            Expr::Nested(inner) => return self.column(inner),
            Expr::Identifier(name) if self.has_bare_columns => name,
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] if self.is_alias_unique && self.is_alias(table) => name,
                _ => return None,
            },
            _ => return None,
        };
        let folded = fold_ident(self.dialect, name);
        let facts = self.facts.columns.get(&folded)?;
        Some((self.dialect.quote(&folded), facts))
    }

    fn is_alias(&self, table: &Ident) -> bool {
        fold_ident(self.dialect, table) == self.alias
    }

    fn is_leakproof(&self, column: &ColumnFacts, operator: &str, value: &Literal) -> bool {
        if self.dialect.has(Feature::InfallibleComparisons) {
            // Comparing never fails there; the forms of PostgreSQL are another matter.
            return matches!(value.kind, Kind::Text | Kind::Integer(_) | Kind::Numeric);
        }
        let Some(own) = column.data_type.as_deref() else {
            return false;
        };
        // There are no operators of its own.
        let own = if own == "varchar" { "text" } else { own };
        let other = match value.kind {
            // A literal without a type takes the column's.
            Kind::Text => own,
            // Of several that fit the database prefers this one.
            Kind::Integer(_) | Kind::Numeric if matches!(own, "float4" | "float8") => "float8",
            Kind::Integer(name) | Kind::Typed(name) => name,
            Kind::Numeric => "numeric",
        };
        self.leakproof.contains(operator, own, other)
    }
}

/// A value that depends on no row, as it is written.
struct Literal {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// In quotes: of whatever type is wanted.
    Text,
    /// The type that PostgreSQL gives it by its size.
    Integer(&'static str),
    Numeric,
    Typed(&'static str),
}

impl Kind {
    fn is_like(self, other: Self) -> bool {
        matches!((self, other), (Self::Integer(_), Self::Integer(_))) || self == other
    }
}

fn literal(expr: &Expr) -> Option<Literal> {
    match expr {
        Expr::Nested(inner) => literal(inner),
        Expr::Value(value) => of_value(&value.value),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match &**expr {
            Expr::Value(value) => {
                let inner = of_value(&value.value)?;
                let is_number = matches!(inner.kind, Kind::Integer(_) | Kind::Numeric);
                is_number.then(|| Literal {
                    text: format!("-{}", inner.text),
                    kind: inner.kind,
                })
            }
            _ => None,
        },
        Expr::TypedString(typed) if !typed.uses_odbc_syntax => {
            with_type(&typed.data_type, &typed.value.value)
        }
        Expr::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon,
            expr,
            data_type,
            format: None,
            ..
        } => match &**expr {
            Expr::Value(value) => with_type(data_type, &value.value),
            _ => None,
        },
        Expr::Function(function) => of_clock(function),
        Expr::BinaryOp { left, op, right } => of_sum(left, op, right),
        _ => None,
    }
}

fn of_value(value: &Value) -> Option<Literal> {
    match value {
        Value::SingleQuotedString(raw) => Some(Literal {
            // The text keeps its doubled quotes.
            text: format!("'{raw}'"),
            kind: Kind::Text,
        }),
        Value::Number(digits, false) => {
            let is_number = digits.bytes().all(|byte| {
                byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
            });
            let kind = match digits.parse::<i64>() {
                Ok(number) if i32::try_from(number).is_ok() => Kind::Integer("int4"),
                Ok(_) => Kind::Integer("int8"),
                Err(_) => Kind::Numeric,
            };
            is_number.then(|| Literal {
                text: digits.clone(),
                kind,
            })
        }
        Value::Boolean(flag) => Some(Literal {
            text: flag.to_string(),
            kind: Kind::Typed("bool"),
        }),
        _ => None,
    }
}

/// `date '2024-01-01'`, `'2024-01-01'::date`: the cast is of a literal, so that it fails for all rows or none.
fn with_type(data_type: &DataType, value: &Value) -> Option<Literal> {
    let name = match data_type {
        DataType::Date => "date",
        DataType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            "timestamp"
        }
        DataType::Timestamp(None, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => "timestamptz",
        DataType::Text => "text",
        DataType::Uuid => "uuid",
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => "int4",
        DataType::BigInt(None) | DataType::Int8(None) => "int8",
        DataType::SmallInt(None) | DataType::Int2(None) => "int2",
        DataType::DoublePrecision | DataType::Float8 => "float8",
        DataType::Bool | DataType::Boolean => "bool",
        _ => return None,
    };
    let inner = of_value(value)?;
    let fits = match inner.kind {
        Kind::Text => true,
        Kind::Integer(_) => matches!(name, "int2" | "int4" | "int8" | "float8"),
        Kind::Numeric => name == "float8",
        Kind::Typed(_) => false,
    };
    fits.then(|| Literal {
        text: format!("CAST({} AS pg_catalog.{name})", inner.text),
        kind: Kind::Typed(name),
    })
}

/// The time at which the statement runs.
fn of_clock(function: &Function) -> Option<Literal> {
    let [name] = function.name.0.as_slice() else {
        return None;
    };
    let name = name.as_ident()?;
    if name.quote_style.is_some() || function.over.is_some() || function.filter.is_some() {
        return None;
    }
    let word = name.value.to_ascii_lowercase();
    let has_arguments = match &function.args {
        FunctionArguments::None => false,
        FunctionArguments::List(list) => !list.args.is_empty() || !list.clauses.is_empty(),
        FunctionArguments::Subquery(_) => true,
    };
    if has_arguments {
        return None;
    }
    let is_call = matches!(function.args, FunctionArguments::List(_));
    let (text, kind) = match (word.as_str(), is_call) {
        ("current_date", false) => ("CURRENT_DATE", "date"),
        ("current_timestamp", false) => ("CURRENT_TIMESTAMP", "timestamptz"),
        ("localtimestamp", false) => ("LOCALTIMESTAMP", "timestamp"),
        ("now", true) => ("pg_catalog.now()", "timestamptz"),
        _ => return None,
    };
    Some(Literal {
        text: text.to_owned(),
        kind: Kind::Typed(kind),
    })
}

/// `CURRENT_DATE - 30`, `now() - interval '1 day'`.
fn of_sum(left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Literal> {
    let sign = match op {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        _ => return None,
    };
    let left = literal(left)?;
    let Kind::Typed(of) = left.kind else {
        return None;
    };
    if let Expr::Interval(interval) = right {
        let is_plain = interval.leading_field.is_none()
            && interval.leading_precision.is_none()
            && interval.last_field.is_none()
            && interval.fractional_seconds_precision.is_none();
        let Expr::Value(value) = &*interval.value else {
            return None;
        };
        let value = of_value(&value.value)?;
        let kind = match of {
            "date" | "timestamp" => "timestamp",
            "timestamptz" => "timestamptz",
            _ => return None,
        };
        return (is_plain && value.kind == Kind::Text).then(|| Literal {
            text: format!(
                "({} {sign} CAST({} AS pg_catalog.interval))",
                left.text, value.text
            ),
            kind: Kind::Typed(kind),
        });
    }
    let days = literal(right)?;
    (of == "date" && days.kind == Kind::Integer("int4")).then(|| Literal {
        text: format!("({} {sign} {})", left.text, days.text),
        kind: Kind::Typed("date"),
    })
}
