//! Tools about charts.

mod get_chart_info;
mod list_charts;
mod listed;
mod summary;

use crate::CatalogueBuilder;

pub(crate) use summary::ChartSummary;

/// Adds them.
pub(crate) fn add(catalogue: CatalogueBuilder) -> CatalogueBuilder {
    catalogue
        .tool(get_chart_info::GetChartInfo)
        .tool(list_charts::ListCharts)
}

/// The path of a chart's page.
fn path(id: i64) -> String {
    format!("/explore/?slice_id={id}")
}
