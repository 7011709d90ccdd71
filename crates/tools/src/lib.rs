#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod arguments;
mod builtin;
mod catalogue;
mod chart;
mod context;
mod dashboard;
mod database;
mod dataset;
mod failure;
mod fields;
mod layer;
mod listing;
mod prompt;
mod prompts;
mod resource;
mod resources;
mod size;
mod spec;
mod sql;
mod system;
mod tool;
mod typed;
mod visibility;
mod workspace;
mod write_tool;

pub use arguments::{
    Accepted, ArgumentLayout, ArgumentSchema, CallArguments, NoArguments, UnsupportedSchema,
};
pub use builtin::{NOT_HERE_YET, builtin};
pub use catalogue::{
    CallRefusal, Catalogue, CatalogueBuilder, CatalogueEntry, CatalogueError, ResolvedCall,
    SEARCHING_TOOLS,
};
pub use context::{
    Answers, CallContext, Change, ChangeNotifier, ClientChannel, Questions, WriteMark,
};
pub use failure::{ArgumentProblem, ToolFailure};
pub use fields::hide_fields;
pub use layer::{CallLayer, LayeredCall};
pub use prompt::Prompt;
pub use resource::{Resource, ResourceTemplate};
pub use size::{Fitted, SizeBudget, SizeWarning, estimate_tokens};
pub use spec::{CacheRule, Permission, Redaction, SizeRule, ToolSpec, Touches};
pub use tool::{AnyTool, Tool, ToolFuture, ToolOutput};
pub use visibility::{Grants, ToolVisibility, decide};
pub use workspace::{Features, FixedFeatures, SqlLimits, Workspace};
pub use write_tool::{CallWork, WriteTool};
