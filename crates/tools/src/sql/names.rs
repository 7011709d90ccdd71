//! Which tables the unqualified names of a script mean.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_engines::QueryError;
use tidegate_sql_guard::{Dialect, TableName};

use super::open::OpenDatabase;

/// The schemas in which a call's unqualified names are looked up, and what they were found to mean there.
///
/// Between this look and the run somebody may make a table of the same name in an earlier schema of the path. Who
/// can do that decides what everybody's unqualified names mean; a name with its schema is not concerned.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// What the call looks names up in: the schema that it asks for, then the connection's own path.
    path: Vec<String>,
    own_path: Vec<String>,
    found: BTreeMap<String, String>,
    own_found: BTreeMap<String, String>,
}

/// PostgreSQL's own relations come before those of the path, and all of their names begin so.
const SYSTEM_PREFIX: &str = "pg_";

impl Names {
    /// Asks where names are looked up, and looks up these. Nothing of SQLite has to be asked; of PostgreSQL the path at
    /// most twice a minute, and the names only where the path has several schemas.
    pub(super) async fn resolve(
        database: &OpenDatabase,
        tables: &BTreeSet<&TableName>,
        schema: Option<&str>,
    ) -> Result<Self, QueryError> {
        let own_path = database.engine.search_path(database.user).await?;
        let mut path: Vec<String> = schema.map(str::to_owned).into_iter().collect();
        path.extend(own_path.iter().filter(|own| schema != Some(own)).cloned());
        let mut names = Self {
            path,
            own_path,
            ..Self::default()
        };
        let all = tables.iter().map(|table| table.table.as_str());
        names.own_found = look_up(database, &names.own_path, all.collect()).await?;
        names.found = if names.path == names.own_path {
            names.own_found.clone()
        } else {
            let unqualified = tables.iter().filter(|table| table.schema.is_none());
            let unqualified = unqualified.map(|table| table.table.as_str());
            look_up(database, &names.path, unqualified.collect()).await?
        };
        Ok(names)
    }

    /// One table that is where the connection looks it up by itself.
    #[cfg(test)]
    pub(super) fn at_home(table: &str, schema: &str) -> Self {
        let found = BTreeMap::from([(table.to_owned(), schema.to_owned())]);
        Self {
            path: vec![schema.to_owned()],
            own_path: vec![schema.to_owned()],
            own_found: found.clone(),
            found,
        }
    }

    /// Where the call looks names up.
    pub(super) fn path(&self) -> &[String] {
        &self.path
    }

    /// Where the connection looks names up by itself.
    pub(super) fn own_path(&self) -> &[String] {
        &self.own_path
    }

    /// The table's own schema, or the one in which its name is found; `None` when it is found nowhere.
    pub(super) fn schema_of<'t>(&'t self, table: &'t TableName) -> Option<&'t str> {
        let own = table.schema.as_deref();
        own.or_else(|| self.found.get(&table.table).map(String::as_str))
    }

    /// Whether `schema`, where `table` is, is what the connection by itself means by the table's bare name. A
    /// dataset without a schema is such a table.
    pub(super) fn is_at_home(&self, dialect: Dialect, table: &str, schema: &str) -> bool {
        let home = self.own_found.get(table).or(match &*self.own_path {
            // Names that came up later, such as a type's table: there is nothing to choose.
            [only] => Some(only),
            _ => None,
        });
        home.is_some_and(|home| {
            TableName::stored(dialect, Some(home), table)
                == TableName::stored(dialect, Some(schema), table)
        })
    }
}

async fn look_up(
    database: &OpenDatabase,
    path: &[String],
    names: BTreeSet<&str>,
) -> Result<BTreeMap<String, String>, QueryError> {
    let has_system_names = !database.engine.dialect().has_one_schema();
    // With one schema there is nothing to choose, but for what the system has itself.
    let (settled, open): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| {
        path.len() == 1 && !(has_system_names && name.starts_with(SYSTEM_PREFIX))
    });
    let open: Vec<String> = open.into_iter().map(str::to_owned).collect();
    let mut found = if open.is_empty() {
        BTreeMap::new()
    } else {
        database
            .engine
            .find_tables(database.user, path, &open)
            .await?
    };
    if let [only] = path {
        found.extend(
            settled
                .into_iter()
                .map(|name| (name.to_owned(), only.clone())),
        );
    }
    Ok(found)
}
