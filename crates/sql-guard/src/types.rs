//! Types that a statement names. Each table has a type of its rows, so that a type may name a table:
//! `null::secret.payroll` tells its columns, `'secret.payroll'::regclass` whether it is there.

use sqlparser::ast::{ArrayElemTypeDef, DataType};

use crate::Dialect;
use crate::dialect::Feature;
use crate::name::TableName;

/// What a type comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TypeUse {
    /// A type that every database has.
    Known,
    /// The number of a transaction.
    Transaction,
    /// A type whose values are names in the catalogue: `regclass` and its like.
    CatalogueName(String),
    /// A type that only the database knows.
    Named(TableName),
}

/// PostgreSQL's own types that the parser has no word for. Those that are text in disguise of an object's
/// name are not here.
const POSTGRES: &[&str] = &[
    "aclitem",
    "bit",
    "bool",
    "box",
    "bpchar",
    "bytea",
    "char",
    "cid",
    "cidr",
    "circle",
    "date",
    "datemultirange",
    "daterange",
    "float4",
    "float8",
    "inet",
    "int2",
    "int2vector",
    "int4",
    "int4multirange",
    "int4range",
    "int8",
    "int8multirange",
    "int8range",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "point",
    "polygon",
    "record",
    "refcursor",
    "text",
    "tid",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "unknown",
    "uuid",
    "varbit",
    "varchar",
    "void",
    "xml",
];

/// Words that stand for a type in the definition of a column only: elsewhere a table may be called so.
const POSTGRES_COLUMNS: &[&str] = &[
    "bigserial",
    "serial",
    "serial2",
    "serial4",
    "serial8",
    "smallserial",
];

/// The type of a column that is defined.
pub(super) fn of_column(dialect: Dialect, data_type: &DataType) -> TypeUse {
    match of(dialect, data_type) {
        TypeUse::Named(TableName {
            catalog: None,
            schema: None,
            table,
        }) if POSTGRES_COLUMNS.contains(&table.as_str()) => TypeUse::Known,
        other => other,
    }
}

/// Whether the name, in lower case, is that of a type whose values are names in the catalogue.
pub(super) fn is_catalogue_name(name: &str) -> bool {
    matches!(
        name.trim_start_matches('_'),
        // Names roles: `'somebody=r/owner'::aclitem`.
        "aclitem"
            | "regclass"
            | "regcollation"
            | "regconfig"
            | "regdictionary"
            | "regnamespace"
            | "regoper"
            | "regoperator"
            | "regproc"
            | "regprocedure"
            | "regrole"
            | "regtype"
    )
}

pub(super) fn of(dialect: Dialect, data_type: &DataType) -> TypeUse {
    if !dialect.has(Feature::Types) {
        // A type is a word of no consequence there.
        return TypeUse::Known;
    }
    match data_type {
        DataType::Regclass => TypeUse::CatalogueName("regclass".to_owned()),
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(element, _)
            | ArrayElemTypeDef::AngleBracket(element)
            | ArrayElemTypeDef::Parenthesis(element)
            | ArrayElemTypeDef::Qualified(element, _),
        ) => of(dialect, element),
        DataType::Custom(name, _) => match TableName::parse(dialect, name) {
            Some(name) => of_name(name),
            None => foreign(data_type),
        },
        word if is_postgres_word(word) => TypeUse::Known,
        _ => foreign(data_type),
    }
}

/// A word of another database, which may be the name of a table's type here.
fn foreign(data_type: &DataType) -> TypeUse {
    TypeUse::Named(TableName {
        catalog: None,
        schema: None,
        table: data_type.to_string().to_ascii_lowercase(),
    })
}

/// What a name comes to where a type stands.
pub(super) fn of_name(name: TableName) -> TypeUse {
    let is_catalogue = name
        .schema
        .as_deref()
        .is_none_or(|schema| schema == "pg_catalog");
    if is_catalogue && is_catalogue_name(&name.table) {
        return TypeUse::CatalogueName(name.table);
    }
    let element = name.table.strip_prefix('_').unwrap_or(&name.table);
    if is_catalogue && POSTGRES.contains(&element) {
        return TypeUse::Known;
    }
    if is_catalogue && matches!(element, "xid" | "xid8") {
        return TypeUse::Transaction;
    }
    TypeUse::Named(name)
}

fn is_postgres_word(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Character(_)
            | DataType::Char(_)
            | DataType::CharacterVarying(_)
            | DataType::CharVarying(_)
            | DataType::Varchar(_)
            | DataType::Uuid
            | DataType::Numeric(_)
            | DataType::Decimal(_)
            | DataType::Dec(_)
            | DataType::Float(_)
            | DataType::Int2(_)
            | DataType::SmallInt(_)
            | DataType::Int(_)
            | DataType::Int4(_)
            | DataType::Int8(_)
            | DataType::Integer(_)
            | DataType::BigInt(_)
            | DataType::Float4
            | DataType::Real
            | DataType::Float8
            | DataType::DoublePrecision
            | DataType::Bool
            | DataType::Boolean
            | DataType::Date
            | DataType::Time(..)
            | DataType::Timestamp(..)
            | DataType::Interval { .. }
            | DataType::JSON
            | DataType::JSONB
            | DataType::Text
            | DataType::Bytea
            | DataType::Bit(_)
            | DataType::BitVarying(_)
            | DataType::VarBit(_)
            | DataType::GeometricType(_)
            | DataType::TsVector
            | DataType::TsQuery
    )
}
