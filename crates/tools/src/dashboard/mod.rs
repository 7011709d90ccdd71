//! Tools about dashboards.

mod get_dashboard_info;
mod list_dashboards;
mod listed;

use crate::CatalogueBuilder;

/// Adds them.
pub(crate) fn add(catalogue: CatalogueBuilder) -> CatalogueBuilder {
    catalogue
        .tool(get_dashboard_info::GetDashboardInfo)
        .tool(list_dashboards::ListDashboards)
}

/// The path of a dashboard's page: by its slug where it has one.
fn path(id: i64, slug: Option<&str>) -> String {
    match slug.filter(|slug| !slug.is_empty()) {
        Some(slug) => format!("/superset/dashboard/{slug}/"),
        None => format!("/superset/dashboard/{id}/"),
    }
}
