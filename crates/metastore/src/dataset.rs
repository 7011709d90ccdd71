use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};

use crate::access::datasets_seen;
use crate::listing::{
    Column, ColumnKind, Entity, Filter, Found, ListQuery, Page, Scalar, fetch_page, find,
};
use crate::{Access, Metastore, MetastoreError};

use ColumnKind::{Flag, Integer, Json, LongText, Text, Time, Uuid};

/// The columns of `tables`, in the order in which Superset shows them, and the name of the database.
pub static DATASET_COLUMNS: [Column; 33] = [
    Column::optional("cache_timeout", Integer),
    Column::optional("uuid", Uuid),
    Column::required("created_on", Time),
    Column::required("changed_on", Time),
    Column::required("id", Integer),
    Column::optional("description", Text),
    Column::optional("default_endpoint", Text),
    Column::optional("is_featured", Flag),
    Column::optional("filter_select_enabled", Flag),
    Column::optional("offset", Integer),
    Column::optional("params", Text),
    Column::optional("perm", Text),
    Column::optional("schema_perm", Text),
    Column::optional("catalog_perm", Text),
    Column::required("is_managed_externally", Flag),
    Column::optional("external_url", Text),
    Column::required("table_name", Text),
    Column::optional("main_dttm_col", Text),
    Column::optional("currency_code_column", Text),
    Column::required("database_id", Integer),
    Column::optional("fetch_values_predicate", Text),
    Column::optional("schema", Text),
    Column::optional("catalog", Text),
    Column::optional("sql", LongText),
    Column::optional("is_sqllab_view", Flag),
    Column::optional("template_params", Text),
    Column::optional("extra", Text),
    Column::optional("normalize_columns", Flag),
    Column::optional("always_filter_main_dttm", Flag),
    Column::optional("folders", Json),
    Column::optional("created_by_fk", Integer),
    Column::optional("changed_by_fk", Integer),
    Column::required("database_name", Text).of("dbs"),
];

/// The columns that a search looks into.
pub const DATASET_SEARCHED: &[&str] = &["table_name", "description"];

pub(crate) static DATASETS: Entity = Entity {
    table: "tables",
    operation: "read datasets",
    columns: &DATASET_COLUMNS,
    searched: DATASET_SEARCHED,
    owners: Some(("sqlatable_user", "table_id")),
    tagged_as: Some("dataset"),
    starred_as: None,
    join: |select| {
        select.inner_join(
            "dbs",
            Expr::col(("dbs", "id")).equals(("tables", "database_id")),
        );
    },
    seen: datasets_seen,
};

/// A column of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetColumn {
    /// `table_columns.column_name`.
    pub column_name: String,
    /// `table_columns.verbose_name`.
    pub verbose_name: Option<String>,
    /// `table_columns.type`, as the database names it.
    pub kind: Option<String>,
    /// Whether it holds times.
    pub is_dttm: Option<bool>,
    /// Whether charts may group by it.
    pub groupby: Option<bool>,
    /// Whether charts may filter by it.
    pub filterable: Option<bool>,
    /// `table_columns.description`.
    pub description: Option<String>,
    /// SQL, where the column is computed.
    pub expression: Option<String>,
}

/// A metric of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetMetric {
    /// `sql_metrics.metric_name`.
    pub metric_name: String,
    /// `sql_metrics.verbose_name`.
    pub verbose_name: Option<String>,
    /// SQL.
    pub expression: String,
    /// `sql_metrics.description`.
    pub description: Option<String>,
    /// `sql_metrics.d3format`.
    pub d3format: Option<String>,
}

/// A table that SQL names, as the datasets know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetOfTable {
    /// `tables.id`.
    pub id: i64,
    /// `tables.table_name`.
    pub table_name: String,
    /// `tables.catalog`.
    pub catalog: Option<String>,
    /// `tables.schema`.
    pub schema: Option<String>,
    /// `tables.sql`: set where the dataset is virtual, and then the name is not a table's.
    pub sql: Option<String>,
    /// Whether the dataset is open to the user.
    pub is_open: bool,
}

/// The dataset repository. Every call shows only datasets that are open to the user.
#[derive(Clone, Copy)]
pub struct Datasets<'a> {
    pub(crate) metastore: &'a Metastore,
}

