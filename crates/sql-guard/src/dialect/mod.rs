//! The SQL that databases speak. What differs from one to the other stands in a file for each.

mod postgres;
mod sqlite;

pub(crate) use postgres::is_known_operator;

use sqlparser::dialect::Dialect as ParserDialect;
use sqlparser::keywords::Keyword;

use crate::functions::FunctionClass;
use crate::grammar::Adapter;
use crate::lexer::Scanner;
use crate::reserved::is_reserved;
use crate::{GuardError, TableName};

/// The SQL that a database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL 12 and later.
    PostgreSql,
}

/// What the guard has to know of a dialect. A new one is a file with an implementation; each of its answers is a
/// decision on security, so that none has a default.
pub(crate) trait SqlDialect: Sync {
    /// The backend's name as SQLAlchemy writes it.
    fn name(&self) -> &'static str;

    /// The schema that an unqualified table is in when nobody says otherwise.
    fn default_schema(&self) -> &'static str;

    /// What the parser takes for its grammar.
    fn parser(&self) -> &'static dyn ParserDialect;

    /// Whether it has a feature.
    fn has(&self, feature: Feature) -> bool;

    /// Splits a text into tokens.
    ///
    /// # Errors
    /// `Syntax`: the database would not read it either.
    fn scan(&self, scanner: &mut Scanner<'_>) -> Result<(), GuardError>;

    /// Adapts what begins with an unquoted word to what the parser knows. `false`: there is nothing to adapt.
    fn adapt(&self, adapter: &mut Adapter, word: Keyword) -> bool;

    /// An identifier in quotes, as every version of the database reads it.
    fn quote(&self, identifier: &str) -> String;

    /// A text as a literal.
    fn literal(&self, text: &str) -> String;

    /// An identifier as the database compares it; its quotes are undone.
    fn fold(&self, identifier: &str, is_quoted: bool) -> String;

    /// Whether a letter of a name without quotes is read as it stands.
    fn is_plain_letter(&self, letter: char) -> bool;

    /// Words, in lower case, that are no names without quotes, besides those that are reserved everywhere.
    fn reserved_words(&self) -> &'static [&'static str];

    /// The class of a function, by its last name in lower case.
    fn class_of(&self, function: &str) -> FunctionClass;

    /// Whether a word stands for a function without parentheses and quotes.
    fn is_niladic(&self, word: &str) -> bool;

    /// Whether a table may not be read, whatever the rights.
    fn is_denied_table(&self, table: &TableName) -> bool;

    /// Whether a table lies where temporary ones do, which one connection keeps for itself and the next caller of that
    /// connection would find.
    fn is_temporary(&self, table: &TableName) -> bool;

    /// Whether a call in the place of a table may be one of a table.
    fn may_call_table(&self, function: &str) -> bool;

    /// Whether a function, by its last name in lower case, tells of rows that a rule hides.
    fn tells_of_hidden_rows(&self, function: &str) -> bool;

    /// Whether a table tells of rows that a rule hides.
    fn is_statistics_table(&self, table: &TableName) -> bool;

    /// Columns that every table has and `*` does not show.
    fn system_columns(&self) -> &'static [&'static str];

    /// The rows of a table that satisfy a condition, as a subquery that the database evaluates by itself; `more` are
    /// system columns besides.
    fn visible_rows(&self, table: &str, condition: &str, more: &str) -> String;

    /// What the database says of a statement that ends too early, and what it says when a `LIMIT` follows there.
    fn errors_at_end(&self) -> ErrorsAtEnd;
}

/// See [`SqlDialect::errors_at_end`].
pub(crate) struct ErrorsAtEnd {
    pub(crate) alone: &'static str,
    pub(crate) before_limit: &'static str,
}

