//! What a database says of a name that it does not know.

use tidegate_sql_guard::Dialect;

use crate::QueryError;

/// A name in a statement that the database does not know, as far as its words tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownName {
    /// A table or view, without its schema.
    Table(String),
    /// A column, without its table. `None`: the server speaks another language than English.
    Column(Option<String>),
}

impl UnknownName {
    /// `None` when the failure is about something else.
    pub fn of(dialect: Dialect, err: &QueryError) -> Option<Self> {
        let QueryError::Database { message, code } = err else {
            return None;
        };
        // Hints come on lines of their own.
        let message = message.lines().next()?;
        match (dialect, code.as_deref()) {
            // undefined_column
            (Dialect::PostgreSql, Some("42703")) => {
                let name = message.strip_prefix("column ").and_then(|rest| {
                    match rest.strip_prefix('"') {
                        Some(quoted) => quoted.split_once('"').map(|(name, _)| name),
                        // With its table, and without quotes.
                        None => rest.strip_suffix(" does not exist").map(last),
                    }
                });
                Some(Self::Column(name.map(str::to_owned)))
            }
            // undefined_table, which a name is as well that stands for no table of the FROM.
            (Dialect::PostgreSql, Some("42P01")) => {
                let name = message
                    .strip_prefix("relation \"")?
                    .strip_suffix("\" does not exist")?;
                Some(Self::Table(last(name).to_owned()))
            }
            // SQLITE_ERROR, which most mistakes are.
            (Dialect::Sqlite, Some("1")) => {
                if let Some(name) = message.strip_prefix("no such table: ") {
                    Some(Self::Table(last(name).to_owned()))
                } else {
                    let name = match message.strip_prefix("no such column: ") {
                        // It suspects that a text was meant, and says so.
                        Some(name) => last(name.split(" - should this be").next()?),
                        None => message.split_once(" has no column named ")?.1,
                    };
                    Some(Self::Column(Some(name.trim_matches('"').to_owned())))
                }
            }
            _ => None,
        }
    }
}

/// What comes after the last dot.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unknown_name_is_found_in_what_each_database_says() {
        let table = |name: &str| Some(UnknownName::Table(name.to_owned()));
        let column = |name: &str| Some(UnknownName::Column(Some(name.to_owned())));
        let (postgres, sqlite) = (Dialect::PostgreSql, Dialect::Sqlite);
        for (dialect, code, message, expected) in [
            (
                postgres,
                "42P01",
                r#"relation "salez" does not exist"#,
                table("salez"),
            ),
            (
                postgres,
                "42P01",
                r#"relation "shop.salez" does not exist"#,
                table("salez"),
            ),
            (
                postgres,
                "42P01",
                r#"missing FROM-clause entry for table "s""#,
                None,
            ),
            (
                postgres,
                "42703",
                r#"column "amout" does not exist"#,
                column("amout"),
            ),
            (
                postgres,
                "42703",
                "column s.amout does not exist\nHINT: Perhaps you meant to reference the column \"s.amount\".",
                column("amout"),
            ),
            (
                postgres,
                "42703",
                r#"column "amout" of relation "sales" does not exist"#,
                column("amout"),
            ),
            (
                postgres,
                "42703",
                "Spalte »amout« existiert nicht",
                Some(UnknownName::Column(None)),
            ),
            (
                postgres,
                "42883",
                "function amout(integer) does not exist",
                None,
            ),
            (sqlite, "1", "no such table: salez", table("salez")),
            (sqlite, "1", "no such table: main.salez", table("salez")),
            (sqlite, "1", "no such column: amout", column("amout")),
            (sqlite, "1", "no such column: s.amout", column("amout")),
            (
                sqlite,
                "1",
                r#"no such column: "amout" - should this be a string literal in single-quotes?"#,
                column("amout"),
            ),
            (
                sqlite,
                "1",
                "table sales has no column named amout",
                column("amout"),
            ),
            (sqlite, "1", "no such function: amout", None),
        ] {
            let err = QueryError::Database {
                message: message.to_owned(),
                code: Some(code.to_owned()),
            };
            assert_eq!(expected, UnknownName::of(dialect, &err), "{message}");
        }
    }
}
