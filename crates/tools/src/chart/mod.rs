//! Tools about charts.

mod get_chart_info;
mod list_charts;
mod listed;
mod summary;

pub(crate) use get_chart_info::GetChartInfo;
pub(crate) use list_charts::ListCharts;
pub(crate) use summary::ChartSummary;

/// The path of a chart's page.
fn path(id: i64) -> String {
    format!("/explore/?slice_id={id}")
}
