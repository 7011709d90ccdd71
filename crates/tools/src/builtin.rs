use std::sync::Arc;

use tidegate_types::Clock;

use crate::system::{CallTool, HealthCheck, SearchTools};
use crate::{Catalogue, CatalogueBuilder};

/// Tidegate's own tools, resources and prompts: one line each. More can be added to the builder.
pub fn builtin(clock: &Arc<dyn Clock>) -> CatalogueBuilder {
    Catalogue::builder()
        .tool(HealthCheck::started_now(clock.as_ref()))
        .tool(SearchTools)
        .raw_tool(CallTool::new())
}
