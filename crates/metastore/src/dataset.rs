use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use tidegate_database::{Backend, NamedRow, row, rows_as_json};
use tidegate_types::EntityKind;

use crate::keyed::{keyed_by, read_keyed};
use crate::table::{Entity, Parts, Storage, table};
use crate::{Access, DatasourcePerms, MetastoreError, Repository};

table! {
    /// A dataset: a row of `tables`, with the name of its database.
    pub struct Dataset in "tables" {
        cache_timeout: Integer | null, "Seconds that its data may be cached";
        uuid: Uuid | null, "UUID that identifies it, the same in every environment";
        created_on: Time | null, "When it was created, UTC", sort(9) filled();
        changed_on: Time | null, "When it was changed last, UTC", list(8) sort(8) filled();
        id: Integer, "Whole number that identifies it", list(0) sort(0);
        description: Text | null, "What its author wrote about it", list(3) search(2);
        default_endpoint: Text | null, "Link that opens instead of its page";
        is_featured: Flag | null, "Whether it is featured";
        filter_select_enabled: Flag | null, "Whether filters offer lists of values";
        offset: Integer | null, "Hours that its times are shifted by";
        params: Text | null, "Settings as JSON text", json();
        perm: Text | null, "Permission that opens it";
        schema_perm: Text | null, "Permission that opens its schema";
        catalog_perm: Text | null, "Permission that opens its catalog";
        is_managed_externally: Flag, "Whether another system manages it";
        external_url: Text | null, "Where that other system shows it";
        table_name: Text, "The dataset's name: that of the table, or of the query",
            list(1) sort(1) search(1) filter(1);
        main_dttm_col: Text | null, "Column that time ranges apply to";
        currency_code_column: Text | null, "Column with currency codes";
        database_id: Integer, "Id of the database that it is in";
        fetch_values_predicate: Text | null, "SQL condition for lists of filter values";
        schema: Text | null, "Schema of the table", list(1) sort(1) filter(1);
        catalog: Text | null, "Catalog of the table";
        sql: LongText | null, "The query of a virtual dataset";
        is_sqllab_view: Flag | null, "Whether it was made from a query in SQL Lab";
        template_params: Text | null, "Parameters of its templates as JSON", json();
        extra: Text | null, "Further settings as JSON", json();
        normalize_columns: Flag | null, "Whether column names are brought to one case";
        always_filter_main_dttm: Flag | null, "Whether time ranges always apply to the main time column";
        folders: Json | null, "How its columns and metrics are grouped", json();
        created_by_fk: Integer | null, "Id of the user who created it";
        changed_by_fk: Integer | null, "Id of the user who changed it last";
        database_name: Text, "Name of the database connection",
            of("dbs") filter(1) operators(&["eq", "like", "ilike"]);
    }
}

impl Entity for Dataset {
    const KIND: EntityKind = EntityKind::Dataset;
    const PLURAL: &'static str = "datasets";
    const STORAGE: Storage = Storage {
        operation: "read datasets",
        tagged_as: Some("dataset"),
        starred_as: None,
        view: "Dataset",
        join: |select| {
            select.inner_join(
                "dbs",
                Expr::col(("dbs", "id")).equals(("tables", "database_id")),
            );
        },
    };
    type Parts = DatasetParts;
}

row! {
    /// A column of a dataset.
    pub struct DatasetColumn {
        /// `table_columns.column_name`.
        pub column_name: String = table_columns.column_name,
        /// `table_columns.verbose_name`.
        pub verbose_name: Option<String> = table_columns.verbose_name,
        /// `table_columns.type`, as the database names it.
        pub kind: Option<String> = table_columns.type,
        /// Whether it holds times.
        pub is_dttm: Option<bool> = table_columns.is_dttm,
        /// Whether charts may group by it.
        pub groupby: Option<bool> = table_columns.groupby,
        /// Whether charts may filter by it.
        pub filterable: Option<bool> = table_columns.filterable,
        /// `table_columns.description`.
        pub description: Option<String> = table_columns.description,
        /// SQL, where the column is computed.
        pub expression: Option<String> = table_columns.expression,
    }
}

row! {
    /// A metric of a dataset.
    pub struct DatasetMetric {
        /// `sql_metrics.metric_name`.
        pub metric_name: String = sql_metrics.metric_name,
        /// `sql_metrics.verbose_name`.
        pub verbose_name: Option<String> = sql_metrics.verbose_name,
        /// SQL.
        pub expression: String = sql_metrics.expression,
        /// `sql_metrics.description`.
        pub description: Option<String> = sql_metrics.description,
        /// `sql_metrics.d3format`.
        pub d3format: Option<String> = sql_metrics.d3format,
    }
}

