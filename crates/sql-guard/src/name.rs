use std::fmt;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use crate::Dialect;

/// A table as a statement names it, in the form in which the database compares names: so two names
/// that the database takes for the same table are equal here.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The database of a three-part name.
    pub catalog: Option<String>,
    /// The schema, where the statement gives one.
    pub schema: Option<String>,
    /// The table or view.
    pub table: String,
}

impl TableName {
    /// A table that is named by its stored name, as a metastore holds it: exact, not yet folded.
    pub fn stored(dialect: Dialect, schema: Option<&str>, table: &str) -> Self {
        let fold = |text: &str| dialect.rules().fold(text, true);
        Self {
            catalog: None,
            schema: schema.map(fold),
            table: fold(table),
        }
    }

    /// The same name with `schema` where it has none.
    pub fn or_schema(&self, dialect: Dialect, schema: &str) -> Self {
        Self {
            schema: self
                .schema
                .clone()
                .or_else(|| Some(dialect.rules().fold(schema, true))),
            ..self.clone()
        }
    }

    /// A name without a schema, folded.
    pub(crate) fn bare(table: String) -> Self {
        Self {
            catalog: None,
            schema: None,
            table,
        }
    }

    /// The name with the one schema that there is, where there is no other.
    pub(crate) fn or_main(&self, dialect: Dialect) -> Self {
        if dialect.has_one_schema() {
            self.or_schema(dialect, dialect.default_schema())
        } else {
            self.clone()
        }
    }

    /// The name as people write it in SQL: see [`Dialect::written`].
    pub fn written(&self, dialect: Dialect) -> String {
        self.joined(|part| dialect.written(part))
    }

    /// The name in quotes, to be put into SQL.
    pub(crate) fn to_sql(&self, dialect: Dialect) -> String {
        self.joined(|part| dialect.quote(part))
    }

    fn joined(&self, write: impl Fn(&str) -> String) -> String {
        let parts = [&self.catalog, &self.schema].into_iter().flatten();
        let parts = parts.chain([&self.table]).map(|part| write(part));
        parts.collect::<Vec<_>>().join(".")
    }

    /// `None` for names of no or more than three parts, or with a part that is computed.
    pub(crate) fn parse(dialect: Dialect, name: &ObjectName) -> Option<Self> {
        let mut parts = Vec::with_capacity(3);
        for part in &name.0 {
            match part {
                ObjectNamePart::Identifier(ident) => parts.push(fold_ident(dialect, ident)),
                ObjectNamePart::Function(_) => return None,
            }
        }
        let table = parts.pop()?;
        let schema = parts.pop();
        let catalog = parts.pop();
        parts.is_empty().then_some(Self {
            catalog,
            schema,
            table,
        })
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.catalog, &self.schema].into_iter().flatten() {
            write!(f, "{part}.")?;
        }
        f.write_str(&self.table)
    }
}

/// The identifier as the database compares it. The parser runs without unescaping, so a quoted
/// identifier still has its quotes doubled.
pub(crate) fn fold_ident(dialect: Dialect, ident: &Ident) -> String {
    match ident.quote_style {
        None => dialect.rules().fold(&ident.value, false),
        Some(open) => {
            let close = if open == '[' { ']' } else { open };
            let doubled: String = [close, close].iter().collect();
            let undone = ident.value.replace(&doubled, &close.to_string());
            dialect.rules().fold(&undone, true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(dialect: Dialect, quote: Option<char>, text: &str) -> String {
        let ident = Ident {
            value: text.to_owned(),
            quote_style: quote,
            span: sqlparser::tokenizer::Span::empty(),
        };
        fold_ident(dialect, &ident)
    }

    #[test]
    fn names_are_folded_as_each_database_does() {
        assert_eq!("orders", folded(Dialect::PostgreSql, None, "Orders"));
        assert_eq!("Orders", folded(Dialect::PostgreSql, Some('"'), "Orders"));
        assert_eq!("orders", folded(Dialect::Sqlite, Some('['), "Orders"));
        assert_eq!("a\"b", folded(Dialect::PostgreSql, Some('"'), "a\"\"b"));
    }

    #[test]
    fn long_names_are_cut_where_postgresql_cuts_them() {
        let long = "a".repeat(70);
        assert_eq!(63, folded(Dialect::PostgreSql, None, &long).len());
        assert_eq!(70, folded(Dialect::Sqlite, None, &long).len());
        // A character is never split.
        let wide = "é".repeat(40);
        assert_eq!(62, folded(Dialect::PostgreSql, Some('"'), &wide).len());
    }
}
