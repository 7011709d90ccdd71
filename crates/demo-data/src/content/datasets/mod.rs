//! The four datasets: three tables, and order lines joined with their products.

mod catalogue;

pub(super) use catalogue::{ALL, CUSTOMERS, Dataset, ORDER_ITEMS, ORDERS, WEB_SESSIONS};

use super::super::cell::{Cell, Row, Table};
use super::{Content, DataLocation, ids, uuid_of};
use catalogue::Kind;

const DATASET: Table = Table {
    name: "tables",
    columns: &[
        "id",
        "created_on",
        "changed_on",
        "created_by_fk",
        "changed_by_fk",
        "table_name",
        "description",
        "main_dttm_col",
        "database_id",
        "schema",
        "catalog",
        "sql",
        "perm",
        "schema_perm",
        "catalog_perm",
        "offset",
        "is_featured",
        "filter_select_enabled",
        "is_sqllab_view",
        "is_managed_externally",
        "normalize_columns",
        "always_filter_main_dttm",
        "uuid",
    ],
};
const COLUMN: Table = Table {
    name: "table_columns",
    columns: &[
        "id",
        "created_on",
        "changed_on",
        "created_by_fk",
        "changed_by_fk",
        "table_id",
        "column_name",
        "verbose_name",
        "description",
        "type",
        "is_dttm",
        "is_active",
        "groupby",
        "filterable",
        "uuid",
    ],
};
const METRIC: Table = Table {
    name: "sql_metrics",
    columns: &[
        "id",
        "created_on",
        "changed_on",
        "created_by_fk",
        "changed_by_fk",
        "table_id",
        "metric_name",
        "verbose_name",
        "metric_type",
        "expression",
        "description",
        "d3format",
        "currency",
        "uuid",
    ],
};
const OWNER: Table = Table {
    name: "sqlatable_user",
    columns: &["id", "user_id", "table_id"],
};

pub(super) fn name_of(id: i64) -> &'static str {
    ALL.iter()
        .find(|dataset| dataset.id == id)
        .expect("charts use datasets of this module")
        .name
}

pub(super) fn perm_of(id: i64) -> String {
    let dataset = ALL
        .iter()
        .find(|dataset| dataset.id == id)
        .expect("charts use datasets of this module");
    super::dataset_perm(dataset)
}

pub(super) fn add(content: &mut Content, place: &DataLocation) {
    let now = content.now;
    let mut datasets = Vec::new();
    let mut columns: Vec<Row> = Vec::new();
    let mut metrics: Vec<Row> = Vec::new();
    for dataset in &ALL {
        let author = dataset.owner;
        let stamps = || -> [Cell; 4] { [now.into(), now.into(), author.into(), author.into()] };
        datasets.push(dataset_row(dataset, place, stamps()));
        for (name, kind, verbose, description) in dataset.columns {
            let id = ids::next(&columns);
            let mut row: Row = vec![id.into()];
            row.extend(stamps());
            row.extend([
                dataset.id.into(),
                (*name).into(),
                (*verbose).into(),
                (*description).into(),
                kind.sql_type().into(),
                matches!(kind, Kind::Time).into(),
                true.into(),
                true.into(),
                true.into(),
                uuid_of(&format!("column {id}")).into(),
            ]);
            columns.push(row);
        }
        for metric in dataset.metrics {
            let id = ids::next(&metrics);
            let currency = if metric.is_money {
                r#"{"symbol": "EUR", "symbolPosition": "suffix"}"#
            } else {
                "null"
            };
            let mut row: Row = vec![id.into()];
            row.extend(stamps());
            row.extend([
                dataset.id.into(),
                metric.name.into(),
                metric.verbose.into(),
                metric.kind.into(),
                metric.expression.into(),
                metric.description.into(),
                Cell::opt(metric.format),
                currency.into(),
                uuid_of(&format!("metric {id}")).into(),
            ]);
            metrics.push(row);
        }
    }
    content.add(DATASET, datasets);
    content.add(COLUMN, columns);
    content.add(METRIC, metrics);
    content.add(
        OWNER,
        ids::link(ALL.iter().map(|dataset| (dataset.owner, dataset.id))),
    );
}

fn dataset_row(dataset: &Dataset, place: &DataLocation, stamps: [Cell; 4]) -> Row {
    let mut row: Row = vec![dataset.id.into()];
    row.extend(stamps);
    row.extend([
        dataset.name.into(),
        dataset.description.into(),
        dataset.time_column.into(),
        1_i64.into(),
        place.schema.into(),
        Cell::opt(place.catalog.clone()),
        Cell::opt(dataset.sql),
        super::dataset_perm(dataset).into(),
        place.schema_perm().into(),
        Cell::opt(place.catalog_perm()),
        0_i64.into(),
        false.into(),
        true.into(),
        false.into(),
        false.into(),
        false.into(),
        false.into(),
        uuid_of(&format!("dataset {}", dataset.id)).into(),
    ]);
    row
}
