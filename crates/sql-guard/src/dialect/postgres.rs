//! PostgreSQL 12 and later.

mod functions;

use sqlparser::dialect::{Dialect as ParserDialect, PostgreSqlDialect};
use sqlparser::keywords::Keyword;

use super::{ErrorsAtEnd, Feature, SqlDialect, quoted};
use crate::functions::FunctionClass;
use crate::grammar::Adapter;
use crate::lexer::{Scanner, postgres};
use crate::{GuardError, TableName, types};

pub(super) struct PostgreSql;

/// Identifiers are cut at `NAMEDATALEN - 1` bytes, silently.
const NAME_BYTES: usize = 63;

/// Views of PostgreSQL's own extensions that show the statements of others or the pages that they read, in whatever
/// schema they were made.
const EXTENSION_PREFIXES: &[&str] = &[
    "pg_buffercache",
    "pg_stat_kcache",
    "pg_stat_monitor",
    "pg_stat_statements",
    "pg_wait_sampling",
];
/// The server's own views of what goes on. In other schemas people have tables with such names.
const STATISTICS_PREFIX: &str = "pg_stat";

/// Whether every PostgreSQL has an operator of this name. Nobody else lets people make operators.
pub(crate) fn is_known_operator(name: &str) -> bool {
    functions::OPERATORS.binary_search(&name).is_ok()
}

impl SqlDialect for PostgreSql {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn default_schema(&self) -> &'static str {
        "public"
    }

    fn parser(&self) -> &'static dyn ParserDialect {
        &PostgreSqlDialect {}
    }

    fn has(&self, feature: Feature) -> bool {
        match feature {
            Feature::CustomObjects
            | Feature::Merge
            | Feature::TextSearchNames
            | Feature::TypedTexts
            | Feature::FieldFunctions
            | Feature::Xml
            | Feature::PrefixedTexts
            | Feature::SafePlans
            | Feature::SystemColumnsInSubqueries
            | Feature::Types
            | Feature::CountedRelations
            | Feature::KeywordTables
            | Feature::PrefixedNumbers
            | Feature::RowExpansion
            | Feature::SpecialCalls => true,
            Feature::OneSchema
            | Feature::ConflictActions
            | Feature::IndexHints
            | Feature::DoubleQuotedTexts
            | Feature::MatchOperators
            | Feature::InfallibleComparisons
            | Feature::ValuesWithoutLimit
            | Feature::CommentsInNames => false,
        }
    }

    fn scan(&self, scanner: &mut Scanner<'_>) -> Result<(), GuardError> {
        postgres::scan(scanner)
    }

    fn adapt(&self, adapter: &mut Adapter, word: Keyword) -> bool {
        adapter.postgres_word(word)
    }

    fn quote(&self, identifier: &str) -> String {
        quoted('"', identifier)
    }

    fn literal(&self, text: &str) -> String {
        quoted('\'', text)
    }

    fn fold(&self, identifier: &str, is_quoted: bool) -> String {
        let mut folded = if is_quoted {
            identifier.to_owned()
        } else {
            identifier.to_ascii_lowercase()
        };
        folded.truncate(folded.floor_char_boundary(NAME_BYTES));
        folded
    }

    fn is_plain_letter(&self, letter: char) -> bool {
        // Others it would fold.
        letter.is_ascii_lowercase()
    }

    fn reserved_words(&self) -> &'static [&'static str] {
        &[]
    }

    fn class_of(&self, function: &str) -> FunctionClass {
        let has = |list: &[&str]| list.binary_search(&function).is_ok();
        let is_denied = has(functions::DENIED)
            || functions::DENIED_PREFIXES
                .iter()
                .any(|prefix| function.starts_with(prefix))
            // `regclassin`, `regtypesend` and their like: a cast by another name.
            || ["in", "out", "recv", "send"].iter().any(|end| {
                function.strip_suffix(end).is_some_and(types::is_catalogue_name)
            });
        if is_denied {
            FunctionClass::Denied
        } else if has(functions::KNOWN) {
            FunctionClass::Known
        } else if has(functions::CATALOGUE)
            || function.starts_with("to_reg")
            || function.starts_with("has_") && function.ends_with("_privilege")
            || function.starts_with("pg_") && function.ends_with("_is_visible")
            || types::is_catalogue_name(function)
        {
            FunctionClass::Catalogue
        } else if function.starts_with("pg_") {
            // PostgreSQL's own word for what reaches the server, of which each version brings more.
            FunctionClass::Denied
        } else {
            FunctionClass::Other
        }
    }

    fn is_niladic(&self, word: &str) -> bool {
        matches!(
            word,
            "current_catalog"
                | "current_role"
                | "current_schema"
                | "current_user"
                | "session_user"
                | "system_user"
                | "user"
        )
    }

    fn is_denied_table(&self, table: &TableName) -> bool {
        let name = table.table.as_str();
        let schema = table.schema.as_deref();
        let is_system =
            schema.is_none_or(|schema| matches!(schema, "pg_catalog" | "information_schema"));
        schema.is_some_and(|schema| schema.starts_with("pg_toast"))
            || is_system
                && (name.starts_with(STATISTICS_PREFIX)
                    || functions::DENIED_TABLES.binary_search(&name).is_ok())
            || EXTENSION_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix))
    }

    fn is_temporary(&self, table: &TableName) -> bool {
        table.schema.as_deref().is_some_and(|schema| {
            schema == "pg_temp"
                || schema.starts_with("pg_temp_")
                || schema.starts_with("pg_toast_temp")
        })
    }

    fn may_call_table(&self, _: &str) -> bool {
        false
    }

    fn tells_of_hidden_rows(&self, function: &str) -> bool {
        functions::STATISTICS.binary_search(&function).is_ok()
    }

    fn is_statistics_table(&self, table: &TableName) -> bool {
        let schema = table.schema.as_deref();
        let name = table.table.as_str();
        schema.is_none_or(|schema| schema == "pg_catalog")
            && functions::STATISTICS_TABLES.binary_search(&name).is_ok()
    }

    fn system_columns(&self) -> &'static [&'static str] {
        &["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"]
    }

    fn visible_rows(&self, table: &str, condition: &str, more: &str) -> String {
        format!(
            "(SELECT *{more} FROM {table} WHERE {condition} UNION ALL SELECT *{more} FROM {table} WHERE false OFFSET 0)"
        )
    }

    fn errors_at_end(&self) -> ErrorsAtEnd {
        ErrorsAtEnd {
            alone: "syntax error at end of input",
            before_limit: "syntax error at or near \"LIMIT\"",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_keep_to_themselves() {
        for list in [
            functions::KNOWN,
            functions::DENIED,
            functions::CATALOGUE,
            functions::DENIED_TABLES,
            functions::STATISTICS,
            functions::STATISTICS_TABLES,
            functions::OPERATORS,
        ] {
            assert!(list.is_sorted_by(|one, next| one < next), "{list:?}");
        }
        for name in functions::KNOWN {
            assert_eq!(FunctionClass::Known, PostgreSql.class_of(name), "{name}");
        }
        for name in functions::CATALOGUE {
            assert_eq!(
                FunctionClass::Catalogue,
                PostgreSql.class_of(name),
                "{name}"
            );
        }
    }
}
