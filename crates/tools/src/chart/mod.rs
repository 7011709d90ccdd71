//! Tools about charts.

mod get_chart_info;
mod list_charts;
mod subject;

pub(crate) use get_chart_info::GetChartInfo;
pub(crate) use list_charts::ListCharts;
pub(crate) use subject::{CHARTS, path};
