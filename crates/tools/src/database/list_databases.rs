use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use super::DATABASES;
use crate::listing::{
    DescendingFirst, FilterColumn, FilterTarget, ListAnswer, ListArguments, list,
};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Lists the databases that are open to the caller or hold a dataset that is. One SQL statement, and one more for
/// people when they are asked for.
pub(crate) struct ListDatabases;

/// What databases are filtered by.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum DatabaseFilterColumn {
    DatabaseName,
    ExposeInSqllab,
    AllowFileUpload,
    CreatedByFk,
    ChangedByFk,
}

impl FilterColumn for DatabaseFilterColumn {
    fn target(self) -> FilterTarget {
        FilterTarget::Column(match self {
            Self::DatabaseName => "database_name",
            Self::ExposeInSqllab => "expose_in_sqllab",
            Self::AllowFileUpload => "allow_file_upload",
            Self::CreatedByFk => "created_by_fk",
            Self::ChangedByFk => "changed_by_fk",
        })
    }
}

impl Tool for ListDatabases {
    type Arguments = ListArguments<DatabaseFilterColumn, DescendingFirst>;
    type Answer = ListAnswer;

    const SPEC: ToolSpec = ToolSpec {
        name: "list_databases",
        title: "List databases",
        description: "Lists the databases that this workspace is connected to, with their system (backend) and \
                      whether SQL may be run on them (expose_in_sqllab). Use it to learn the database_id for \
                      execute_sql. Only databases in which something is open to you are listed.",
        scope: Scope::Read,
        permission: Some(Permission {
            permission: "can_read",
            view: "Database",
        }),
        annotations: ToolAnnotations::READS,
        tags: &["core"],
        touches: Touches::Databases,
        cache: CacheRule::PerRights,
        size: SizeRule::Shorten(&["databases"]),
        redaction: Redaction::Entities,
    };

    async fn call(
        &self,
        context: &CallContext,
        arguments: Self::Arguments,
    ) -> Result<ListAnswer, ToolFailure> {
        list(context, &DATABASES, arguments).await
    }
}
