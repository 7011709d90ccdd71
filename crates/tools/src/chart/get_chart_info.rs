use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use super::path;
use crate::listing::{
    Changes, Identifier, Key, OwnerInfo, TagInfo, json_of, not_found, owners, tags,
};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Shows one chart whole. One SQL statement.
pub(crate) struct GetChartInfo;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    /// The chart's id or UUID.
    #[serde(default)]
    identifier: Option<Identifier>,
    /// Key of unsaved changes in Superset's explore view. They live in Superset's cache, which is not read
    /// here: the saved chart is shown.
    #[serde(default)]
    form_data_key: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ChartInfo {
    id: i64,
    slice_name: Option<String>,
    viz_type: Option<String>,
    datasource_name: Option<String>,
    datasource_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    description: Option<String>,
    cache_timeout: Option<i64>,
    changed_by: Option<String>,
    changed_by_name: String,
    changed_on: Option<String>,
    changed_on_humanized: Option<String>,
    created_by: Option<String>,
    created_on: Option<String>,
    created_on_humanized: Option<String>,
    certified_by: Option<String>,
    certification_details: Option<String>,
    uuid: Option<String>,
    tags: Vec<TagInfo>,
    owners: Vec<OwnerInfo>,
    /// The chart's settings, as they are stored.
    form_data: Option<Box<RawValue>>,
    form_data_key: Option<String>,
    is_unsaved_state: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

impl Tool for GetChartInfo {
    type Arguments = Arguments;
    type Answer = ChartInfo;

    const SPEC: ToolSpec = ToolSpec {
        name: "get_chart_info",
        title: "Get chart info",
        description: "Shows one chart by id or UUID: name, kind, dataset, owners, tags, link, and its settings \
                      (form_data: metrics, dimensions, filters). Use it after list_charts to learn what a chart \
                      shows; for numbers ask its dataset's table with execute_sql.",
        scope: Scope::Read,
        permission: Some(Permission {
            permission: "can_read",
            view: "Chart",
        }),
        annotations: ToolAnnotations::READS,
        tags: &["discovery"],
        touches: Touches::Databases,
        cache: CacheRule::PerRights,
        size: SizeRule::Shorten(&["owners", "tags"]),
        redaction: Redaction::EntitiesBeside(&["form_data"]),
    };

    async fn call(
        &self,
        context: &CallContext,
        arguments: Arguments,
    ) -> Result<ChartInfo, ToolFailure> {
        let Some(identifier) = arguments.identifier else {
            return Err(ToolFailure::argument(
                "request.identifier",
                "is missing: give a chart's id or UUID; list_charts shows them",
            ));
        };
        let charts = context.workspace.metastore.charts();
        let found = match identifier.key() {
            Key::Id(id) => charts.by_id(&context.access, id).await,
            Key::Uuid(uuid) => charts.by_uuid(&context.access, uuid).await,
            Key::Name(_) => Ok(None),
        };
        let Some(found) = found.map_err(ToolFailure::from)? else {
            return Err(not_found(
                "chart",
                &identifier,
                "list_charts shows the ids of charts that you may see",
            ));
        };
        let changes = Changes::of(&found, context.clock.now().naive_utc());
        let (owners, tags) = (owners(&found.owners), tags(&found.tags));
        let chart = found.row;
        Ok(ChartInfo {
            id: chart.id,
            slice_name: chart.slice_name,
            viz_type: chart.viz_type,
            datasource_name: chart.datasource_name,
            datasource_type: chart.datasource_type,
            url: context.workspace.link(&path(chart.id)),
            description: chart.description,
            cache_timeout: chart.cache_timeout,
            changed_by: changes.changed_by,
            changed_by_name: changes.changed_by_name,
            changed_on: changes.changed_on,
            changed_on_humanized: changes.changed_on_humanized,
            created_by: changes.created_by,
            created_on: changes.created_on,
            created_on_humanized: changes.created_on_humanized,
            certified_by: chart.certified_by,
            certification_details: chart.certification_details,
            uuid: chart.uuid.map(|uuid| uuid.to_string()),
            tags,
            owners,
            form_data: chart.params.as_deref().and_then(json_of),
            form_data_key: None,
            is_unsaved_state: false,
            warnings: match arguments.form_data_key {
                Some(_) => vec![
                    "form_data_key: unsaved changes are kept in Superset's cache and not read here; this \
                                 is the saved chart",
                ],
                None => Vec::new(),
            },
        })
    }
}