/// What a dataset is made of, in the order in which it is stored: Superset asks for no order either, and shows it so.
#[derive(Debug, Clone)]
pub struct DatasetParts {
    /// Its columns.
    pub columns: Vec<DatasetColumn>,
    /// Its metrics.
    pub metrics: Vec<DatasetMetric>,
}

impl Parts for DatasetParts {
    fn select(statement: &mut SelectStatement, backend: Backend) {
        let id = ("tables", "id");
        let columns = columns()
            .and_where(Expr::col(("table_columns", "table_id")).equals(id))
            .to_owned();
        let metrics = metrics()
            .and_where(Expr::col(("sql_metrics", "table_id")).equals(id))
            .to_owned();
        statement
            .expr_as(rows_as_json::<DatasetColumn>(backend, columns), "columns")
            .expr_as(rows_as_json::<DatasetMetric>(backend, metrics), "metrics");
    }

    fn read(row: &dyn NamedRow) -> Result<Self, MetastoreError> {
        Ok(Self {
            columns: row.rows("columns")?,
            metrics: row.rows("metrics")?,
        })
    }
}

fn columns() -> SelectStatement {
    DatasetColumn::select(&mut Query::select())
        .from("table_columns")
        .to_owned()
}

fn metrics() -> SelectStatement {
    DatasetMetric::select(&mut Query::select())
        .from("sql_metrics")
        .to_owned()
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

row! {
    struct TableRow {
        id: i64 = tables.id,
        table_name: String = tables.table_name,
        catalog: Option<String> = tables.catalog,
        schema: Option<String> = tables.schema,
        sql: Option<String> = tables.sql,
        perm: Option<String> = tables.perm,
        schema_perm: Option<String> = tables.schema_perm,
        catalog_perm: Option<String> = tables.catalog_perm,
    }
}

row! {
    struct PermRow {
        perm: Option<String> = tables.perm,
        schema_perm: Option<String> = tables.schema_perm,
        catalog_perm: Option<String> = tables.catalog_perm,
    }
}

impl Repository<'_, Dataset> {
    /// The columns of datasets that the caller has found, by the dataset's id. One statement.
    pub async fn columns_of(
        &self,
        ids: &[i64],
    ) -> Result<BTreeMap<i64, Vec<DatasetColumn>>, MetastoreError> {
        let statement = keyed_by(columns(), ("table_columns", "table_id"), ids);
        read_keyed(self.pool(), "read the columns of datasets", statement, ids).await
    }

    /// The metrics of datasets that the caller has found, likewise. One statement.
    pub async fn metrics_of(
        &self,
        ids: &[i64],
    ) -> Result<BTreeMap<i64, Vec<DatasetMetric>>, MetastoreError> {
        let statement = keyed_by(metrics(), ("sql_metrics", "table_id"), ids);
        read_keyed(self.pool(), "read the metrics of datasets", statement, ids).await
    }

    /// Whether any dataset in this schema of the database is open to the caller. One statement.
    pub async fn has_open_one_in(
        &self,
        access: &Access,
        database_id: i64,
        schema: &str,
    ) -> Result<bool, MetastoreError> {
        let statement = PermRow::select(Query::select().distinct())
            .from("tables")
            .and_where(Expr::col("database_id").eq(database_id))
            .and_where(Expr::col("schema").eq(schema))
            .to_owned();
        let operation = "look up the datasets of a schema";
        let rows: Vec<PermRow> = self.pool().read(operation, &statement).await?;
        Ok(rows.iter().any(|row| {
            let perms = DatasourcePerms {
                perm: row.perm.as_deref(),
                schema_perm: row.schema_perm.as_deref(),
                catalog_perm: row.catalog_perm.as_deref(),
            };
            access.can_access_datasource(database_id, perms)
        }))
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
        let operation = "look up the datasets of tables";
        let rows: Vec<TableRow> = self.pool().read(operation, statement).await?;
        let is_open = |row: &TableRow| {
            let perms = DatasourcePerms {
                perm: row.perm.as_deref(),
                schema_perm: row.schema_perm.as_deref(),
                catalog_perm: row.catalog_perm.as_deref(),
            };
            access.can_access_datasource(database_id, perms)
        };
        let of = |row: TableRow| DatasetOfTable {
            is_open: is_open(&row),
            id: row.id,
            table_name: row.table_name,
            catalog: row.catalog.filter(|name| !name.is_empty()),
            schema: row.schema.filter(|name| !name.is_empty()),
            sql: row.sql.filter(|sql| !sql.is_empty()),
        };
        Ok(rows.into_iter().map(of).collect())
    }
}

/// The columns that [`DatasetOfTable`] is made of.
fn tables_of(database_id: i64) -> SelectStatement {
    TableRow::select(&mut Query::select())
        .from("tables")
        .and_where(Expr::col("database_id").eq(database_id))
        .order_by(("tables", "id"), Order::Asc)
        .to_owned()
}
