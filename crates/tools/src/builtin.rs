use std::sync::Arc;

use tidegate_types::Clock;

use crate::chart::{GetChartInfo, ListCharts};
use crate::dashboard::{GetDashboardInfo, ListDashboards};
use crate::database::{GetDatabaseInfo, ListDatabases};
use crate::dataset::{GetDatasetInfo, ListDatasets};
use crate::prompts::Quickstart;
use crate::resources::{InstanceMetadata, ModelSchema};
use crate::sql::ExecuteSql;
use crate::system::{CallTool, GetInstanceInfo, GetSchema, HealthCheck, SearchTools};
use crate::{Catalogue, CatalogueBuilder};

/// Tools of Superset 6.1's own service that are not here yet. Settings may name them: they are copied from a Superset's.
pub const NOT_HERE_YET: [&str; 12] = [
    "add_chart_to_existing_dashboard",
    "create_virtual_dataset",
    "generate_chart",
    "generate_dashboard",
    "generate_explore_link",
    "get_chart_data",
    "get_chart_preview",
    "get_chart_type_schema",
    "open_sql_lab_with_context",
    "save_sql_query",
    "update_chart",
    "update_chart_preview",
];

/// Tidegate's own tools, resources and prompts: one line each. More can be added to the builder.
pub fn builtin(clock: &Arc<dyn Clock>) -> CatalogueBuilder {
    let builder = Catalogue::builder()
        .tool(HealthCheck::started_now(clock.as_ref()))
        .tool(SearchTools)
        .tool(GetInstanceInfo)
        .tool(GetSchema)
        .tool(ListCharts)
        .tool(ListDashboards)
        .tool(ListDatasets)
        .tool(ListDatabases)
        .tool(GetChartInfo)
        .tool(GetDashboardInfo)
        .tool(GetDatasetInfo)
        .tool(GetDatabaseInfo)
        .tool(ExecuteSql)
        .raw_tool(CallTool::new())
        .resource(InstanceMetadata)
        .prompt(Quickstart);
    ModelSchema::all().fold(builder, CatalogueBuilder::resource)
}
