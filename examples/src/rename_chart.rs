use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_metastore::{Chart, UnitOfWork, Values};
use tidegate_protocol::ToolAnnotations;
use tidegate_tools::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, ToolFailure, ToolSpec, Touches,
    WriteTool,
};
use tidegate_types::Scope;

/// Gives a chart another name.
pub struct RenameChart;

/// What the call takes; the comments are what models read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Which chart: see list_charts.
    chart_id: i64,
    /// Its new name.
    #[schemars(length(min = 1, max = 250))]
    name: String,
}

/// What it gives.
#[derive(Debug, Serialize)]
pub struct Renamed {
    /// The chart.
    id: i64,
    /// The name that it had, to give it back.
    previous_name: Option<String>,
}

impl WriteTool for RenameChart {
    type Arguments = Arguments;
    type Answer = Renamed;

    const SPEC: ToolSpec = ToolSpec {
        name: "rename_chart",
        title: "Rename chart",
        description: "Gives a chart another name, if you own it. Answers the name that it had.",
        scope: Scope::Write,
        permission: Some(Permission {
            permission: "can_write",
            view: "Chart",
        }),
        annotations: ToolAnnotations::CHANGES,
        tags: &["mutate"],
        touches: Touches::Databases,
        cache: CacheRule::Never,
        size: SizeRule::Exempt,
        redaction: Redaction::Entities,
    };

    async fn call(
        &self,
        _: &CallContext,
        work: &mut UnitOfWork,
        arguments: Arguments,
    ) -> Result<Renamed, ToolFailure> {
        let id = arguments.chart_id;
        let chart = work.charts().lock(id).await?;
        let name = Values::new().set(Chart::slice_name, arguments.name);
        work.charts().update(id, name).await?;
        Ok(Renamed {
            id,
            previous_name: chart.slice_name,
        })
    }
}
