#![doc = include_str!("../README.md")]

mod catalogue;
mod context;
mod failure;
mod prompt;
mod resource;
mod spec;
mod tool;
mod workspace;

pub use catalogue::Catalogue;
pub use context::{Answers, CallContext, ClientChannel, Questions};
pub use failure::{ArgumentProblem, ToolFailure};
pub use prompt::Prompt;
pub use resource::{Resource, ResourceTemplate};
pub use spec::{CacheRule, Permission, SizeRule, ToolSpec};
pub use tool::{AnyTool, Tool, ToolOutput};
pub use workspace::{SqlLimits, Workspace};
