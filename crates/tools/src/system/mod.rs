//! Tools about the workspace and about the tools themselves.

pub(crate) mod call_tool;
pub(crate) mod get_instance_info;
pub(crate) mod get_schema;
mod health_check;
pub(crate) mod search_tools;

use tidegate_types::Clock;

use crate::CatalogueBuilder;

/// Adds them.
pub(crate) fn add(catalogue: CatalogueBuilder, clock: &dyn Clock) -> CatalogueBuilder {
    catalogue
        .raw_tool(call_tool::CallTool::new())
        .tool(get_instance_info::GetInstanceInfo)
        .tool(get_schema::GetSchema)
        .tool(health_check::HealthCheck::started_now(clock))
        .tool(search_tools::SearchTools)
}
