use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tidegate_metastore::{DatasetColumn, DatasetMetric, Found};
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use super::DATASETS;
use crate::listing::{
    Identifier, Key, OwnerInfo, TagInfo, certification, humanized, iso, json_of, metastore_failure,
    not_found, owners, tags,
};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Shows one dataset whole. Six SQL statements, in two rounds.
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
    columns: Vec<Value>,
    metrics: Vec<Value>,
    is_favorite: Option<bool>,
}

/// A column as answers show it.
pub(crate) fn column_info(column: &DatasetColumn) -> Value {
    json!({
        "column_name": column.column_name,
        "verbose_name": column.verbose_name,
        "type": column.kind,
        "is_dttm": column.is_dttm,
        "groupby": column.groupby,
        "filterable": column.filterable,
        "description": column.description,
    })
}

/// A metric as answers show it.
pub(crate) fn metric_info(metric: &DatasetMetric) -> Value {
    json!({
        "metric_name": metric.metric_name,
        "verbose_name": metric.verbose_name,
        "expression": metric.expression,
        "description": metric.description,
        "d3format": metric.d3format,
    })
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
        let Some(Found { record, related }) = found.map_err(metastore_failure)? else {
            let hint = "list_datasets shows the ids of datasets that you may see";
            return Err(not_found("dataset", &arguments.identifier, hint));
        };
        let id = record.integer("id").unwrap_or_default();
        let ids = [id];
        let (mut columns, mut metrics) =
            tokio::try_join!(datasets.columns_of(&ids), datasets.metrics_of(&ids))
                .map_err(metastore_failure)?;
        let now = context.clock.now().naive_utc();
        let text = |name: &str| record.text(name).map(str::to_owned);
        let json = |name: &str| record.text(name).and_then(json_of);
        let username = |name: &str| {
            record
                .integer(name)
                .and_then(|id| related.people.get(&id))
                .map(|person| person.username.clone())
        };
        Ok(DatasetInfo {
            id,
            table_name: text("table_name"),
            schema: text("schema"),
            database_name: text("database_name"),
            description: text("description"),
            certified_by: certification(&record, "certified_by"),
            certification_details: certification(&record, "details"),
            changed_by: username("changed_by_fk"),
            changed_on: record.time("changed_on").map(iso),
            changed_on_humanized: record.time("changed_on").map(|then| humanized(now, then)),
            created_by: username("created_by_fk"),
            created_on: record.time("created_on").map(iso),
            created_on_humanized: record.time("created_on").map(|then| humanized(now, then)),
            tags: tags(related.tags.get(&id)),
            owners: owners(related.owners.get(&id)),
            is_virtual: record.text("sql").is_some_and(|sql| !sql.is_empty()),
            database_id: record.integer("database_id"),
            uuid: record.uuid("uuid").map(|uuid| uuid.to_string()),
            schema_perm: text("schema_perm"),
            url: (DATASETS.path)(&record).and_then(|path| context.workspace.link(&path)),
            sql: text("sql"),
            main_dttm_col: text("main_dttm_col"),
            offset: record.integer("offset"),
            cache_timeout: record.integer("cache_timeout"),
            params: json("params"),
            template_params: json("template_params"),
            extra: json("extra"),
            columns: columns
                .remove(&id)
                .unwrap_or_default()
                .iter()
                .map(column_info)
                .collect(),
            metrics: metrics
                .remove(&id)
                .unwrap_or_default()
                .iter()
                .map(metric_info)
                .collect(),
            is_favorite: None,
        })
    }
}
