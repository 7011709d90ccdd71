use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_metastore::{Chart, Direction, ListQuery};
use tidegate_protocol::ToolAnnotations;
use tidegate_tools::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};
use tidegate_types::Scope;

/// Tells how many charts there are.
pub struct CountCharts;

/// What the call takes; the comments are what models read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Only charts with this text in their name or description.
    #[serde(default)]
    search: Option<String>,
}

/// What it gives.
#[derive(Debug, Serialize)]
pub struct Counted {
    /// Charts that the caller can see.
    count: u64,
}

impl Tool for CountCharts {
    type Arguments = Arguments;
    type Answer = Counted;

    const SPEC: ToolSpec = ToolSpec {
        name: "count_charts",
        title: "Count charts",
        description: "Tells how many charts you can see, all of them or those with a text in their name.",
        scope: Scope::Read,
        permission: Some(Permission {
            permission: "can_read",
            view: "Chart",
        }),
        annotations: ToolAnnotations::READS,
        tags: &["discovery"],
        touches: Touches::Databases,
        cache: CacheRule::PerRights,
        size: SizeRule::Exempt,
        redaction: Redaction::Entities,
    };

    async fn call(
        &self,
        context: &CallContext,
        arguments: Arguments,
    ) -> Result<Counted, ToolFailure> {
        let query = ListQuery {
            search: arguments.search,
            limit: 1,
            ..ListQuery::new(Chart::id.column(), Direction::Ascending)
        };
        let charts = context.workspace.metastore.charts();
        let page = charts.list(&context.access, &query).await?;
        Ok(Counted { count: page.total })
    }
}
