use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tidegate_metastore::{Found, Person};
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use super::path;
use crate::listing::{
    Identifier, Key, OwnerInfo, TagInfo, humanized, iso, json_of, metastore_failure, not_found,
    owners, tags,
};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Shows one chart whole. Four SQL statements, three of them side by side.
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
        let Some(Found { record, related }) = found.map_err(metastore_failure)? else {
            return Err(not_found(
                "chart",
                &identifier,
                "list_charts shows the ids of charts that you may see",
            ));
        };
        let id = record.integer("id").unwrap_or_default();
        let now = context.clock.now().naive_utc();
        let text = |name: &str| record.text(name).map(str::to_owned);
        let person = |name: &str| record.integer(name).and_then(|id| related.people.get(&id));
        let username = |name: &str| person(name).map(|person| person.username.clone());
        Ok(ChartInfo {
            id,
            slice_name: text("slice_name"),
            viz_type: text("viz_type"),
            datasource_name: text("datasource_name"),
            datasource_type: text("datasource_type"),
            url: context.workspace.link(&path(id)),
            description: text("description"),
            cache_timeout: record.integer("cache_timeout"),
            changed_by: username("changed_by_fk"),
            changed_by_name: person("changed_by_fk")
                .map(Person::full_name)
                .unwrap_or_default(),
            changed_on: record.time("changed_on").map(iso),
            changed_on_humanized: record.time("changed_on").map(|then| humanized(now, then)),
            created_by: username("created_by_fk"),
            created_on: record.time("created_on").map(iso),
            created_on_humanized: record.time("created_on").map(|then| humanized(now, then)),
            certified_by: text("certified_by"),
            certification_details: text("certification_details"),
            uuid: record.uuid("uuid").map(|uuid| uuid.to_string()),
            tags: tags(related.tags.get(&id)),
            owners: owners(related.owners.get(&id)),
            form_data: record.text("params").and_then(json_of),
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
