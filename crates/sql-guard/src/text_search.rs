//! PostgreSQL's functions for text search take the name of a configuration, a dictionary or a parser as a text, and say
//! by their error whether it is there. Whoever may not see every name gives one of the server's own.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, Value};

use super::findings::SYSTEM_SCHEMA;
use crate::Dialect;
use crate::name::TableName;

/// What the first argument of a function may name, and with how many arguments it does.
enum Naming {
    /// A configuration, or a dictionary: a text is one as a literal alone.
    Literal {
        known: fn(&str) -> bool,
        least: usize,
    },
    /// A parser, by any text.
    Parser,
}

/// Configurations that PostgreSQL brings, of versions 12 to 18. Each language has a dictionary `…_stem`.
const LANGUAGES: &[&str] = &[
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "estonian",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
];

/// Functions whose first argument is a parser's name: that it comes from a column changes nothing.
pub(super) fn takes_parser(function: &str) -> bool {
    matches!(function, "ts_parse" | "ts_token_type")
}

/// Whether the function, by its last name in lower case, is called in a way that may look for a name that the
/// server does not bring.
pub(super) fn looks_for_names(function: &str, arguments: &[FunctionArg]) -> bool {
    let Some(naming) = naming(function) else {
        return false;
    };
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => values.push(value),
            // By its name an argument may be any of them.
            _ => return true,
        }
    }
    let Some(first) = values.first().map(|value| bare(value)) else {
        return false;
    };
    let literal = match first {
        Expr::Value(value) => Some(&value.value),
        _ => None,
    };
    let is_known = |known: fn(&str) -> bool| match literal {
        Some(Value::SingleQuotedString(text)) => known(own(&text.to_ascii_lowercase())),
        Some(Value::Null) => true,
        _ => false,
    };
    match naming {
        Naming::Literal { least, .. } if values.len() < least => false,
        // (document, query, options): what names a configuration has its document between the two.
        _ if function == "ts_headline" && values.get(1).is_some_and(|value| is_query(value)) => {
            false
        }
        Naming::Literal { known, .. } if literal.is_some() => !is_known(known),
        Naming::Literal { .. } => !has_type(first),
        Naming::Parser => !is_known(is_parser),
    }
}

fn naming(function: &str) -> Option<Naming> {
    let (known, least): (fn(&str) -> bool, usize) = match function {
        "to_tsvector"
        | "to_tsquery"
        | "plainto_tsquery"
        | "phraseto_tsquery"
        | "websearch_to_tsquery" => (is_configuration, 2),
        "json_to_tsvector" | "jsonb_to_tsvector" | "ts_headline" => (is_configuration, 3),
        "ts_lexize" => (is_dictionary, 1),
        _ if takes_parser(function) => return Some(Naming::Parser),
        _ => return None,
    };
    Some(Naming::Literal { known, least })
}

/// A literal has no type yet in parentheses and with a collation.
fn bare(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner) | Expr::Collate { expr: inner, .. } = expr {
        expr = inner;
    }
    expr
}

/// Whether the value has a type before the function is looked for, so that it is no name that is looked up.
fn has_type(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::Function(_)
            | Expr::Cast { .. }
            | Expr::Case { .. }
            | Expr::BinaryOp { .. }
            | Expr::Trim { .. }
            | Expr::Substring { .. }
    )
}

/// Whether the value is surely a `tsquery`, which is never taken for a document.
fn is_query(expr: &Expr) -> bool {
    let Expr::Function(function) = bare(expr) else {
        return false;
    };
    let is_query = |name: TableName| {
        let schema = name.schema.as_deref();
        schema.is_none_or(|schema| schema == SYSTEM_SCHEMA)
            && matches!(
                name.table.as_str(),
                "to_tsquery" | "plainto_tsquery" | "phraseto_tsquery" | "websearch_to_tsquery"
            )
    };
    TableName::parse(Dialect::PostgreSql, &function.name).is_some_and(is_query)
}

fn own(text: &str) -> &str {
    text.strip_prefix("pg_catalog.").unwrap_or(text)
}

fn is_configuration(name: &str) -> bool {
    name == "simple" || LANGUAGES.contains(&name)
}

fn is_dictionary(name: &str) -> bool {
    let language = name.strip_suffix("_stem");
    name == "simple" || language.is_some_and(|language| LANGUAGES.contains(&language))
}

fn is_parser(name: &str) -> bool {
    name == "default"
}
