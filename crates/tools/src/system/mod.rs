//! Tools about the workspace and about the tools themselves.

pub(crate) mod call_tool;
pub(crate) mod get_instance_info;
pub(crate) mod get_schema;
mod health_check;
pub(crate) mod search_tools;

pub(crate) use call_tool::CallTool;
pub(crate) use get_instance_info::GetInstanceInfo;
pub(crate) use get_schema::GetSchema;
pub(crate) use health_check::HealthCheck;
pub(crate) use search_tools::SearchTools;
