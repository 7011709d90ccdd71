//! What a column holds, in Superset's words.

use tidegate_metastore::ColumnKind;

/// Superset's name for what a column holds.
pub(crate) const fn type_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Integer => "int",
        ColumnKind::Text | ColumnKind::LongText | ColumnKind::Uuid => "str",
        ColumnKind::Flag => "bool",
        ColumnKind::Time => "datetime",
        ColumnKind::Json => "dict",
    }
}

/// The operators that a column understands.
pub(crate) const fn operators_of(kind: ColumnKind) -> &'static [&'static str] {
    match kind {
        ColumnKind::Integer | ColumnKind::Time => &[
            "eq",
            "ne",
            "gt",
            "gte",
            "lt",
            "lte",
            "in",
            "nin",
            "is_null",
            "is_not_null",
        ],
        ColumnKind::Text => &[
            "eq",
            "ne",
            "sw",
            "ew",
            "in",
            "nin",
            "like",
            "ilike",
            "is_null",
            "is_not_null",
        ],
        ColumnKind::LongText | ColumnKind::Flag | ColumnKind::Uuid | ColumnKind::Json => {
            &["eq", "ne", "is_null", "is_not_null"]
        }
    }
}
