use serde::Serialize;
use tidegate_metastore::ChartOnDashboard;

use super::path;
use crate::CallContext;

/// A chart as its dashboard shows it.
#[derive(Debug, Serialize)]
pub(crate) struct ChartSummary {
    datasource_name: Option<String>,
    description: Option<String>,
    id: i64,
    slice_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    viz_type: Option<String>,
}

impl ChartSummary {
    pub(crate) fn new(context: &CallContext, chart: ChartOnDashboard) -> Self {
        Self {
            datasource_name: chart.datasource_name,
            description: chart.description,
            id: chart.id,
            slice_name: chart.slice_name,
            url: context.workspace.link(&path(chart.id)),
            viz_type: chart.viz_type,
        }
    }
}
