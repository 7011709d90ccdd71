use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tidegate_metastore::{Found, dialect_of};
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use crate::listing::{Identifier, Key, humanized, iso, json_of, metastore_failure, not_found};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Shows one database, without how to connect to it. Two SQL statements.
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
        let Some(Found { record, related }) = found.map_err(metastore_failure)? else {
            let hint = "list_databases shows the ids of databases that you may see";
            return Err(not_found("database", &arguments.identifier, hint));
        };
        let now = context.clock.now().naive_utc();
        let text = |name: &str| record.text(name).map(str::to_owned);
        let username = |name: &str| {
            record
                .integer(name)
                .and_then(|id| related.people.get(&id))
                .map(|person| person.username.clone())
        };
        Ok(DatabaseInfo {
            id: record.integer("id").unwrap_or_default(),
            uuid: record.uuid("uuid").map(|uuid| uuid.to_string()),
            database_name: text("database_name"),
            backend: record
                .text("sqlalchemy_uri")
                .map(|uri| dialect_of(uri).to_owned()),
            expose_in_sqllab: record.flag("expose_in_sqllab"),
            allow_ctas: record.flag("allow_ctas"),
            allow_cvas: record.flag("allow_cvas"),
            allow_dml: record.flag("allow_dml"),
            allow_file_upload: record.flag("allow_file_upload"),
            allow_run_async: record.flag("allow_run_async"),
            cache_timeout: record.integer("cache_timeout"),
            configuration_method: text("configuration_method"),
            force_ctas_schema: text("force_ctas_schema"),
            impersonate_user: record.flag("impersonate_user"),
            is_managed_externally: record.flag("is_managed_externally"),
            external_url: text("external_url"),
            extra: record.text("extra").and_then(json_of),
            changed_by: username("changed_by_fk"),
            changed_on: record.time("changed_on").map(iso),
            changed_on_humanized: record.time("changed_on").map(|then| humanized(now, then)),
            created_by: username("created_by_fk"),
            created_on: record.time("created_on").map(iso),
            created_on_humanized: record.time("created_on").map(|then| humanized(now, then)),
        })
    }
}