impl Datasets<'_> {
    /// A page of datasets. One statement, and one more for each of owners, tags and people, side by side.
    pub async fn list(&self, access: &Access, query: &ListQuery) -> Result<Page, MetastoreError> {
        fetch_page(self.metastore.pool(), &DATASETS, access, query).await
    }

    /// The dataset of that id, with owners, tags and people. Four statements, three of them side by side.
    pub async fn by_id(&self, access: &Access, id: i64) -> Result<Option<Found>, MetastoreError> {
        find(
            self.metastore.pool(),
            &DATASETS,
            access,
            "id",
            Filter::Equal(Scalar::Integer(id)),
        )
        .await
    }

    /// The dataset of that UUID, likewise.
    pub async fn by_uuid(
        &self,
        access: &Access,
        uuid: uuid::Uuid,
    ) -> Result<Option<Found>, MetastoreError> {
        find(
            self.metastore.pool(),
            &DATASETS,
            access,
            "uuid",
            Filter::Equal(Scalar::Text(uuid.to_string())),
        )
        .await
    }

    /// The columns of datasets that the caller has found, by the dataset's id, in the order in which they are
    /// stored: Superset asks for no order either, and shows them so. One statement.
    pub async fn columns_of(
        &self,
        ids: &[i64],
    ) -> Result<BTreeMap<i64, Vec<DatasetColumn>>, MetastoreError> {
        let mut columns: BTreeMap<i64, Vec<DatasetColumn>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(columns);
        }
        let statement = Query::select()
            .columns([
                "table_id",
                "column_name",
                "verbose_name",
                "type",
                "is_dttm",
                "groupby",
                "filterable",
                "description",
                "expression",
            ])
            .from("table_columns")
            .and_where(Expr::col("table_id").is_in(ids.iter().copied()))
            .to_owned();
        for row in self
            .metastore
            .pool()
            .fetch("read the columns of datasets", &statement)
            .await?
        {
            columns.entry(row.id(0)?).or_default().push(DatasetColumn {
                column_name: row.text_or_empty(1)?,
                verbose_name: row.text(2)?,
                kind: row.text(3)?,
                is_dttm: row.flag(4)?,
                groupby: row.flag(5)?,
                filterable: row.flag(6)?,
                description: row.text(7)?,
                expression: row.text(8)?,
            });
        }
        Ok(columns)
    }

    /// The metrics of datasets that the caller has found, likewise. One statement.
    pub async fn metrics_of(
        &self,
        ids: &[i64],
    ) -> Result<BTreeMap<i64, Vec<DatasetMetric>>, MetastoreError> {
        let mut metrics: BTreeMap<i64, Vec<DatasetMetric>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(metrics);
        }
        let statement = Query::select()
            .columns([
                "table_id",
                "metric_name",
                "verbose_name",
                "expression",
                "description",
                "d3format",
            ])
            .from("sql_metrics")
            .and_where(Expr::col("table_id").is_in(ids.iter().copied()))
            .to_owned();
        for row in self
            .metastore
            .pool()
            .fetch("read the metrics of datasets", &statement)
            .await?
        {
            metrics.entry(row.id(0)?).or_default().push(DatasetMetric {
                metric_name: row.text_or_empty(1)?,
                verbose_name: row.text(2)?,
                expression: row.text_or_empty(3)?,
                description: row.text(4)?,
                d3format: row.text(5)?,
            });
        }
        Ok(metrics)
    }

    /// Whether any dataset in this schema of the database is open to the caller. One statement.
    pub async fn has_open_one_in(
        &self,
        access: &Access,
        database_id: i64,
        schema: &str,
    ) -> Result<bool, MetastoreError> {
        let statement = Query::select()
            .distinct()
            .columns(["perm", "schema_perm", "catalog_perm"])
            .from("tables")
            .and_where(Expr::col("database_id").eq(database_id))
            .and_where(Expr::col("schema").eq(schema))
            .to_owned();
        let rows = self
            .metastore
            .pool()
            .fetch("look up the datasets of a schema", &statement)
            .await?;
        for row in rows {
            let (perm, schema_perm, catalog_perm) = (row.text(0)?, row.text(1)?, row.text(2)?);
            let perms = crate::DatasourcePerms {
                perm: perm.as_deref(),
                schema_perm: schema_perm.as_deref(),
                catalog_perm: catalog_perm.as_deref(),
            };
            if access.can_access_datasource(database_id, perms) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The datasets of a database whose tables bear one of these names in any case, closed ones too:
    /// what decides whether SQL may name a table. Several may share a name, in different schemas. One
    /// statement.
    pub async fn of_tables(
        &self,
        access: &Access,
        database_id: i64,
        names: &[&str],
    ) -> Result<Vec<DatasetOfTable>, MetastoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let names = names.iter().map(|name| name.to_lowercase());
        let bears_one = Expr::expr(sea_query::Func::lower(Expr::col("table_name"))).is_in(names);
        let statement = tables_of(database_id).and_where(bears_one).to_owned();
        self.tables(access, database_id, &statement).await
    }

    /// The datasets of a database, closed ones too; the first 10,000. One statement.
    pub async fn of_database(
        &self,
        access: &Access,
        database_id: i64,
    ) -> Result<Vec<DatasetOfTable>, MetastoreError> {
        let statement = tables_of(database_id).limit(10_000).to_owned();
        self.tables(access, database_id, &statement).await
    }

    async fn tables(
        &self,
        access: &Access,
        database_id: i64,
        statement: &SelectStatement,
    ) -> Result<Vec<DatasetOfTable>, MetastoreError> {
        let rows = self
            .metastore
            .pool()
            .fetch("look up the datasets of tables", statement)
            .await?;
        rows.iter()
            .map(|row| {
                let (perm, schema_perm, catalog_perm) = (row.text(5)?, row.text(6)?, row.text(7)?);
                let perms = crate::DatasourcePerms {
                    perm: perm.as_deref(),
                    schema_perm: schema_perm.as_deref(),
                    catalog_perm: catalog_perm.as_deref(),
                };
                Ok(DatasetOfTable {
                    id: row.id(0)?,
                    table_name: row.text_or_empty(1)?,
                    catalog: row.text(2)?.filter(|name| !name.is_empty()),
                    schema: row.text(3)?.filter(|name| !name.is_empty()),
                    sql: row.text(4)?.filter(|sql| !sql.is_empty()),
                    is_open: access.can_access_datasource(database_id, perms),
                })
            })
            .collect()
    }
}

/// The columns that [`DatasetOfTable`] is made of.
fn tables_of(database_id: i64) -> SelectStatement {
    Query::select()
        .columns([
            "id",
            "table_name",
            "catalog",
            "schema",
            "sql",
            "perm",
            "schema_perm",
            "catalog_perm",
        ])
        .from("tables")
        .and_where(Expr::col("database_id").eq(database_id))
        .order_by("id", Order::Asc)
        .to_owned()
}
