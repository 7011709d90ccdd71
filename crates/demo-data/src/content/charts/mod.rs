//! The twelve charts: one of each common type.

mod parts;
mod people;
mod products;
mod sales;

use serde_json::{Value, json};

use super::super::cell::{Cell, Row, Table};
use super::datasets::{self, CUSTOMERS, WEB_SESSIONS};
use super::{Content, DataLocation, dashboards, ids, uuid_of};
use parts::merged;

const CHART: Table = Table {
    name: "slices",
    columns: &[
        "id",
        "created_on",
        "changed_on",
        "created_by_fk",
        "changed_by_fk",
        "slice_name",
        "description",
        "viz_type",
        "datasource_id",
        "datasource_type",
        "datasource_name",
        "params",
        "query_context",
        "perm",
        "schema_perm",
        "catalog_perm",
        "last_saved_at",
        "last_saved_by_fk",
        "is_managed_externally",
        "uuid",
    ],
};
const OWNER: Table = Table {
    name: "slice_user",
    columns: &["id", "user_id", "slice_id"],
};

/// A chart as its parts that differ.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) id: i64,
    pub(super) name: &'static str,
    description: &'static str,
    viz_type: &'static str,
    dataset: i64,
    owner: i64,
    /// What `params` holds beside what all charts have.
    form: Value,
    /// What the query holds beside what all queries have.
    query: Value,
}

impl Chart {
    /// `dashboards.position_json` and exports name a chart by it.
    pub(super) fn uuid(&self) -> uuid::Uuid {
        uuid_of(&format!("chart {}", self.id))
    }

    /// Superset's `form_data`: the settings of the chart's editor.
    fn form_data(&self) -> Value {
        let shared = json!({
            "datasource": format!("{}__table", self.dataset),
            "viz_type": self.viz_type,
            "slice_id": self.id,
            "dashboards": dashboards::with_chart(self.id),
            "adhoc_filters": [any_time(self.dataset)],
            "annotation_layers": [],
            "extra_form_data": {},
        });
        merged(shared, &self.form)
    }

    /// The request that Superset's editor would send for the chart's data.
    fn query_context(&self) -> Value {
        let shared = json!({
            "filters": [{"col": time_column(self.dataset), "op": "TEMPORAL_RANGE", "val": "No filter"}],
            "extras": {"having": "", "where": ""},
            "applied_time_extras": {},
            "columns": [],
            "annotation_layers": [],
            "row_limit": 10000,
            "series_limit": 0,
            "order_desc": true,
            "url_params": {},
            "custom_params": {},
            "custom_form_data": {},
        });
        let form = json!({"force": false, "result_format": "json", "result_type": "full"});
        json!({
            "datasource": {"id": self.dataset, "type": "table"},
            "force": false,
            "queries": [merged(shared, &self.query)],
            "form_data": merged(self.form_data(), &form),
            "result_format": "json",
            "result_type": "full",
        })
    }
}

const fn time_column(dataset: i64) -> &'static str {
    match dataset {
        CUSTOMERS => "signed_up_at",
        WEB_SESSIONS => "started_at",
        _ => "ordered_at",
    }
}

/// The time filter that Superset's editor starts with; dashboards put their own range in its place.
fn any_time(dataset: i64) -> Value {
    json!({
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": time_column(dataset),
        "operator": "TEMPORAL_RANGE",
        "comparator": "No filter",
    })
}

/// All charts, in the order of their ids.
pub(super) fn all() -> Vec<Chart> {
    vec![
        sales::total(),
        sales::orders_a_month(),
        sales::revenue_by_country(),
        people::visits_by_source(),
        products::revenue_by_category(),
        products::best_sellers(),
        products::categories_over_time(),
        sales::when_people_order(),
        products::product_map(),
        people::loyalty(),
        people::way_to_the_till(),
        people::conversion(),
    ]
}

pub(super) fn add(content: &mut Content, place: &DataLocation) {
    let now = content.now;
    let charts = all();
    let rows: Vec<Row> = charts
        .iter()
        .map(|chart| {
            vec![
                chart.id.into(),
                now.into(),
                now.into(),
                chart.owner.into(),
                chart.owner.into(),
                chart.name.into(),
                chart.description.into(),
                chart.viz_type.into(),
                chart.dataset.into(),
                "table".into(),
                datasets::name_of(chart.dataset).into(),
                chart.form_data().to_string().into(),
                chart.query_context().to_string().into(),
                datasets::perm_of(chart.dataset).into(),
                place.schema_perm().into(),
                Cell::opt(place.catalog_perm()),
                now.into(),
                chart.owner.into(),
                false.into(),
                chart.uuid().into(),
            ]
        })
        .collect();
    content.add(CHART, rows);
    content.add(
        OWNER,
        ids::link(charts.iter().map(|chart| (chart.owner, chart.id))),
    );
}
