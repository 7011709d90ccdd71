use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tidegate_metastore::DatasetParts;
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use super::parts::{ColumnInfo, MetricInfo, certification};
use crate::listing::{
    Changes, Identifier, Key, OwnerInfo, TagInfo, json_of, not_found, owners, tags,
};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Shows one dataset whole. One SQL statement.
pub(crate) struct GetDatasetInfo;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(default = "yes", rename = "use_cache")]
    #[expect(
        dead_code,
        reason = "read by the response cache before the tool is called"
    )]
    may_be_cached: bool,
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "read by the response cache before the tool is called"
    )]
    force_refresh: bool,
    #[serde(default)]
    #[expect(dead_code, reason = "nothing behind it is kept")]
    refresh_metadata: bool,
    /// The dataset's id or UUID.
    identifier: Identifier,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Serialize)]
pub(crate) struct DatasetInfo {
    id: i64,
    table_name: Option<String>,
    schema: Option<String>,
    database_name: Option<String>,
    description: Option<String>,
    certified_by: Option<String>,
    certification_details: Option<String>,
    changed_by: Option<String>,
    changed_on: Option<String>,
    changed_on_humanized: Option<String>,
    created_by: Option<String>,
    created_on: Option<String>,
    created_on_humanized: Option<String>,
    tags: Vec<TagInfo>,
    owners: Vec<OwnerInfo>,
    is_virtual: bool,
    database_id: Option<i64>,
    uuid: Option<String>,
    schema_perm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    sql: Option<String>,
    main_dttm_col: Option<String>,
    offset: Option<i64>,
    cache_timeout: Option<i64>,
    params: Option<Box<RawValue>>,
    template_params: Option<Box<RawValue>>,
    extra: Option<Box<RawValue>>,
    columns: Vec<ColumnInfo>,
    metrics: Vec<MetricInfo>,
    is_favorite: Option<bool>,
}

impl Tool for GetDatasetInfo {
    type Arguments = Arguments;
    type Answer = DatasetInfo;

    const SPEC: ToolSpec = ToolSpec {
        name: "get_dataset_info",
        title: "Get dataset info",
        description: "Shows one dataset by id or UUID: its database and schema, all columns with types, all metrics \
                      with their SQL, owners and tags. Use it after list_datasets and before making a chart or \
                      writing SQL, to use names that exist.",
        scope: Scope::Read,
        permission: Some(Permission {
            permission: "can_read",
            view: "Dataset",
        }),
        annotations: ToolAnnotations::READS,
        tags: &["discovery"],
        touches: Touches::Databases,
        cache: CacheRule::PerRights,
        size: SizeRule::Shorten(&["columns", "metrics"]),
        redaction: Redaction::Entities,
    };

    async fn call(
        &self,
        context: &CallContext,
        arguments: Arguments,
    ) -> Result<DatasetInfo, ToolFailure> {
        let datasets = context.workspace.metastore.datasets();
        let found = match arguments.identifier.key() {
            Key::Id(id) => datasets.by_id(&context.access, id).await,
            Key::Uuid(uuid) => datasets.by_uuid(&context.access, uuid).await,
            Key::Name(_) => Ok(None),
        };
        let Some(found) = found.map_err(ToolFailure::from)? else {
            let hint = "list_datasets shows the ids of datasets that you may see";
            return Err(not_found("dataset", &arguments.identifier, hint));
        };
        let changes = Changes::of(&found, context.clock.now().naive_utc());
        let (owners, tags) = (owners(&found.owners), tags(&found.tags));
        let (dataset, DatasetParts { columns, metrics }) = (found.row, found.parts);
        let extra = dataset.extra.as_deref();
        Ok(DatasetInfo {
            id: dataset.id,
            table_name: Some(dataset.table_name),
            schema: dataset.schema,
            database_name: Some(dataset.database_name),
            description: dataset.description,
            certified_by: certification(extra, "certified_by"),
            certification_details: certification(extra, "details"),
            changed_by: changes.changed_by,
            changed_on: changes.changed_on,
            changed_on_humanized: changes.changed_on_humanized,
            created_by: changes.created_by,
            created_on: changes.created_on,
            created_on_humanized: changes.created_on_humanized,
            tags,
            owners,
            is_virtual: dataset.sql.as_ref().is_some_and(|sql| !sql.is_empty()),
            database_id: Some(dataset.database_id),
            uuid: dataset.uuid.map(|uuid| uuid.to_string()),
            schema_perm: dataset.schema_perm,
            url: context
                .workspace
                .link(&format!("/tablemodelview/edit/{}", dataset.id)),
            sql: dataset.sql,
            main_dttm_col: dataset.main_dttm_col,
            offset: dataset.offset,
            cache_timeout: dataset.cache_timeout,
            params: dataset.params.as_deref().and_then(json_of),
            template_params: dataset.template_params.as_deref().and_then(json_of),
            extra: extra.and_then(json_of),
            columns: columns.into_iter().map(Into::into).collect(),
            metrics: metrics.into_iter().map(Into::into).collect(),
            is_favorite: None,
        })
    }
}