/// What one database has and another does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    /// All tables lie in one schema, whether it is named or not.
    OneSchema,
    /// People make functions, types, operators and collations of their own.
    CustomObjects,
    /// `INSERT OR REPLACE`, `REPLACE`, `UPDATE OR IGNORE`.
    ConflictActions,
    /// `MERGE`.
    Merge,
    /// Functions take the names of configurations for text search as texts.
    TextSearchNames,
    /// A text behind a name, `float8 '1.5'`, is a value of that type.
    TypedTexts,
    /// `x.f` may call the function `f` with `x`.
    FieldFunctions,
    /// `INDEXED BY`.
    IndexHints,
    /// `XMLTABLE`, `XMLEXISTS`, `XMLFOREST`.
    Xml,
    /// Literals with a letter before the quote: escapes, national characters, bits.
    PrefixedTexts,
    /// A name in double quotes may be a text.
    DoubleQuotedTexts,
    /// Plans may be shown where they tell of no single values.
    SafePlans,
    /// `RLIKE`, `REGEXP`, `MATCH`, `IN table`.
    MatchOperators,
    /// To compare two values never fails.
    InfallibleComparisons,
    /// A query that ends with `VALUES` takes no `LIMIT`.
    ValuesWithoutLimit,
    /// The subquery in the place of a table can show system columns.
    SystemColumnsInSubqueries,
    /// A type in SQL means something.
    Types,
    /// Plans and relations tell how many rows there are, so that each relation has to be looked at.
    CountedRelations,
    /// A comment behind the last column is a part of its name.
    CommentsInNames,
    /// Words such as `user` stand for a function where a table is expected, and `ONLY` for a mark.
    KeywordTables,
    /// `0x1F`, `1_000`.
    PrefixedNumbers,
    /// `(row).*`.
    RowExpansion,
    /// `ANY (VALUES …)`, `SUBSTRING (a SIMILAR b)`.
    SpecialCalls,
}

impl Dialect {
    /// The backend's name as SQLAlchemy writes it.
    pub fn as_str(self) -> &'static str {
        self.rules().name()
    }

    /// The schema that an unqualified table is in when nobody says otherwise.
    pub fn default_schema(self) -> &'static str {
        self.rules().default_schema()
    }

    /// Whether all tables lie in one schema, whether it is named or not.
    pub fn has_one_schema(self) -> bool {
        self.has(Feature::OneSchema)
    }

    /// Whether people make functions, types, operators and collations of their own.
    pub fn has_custom_objects(self) -> bool {
        self.has(Feature::CustomObjects)
    }

    /// A stored name as people write it in SQL: in double quotes only where the database would read another without.
    pub fn written(self, name: &str) -> String {
        let rules = self.rules();
        let is_letter = |letter: char| letter == '_' || rules.is_plain_letter(letter);
        let is_plain = name.starts_with(is_letter)
            && name
                .chars()
                .all(|letter| is_letter(letter) || letter.is_ascii_digit())
            && !is_reserved(self, &name.to_ascii_lowercase());
        if is_plain {
            name.to_owned()
        } else {
            self.quote(name)
        }
    }

    /// The identifier in quotes, for SQL that we write ourselves.
    pub fn quote(self, identifier: &str) -> String {
        self.rules().quote(identifier)
    }

    /// The text as a literal, for SQL that we write ourselves. PostgreSQL reads it so with `standard_conforming_strings`
    /// on, which its engine sees to.
    pub fn literal(self, text: &str) -> String {
        self.rules().literal(text)
    }

    pub(crate) fn rules(self) -> &'static dyn SqlDialect {
        match self {
            Self::Sqlite => &sqlite::Sqlite,
            Self::PostgreSql => &postgres::PostgreSql,
        }
    }

    pub(crate) fn has(self, feature: Feature) -> bool {
        self.rules().has(feature)
    }
}

/// Text between quotes, which stand doubled in it: how the standard writes names and texts. No database takes U+0000.
fn quoted(quote: char, text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for letter in text.chars().filter(|letter| *letter != '\0') {
        quoted.push(letter);
        if letter == quote {
            quoted.push(letter);
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use super::Dialect::{PostgreSql, Sqlite};

    #[test]
    fn a_quote_in_a_name_or_a_text_does_not_end_it() {
        for dialect in [PostgreSql, Sqlite] {
            assert_eq!(r#""a""b'c\d""#, dialect.quote("a\"b'c\\d\0"));
            assert_eq!(r#"'a''b"c\d'"#, dialect.literal("a'b\"c\\d\0"));
        }
    }

    #[test]
    fn a_name_stands_in_quotes_where_the_database_would_read_another() {
        for (dialect, name, expected) in [
            (PostgreSql, "amount_2", "amount_2"),
            (PostgreSql, "orderDate", "\"orderDate\""),
            (Sqlite, "orderDate", "orderDate"),
            (PostgreSql, "order", "\"order\""),
            (Sqlite, "Order", "\"Order\""),
            (Sqlite, "index", "\"index\""),
            (PostgreSql, "index", "index"),
            (Sqlite, "2nd", "\"2nd\""),
            (PostgreSql, "größe", "\"größe\""),
            (PostgreSql, "a\"b", "\"a\"\"b\""),
            (Sqlite, "", "\"\""),
        ] {
            assert_eq!(expected, dialect.written(name));
        }
    }
}
