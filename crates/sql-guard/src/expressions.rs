//! Kinds of expressions. One that is not known is refused: it may name a type, a table or a function in a
//! way that nobody has looked at.

use sqlparser::ast::{AccessExpr, DataType, Expr, Ident, InTarget, ObjectName};

use crate::Dialect;
use crate::dialect::Feature;
use crate::name::fold_ident;

/// A part of a value: `(x).name`.
pub(super) enum Attribute<'a> {
    Named(&'a Ident),
    Unknown,
}

/// Whether the expression, not what is in it, is of a kind that is known.
pub(super) fn is_known(dialect: Dialect, expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::CompoundFieldAccess { .. }
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::IsJson { .. }
        | Expr::IsNormalized { .. }
        | Expr::In {
            target: InTarget::List(_) | InTarget::Subquery(_),
            global: false,
            ..
        }
        | Expr::Between { .. }
        | Expr::BinaryOp { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::SimilarTo { .. }
        | Expr::AnyOp { .. }
        | Expr::AllOp { .. }
        | Expr::UnaryOp { .. }
        | Expr::Cast { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Position { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Overlay { .. }
        | Expr::Collate { .. }
        | Expr::Nested(_)
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Function(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::GroupingSets(_)
        | Expr::Cube(_)
        | Expr::Rollup(_)
        | Expr::Tuple(_)
        | Expr::Array(_)
        | Expr::Interval(_)
        | Expr::Wildcard(_)
        | Expr::QualifiedWildcard(..) => true,
        // `XMLFOREST(a AS b)`. In XMLSERIALIZE the name is a type: the grammar sees to that.
        Expr::Named { .. } => dialect.has(Feature::Xml),
        Expr::In {
            target: InTarget::Table { args: None, .. },
            global: false,
            ..
        }
        | Expr::RLike { .. }
        | Expr::MatchAgainst { .. } => dialect.has(Feature::MatchOperators),
        _ => false,
    }
}

/// The column that `schema.table.column[1]` takes a part of. With a subscript the parser makes no compound name of it.
pub(super) fn column(expr: &Expr) -> Vec<&Ident> {
    column_and_rest(expr).0
}

fn column_and_rest(expr: &Expr) -> (Vec<&Ident>, &[AccessExpr]) {
    let Expr::CompoundFieldAccess { root, access_chain } = expr else {
        return (Vec::new(), &[]);
    };
    let Expr::Identifier(first) = &**root else {
        return (Vec::new(), access_chain);
    };
    let names = access_chain.iter().map_while(|access| match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(name),
        _ => None,
    });
    let column: Vec<_> = std::iter::once(first).chain(names).collect();
    let rest = &access_chain[column.len() - 1..];
    (column, rest)
}

/// What the expression takes of a value by name.
pub(super) fn attributes(expr: &Expr) -> impl Iterator<Item = Attribute<'_>> {
    let (_, rest) = column_and_rest(expr);
    rest.iter().filter_map(|access| match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(Attribute::Named(name)),
        AccessExpr::Dot(_) => Some(Attribute::Unknown),
        AccessExpr::Subscript(_) => None,
    })
}

pub(super) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Text | DataType::Varchar(_))
}

/// The last part of a function's name, as the database compares it.
pub(super) fn last_name(dialect: Dialect, name: &ObjectName) -> Option<String> {
    let ident = name.0.last()?.as_ident()?;
    Some(fold_ident(dialect, ident))
}
