use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tidegate_metastore::dialect_of;
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use crate::listing::{Changes, Identifier, Key, json_of, not_found};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Shows one database, without how to connect to it. One SQL statement.
pub(crate) struct GetDatabaseInfo;

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
    /// The database's id or UUID.
    identifier: Identifier,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Serialize)]
pub(crate) struct DatabaseInfo {
    id: i64,
    uuid: Option<String>,
    database_name: Option<String>,
    backend: Option<String>,
    expose_in_sqllab: Option<bool>,
    allow_ctas: Option<bool>,
    allow_cvas: Option<bool>,
    allow_dml: Option<bool>,
    allow_file_upload: Option<bool>,
    allow_run_async: Option<bool>,
    cache_timeout: Option<i64>,
    configuration_method: Option<String>,
    force_ctas_schema: Option<String>,
    impersonate_user: Option<bool>,
    is_managed_externally: Option<bool>,
    external_url: Option<String>,
    extra: Option<Box<RawValue>>,
    changed_by: Option<String>,
    changed_on: Option<String>,
    changed_on_humanized: Option<String>,
    created_by: Option<String>,
    created_on: Option<String>,
    created_on_humanized: Option<String>,
}

impl Tool for GetDatabaseInfo {
    type Arguments = Arguments;
    type Answer = DatabaseInfo;

    const SPEC: ToolSpec = ToolSpec {
        name: "get_database_info",
        title: "Get database info",
        description: "Shows one database connection by id or UUID: its system (backend) and what it allows, such as \
                      SQL from users or statements that change data. Use it after list_databases, before \
                      execute_sql. It never shows addresses or passwords.",
        scope: Scope::Read,
        permission: Some(Permission {
            permission: "can_read",
            view: "Database",
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
    ) -> Result<DatabaseInfo, ToolFailure> {
        let databases = context.workspace.metastore.databases();
        let found = match arguments.identifier.key() {
            Key::Id(id) => databases.by_id(&context.access, id).await,
            Key::Uuid(uuid) => databases.by_uuid(&context.access, uuid).await,
            Key::Name(_) => Ok(None),
        };
        let Some(found) = found.map_err(ToolFailure::from)? else {
            let hint = "list_databases shows the ids of databases that you may see";
            return Err(not_found("database", &arguments.identifier, hint));
        };
        let changes = Changes::of(&found, context.clock.now().naive_utc());
        let database = found.row;
        Ok(DatabaseInfo {
            id: database.id,
            uuid: database.uuid.map(|uuid| uuid.to_string()),
            database_name: Some(database.database_name),
            backend: Some(dialect_of(&database.sqlalchemy_uri).to_owned()),
            expose_in_sqllab: database.expose_in_sqllab,
            allow_ctas: database.allow_ctas,
            allow_cvas: database.allow_cvas,
            allow_dml: database.allow_dml,
            allow_file_upload: Some(database.allow_file_upload),
            allow_run_async: database.allow_run_async,
            cache_timeout: database.cache_timeout,
            configuration_method: database.configuration_method,
            force_ctas_schema: database.force_ctas_schema,
            impersonate_user: database.impersonate_user,
            is_managed_externally: Some(database.is_managed_externally),
            external_url: database.external_url,
            extra: database.extra.as_deref().and_then(json_of),
            changed_by: changes.changed_by,
            changed_on: changes.changed_on,
            changed_on_humanized: changes.changed_on_humanized,
            created_by: changes.created_by,
            created_on: changes.created_on,
            created_on_humanized: changes.created_on_humanized,
        })
    }
}
