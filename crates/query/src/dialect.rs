use sqlparser::dialect::{Dialect as ParserDialect, PostgreSqlDialect, SQLiteDialect};

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

    /// The identifier in double quotes, for SQL that we write ourselves.
    pub fn quote(self, identifier: &str) -> String {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }
}
