//! Tools about the workspace and about the tools themselves.

pub(crate) mod call_tool;
mod health_check;
pub(crate) mod search_tools;

pub(crate) use call_tool::CallTool;
pub(crate) use health_check::HealthCheck;
pub(crate) use search_tools::SearchTools;
