use sqlparser::dialect::{Dialect as ParserDialect, PostgreSqlDialect, SQLiteDialect};

use crate::reserved::is_reserved;

/// The SQL that a database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL 12 and later.
    PostgreSql,
}

impl Dialect {
    /// The backend's name as SQLAlchemy writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::PostgreSql => "postgresql",
        }
    }

    /// The schema that an unqualified table is in when nobody says otherwise.
    pub const fn default_schema(self) -> &'static str {
        match self {
            Self::Sqlite => "main",
            Self::PostgreSql => "public",
        }
    }

    pub(crate) fn parser(self) -> &'static dyn ParserDialect {
        match self {
            Self::Sqlite => &SQLiteDialect {},
            Self::PostgreSql => &PostgreSqlDialect {},
        }
    }

    /// A stored name as people write it in SQL: in double quotes only where the database would read another without.
    pub fn written(self, name: &str) -> String {
        let is_letter = |letter: char| {
            letter == '_'
                || letter.is_ascii_lowercase()
                // PostgreSQL would fold it.
                || (self == Self::Sqlite && letter.is_ascii_uppercase())
        };
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

    /// The identifier in double quotes, for SQL that we write ourselves.
    pub fn quote(self, identifier: &str) -> String {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect::{PostgreSql, Sqlite};

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
