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
