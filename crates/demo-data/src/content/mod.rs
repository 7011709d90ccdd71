//! What the metastore of the sample business holds: its database, datasets, charts, dashboards, roles and users.

mod access;
mod charts;
mod dashboards;
mod datasets;
mod ids;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::cell::{Cell, Row, Table};
use super::rng::Rng;

/// Name of the database in Superset's lists; part of permission names.
pub(super) const DATABASE_NAME: &str = "Sample business";

/// `dbs.uuid`: tells that a metastore was filled by this version of the seed.
pub(super) fn database_uuid() -> Uuid {
    uuid_of("database")
}

/// The same id in every workspace, so that an export of one fits another.
fn uuid_of(what: &str) -> Uuid {
    Rng::for_purpose(super::VERSION, what).uuid()
}

/// Where the sample data lie.
#[derive(Debug, Clone)]
pub(super) struct DataLocation {
    /// `dbs.sqlalchemy_uri`, the password replaced by ten times `X` as Superset does.
    pub(super) uri: String,
    /// `dbs.password`, encrypted.
    pub(super) password: Option<Vec<u8>>,
    /// The schema of the tables.
    pub(super) schema: &'static str,
    /// PostgreSQL: the database's name, which is the only catalog of a connection.
    pub(super) catalog: Option<String>,
}

impl DataLocation {
    /// `tables.schema_perm`.
    fn schema_perm(&self) -> String {
        match &self.catalog {
            Some(catalog) => format!("[{DATABASE_NAME}].[{catalog}].[{}]", self.schema),
            None => format!("[{DATABASE_NAME}].[{}]", self.schema),
        }
    }

    /// `tables.catalog_perm`.
    fn catalog_perm(&self) -> Option<String> {
        self.catalog
            .as_ref()
            .map(|catalog| format!("[{DATABASE_NAME}].[{catalog}]"))
    }

    /// View menus of the schema and the catalog, with their permissions.
    fn schema_perms(&self) -> Vec<(String, &'static str)> {
        let catalog = self.catalog_perm().map(|perm| (perm, "catalog_access"));
        catalog
            .into_iter()
            .chain([(self.schema_perm(), "schema_access")])
            .collect()
    }
}

/// View menu of `database_access`.
fn database_perm() -> String {
    format!("[{DATABASE_NAME}].(id:1)")
}

/// `tables.perm`, view menu of `datasource_access`.
fn dataset_perm(dataset: &datasets::Dataset) -> String {
    format!("[{DATABASE_NAME}].[{}](id:{})", dataset.name, dataset.id)
}

/// All rows, table by table, in an order that satisfies their references.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) tables: Vec<(Table, Vec<Row>)>,
    now: DateTime<Utc>,
}

impl Content {
    pub(super) fn build(place: &DataLocation, now: DateTime<Utc>) -> Self {
        let mut content = Self {
            tables: Vec::with_capacity(24),
            now,
        };
        // Roles and users first, since everything names its author.
        access::add(&mut content, place);
        add_database(&mut content, place);
        datasets::add(&mut content, place);
        charts::add(&mut content, place);
        dashboards::add(&mut content);
        content.in_order()
    }

    fn add(&mut self, table: Table, rows: impl IntoIterator<Item = Row>) {
        self.tables.push((table, rows.into_iter().collect()));
    }

    /// Puts the rule's links, which come with the roles, behind the datasets that they name.
    fn in_order(mut self) -> Self {
        self.tables
            .sort_by_key(|(table, _)| table.name.starts_with("rls_filter_"));
        self
    }
}

const DATABASE: Table = Table {
    name: "dbs",
    columns: &[
        "id",
        "created_on",
        "changed_on",
        "created_by_fk",
        "changed_by_fk",
        "database_name",
        "sqlalchemy_uri",
        "password",
        "extra",
        "select_as_create_table_as",
        "allow_ctas",
        "allow_cvas",
        "expose_in_sqllab",
        "allow_run_async",
        "allow_dml",
        "impersonate_user",
        "allow_file_upload",
        "configuration_method",
        "is_managed_externally",
        "uuid",
    ],
};

fn add_database(content: &mut Content, place: &DataLocation) {
    let now = content.now;
    let row = vec![
        1_i64.into(),
        now.into(),
        now.into(),
        access::ADMIN.into(),
        access::ADMIN.into(),
        DATABASE_NAME.into(),
        place.uri.clone().into(),
        place.password.clone().map_or(Cell::Null, Cell::Bytes),
        r#"{"allows_virtual_table_explore": true}"#.into(),
        false.into(),
        false.into(),
        false.into(),
        true.into(),
        false.into(),
        false.into(),
        false.into(),
        false.into(),
        "sqlalchemy_form".into(),
        false.into(),
        database_uuid().into(),
    ];
    content.add(DATABASE, [row]);
}
