//! Tools about dashboards.

mod get_dashboard_info;
mod list_dashboards;
mod subject;

pub(crate) use get_dashboard_info::GetDashboardInfo;
pub(crate) use list_dashboards::ListDashboards;
pub(crate) use subject::{DASHBOARDS, path};
