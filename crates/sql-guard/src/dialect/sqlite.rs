//! SQLite 3.

use sqlparser::dialect::{Dialect as ParserDialect, SQLiteDialect};
use sqlparser::keywords::Keyword;

use super::{ErrorsAtEnd, Feature, SqlDialect, quoted};
use crate::functions::FunctionClass;
use crate::grammar::Adapter;
use crate::lexer::{Scanner, sqlite};
use crate::{GuardError, TableName};

pub(super) struct Sqlite;

const DENIED_FUNCTIONS: &[&str] = &[
    "edit",
    "fts3_tokenizer",
    "fts5",
    "load_extension",
    "randomblob",
    "readfile",
    "rtreecheck",
    "sqlite_log",
    "sqlite_offset",
    "sqlite_source_id",
    "sqlite_version",
    "writefile",
    "zeroblob",
];

const DENIED_PREFIXES: &[&str] = &["pragma_", "sqlite_compileoption_"];

/// Virtual tables that show the file or the process rather than tables.
const DENIED_TABLES: &[&str] = &["dbstat", "sqlite_dbpage", "bytecode", "tables_used"];

/// What counts the rows that others made: `ANALYZE` leaves samples of them.
const STATISTICS_TABLES: &[&str] = &["sqlite_sequence"];
const STATISTICS_PREFIX: &str = "sqlite_stat";

/// Functions that stand for a table. Any virtual table can be called like one, and is read by it.
const ROWS: &[&str] = &["json_each", "json_tree", "jsonb_each", "jsonb_tree"];

/// Words that are no names in SQLite, besides PostgreSQL's (`parse.y`: those that do not fall back to `ID`).
const RESERVED_WORDS: &[&str] = &[
    "add",
    "alter",
    "autoincrement",
    "between",
    "commit",
    "delete",
    "drop",
    "escape",
    "exists",
    "index",
    "insert",
    "isnull",
    "nothing",
    "notnull",
    "raise",
    "set",
    "transaction",
    "update",
    "values",
];

fn has_denied_prefix(name: &str) -> bool {
    DENIED_PREFIXES
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

impl SqlDialect for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn default_schema(&self) -> &'static str {
        "main"
    }

    fn parser(&self) -> &'static dyn ParserDialect {
        &SQLiteDialect {}
    }

    fn has(&self, feature: Feature) -> bool {
        match feature {
            Feature::OneSchema
            | Feature::ConflictActions
            | Feature::IndexHints
            | Feature::DoubleQuotedTexts
            | Feature::MatchOperators
            | Feature::InfallibleComparisons
            | Feature::ValuesWithoutLimit
            | Feature::CommentsInNames => true,
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
            | Feature::SpecialCalls => false,
        }
    }

    fn scan(&self, scanner: &mut Scanner<'_>) -> Result<(), GuardError> {
        sqlite::scan(scanner)
    }

    fn adapt(&self, adapter: &mut Adapter, word: Keyword) -> bool {
        adapter.sqlite_word(word)
    }

    fn quote(&self, identifier: &str) -> String {
        quoted('"', identifier)
    }

    fn literal(&self, text: &str) -> String {
        quoted('\'', text)
    }

    fn fold(&self, identifier: &str, _: bool) -> String {
        // Names are compared without regard to ASCII case, quoted or not.
        identifier.to_ascii_lowercase()
    }

    fn is_plain_letter(&self, letter: char) -> bool {
        letter.is_ascii_alphabetic()
    }

    fn reserved_words(&self) -> &'static [&'static str] {
        RESERVED_WORDS
    }

    fn class_of(&self, function: &str) -> FunctionClass {
        if DENIED_FUNCTIONS.contains(&function) || has_denied_prefix(function) {
            FunctionClass::Denied
        } else {
            // The library that we bring has no others.
            FunctionClass::Known
        }
    }

    fn is_niladic(&self, _: &str) -> bool {
        false
    }

    fn is_denied_table(&self, table: &TableName) -> bool {
        // A table-valued function may be named like a table, without parentheses.
        let name = table.table.as_str();
        DENIED_TABLES.contains(&name) || has_denied_prefix(name)
    }

    fn is_temporary(&self, table: &TableName) -> bool {
        table.schema.as_deref() == Some("temp")
            || matches!(
                table.table.as_str(),
                "sqlite_temp_master" | "sqlite_temp_schema"
            )
    }

    fn may_call_table(&self, function: &str) -> bool {
        !ROWS.contains(&function)
    }

    fn tells_of_hidden_rows(&self, _: &str) -> bool {
        false
    }

    fn is_statistics_table(&self, table: &TableName) -> bool {
        let name = table.table.as_str();
        STATISTICS_TABLES.contains(&name) || name.starts_with(STATISTICS_PREFIX)
    }

    fn system_columns(&self) -> &'static [&'static str] {
        &["_rowid_", "oid", "rowid"]
    }

    fn visible_rows(&self, table: &str, condition: &str, _: &str) -> String {
        format!("(SELECT * FROM {table} WHERE {condition} LIMIT -1)")
    }

    fn errors_at_end(&self) -> ErrorsAtEnd {
        ErrorsAtEnd {
            alone: "incomplete input",
            before_limit: "near \"LIMIT\": syntax error",
        }
    }
}
