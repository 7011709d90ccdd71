use tidegate_metastore::Database;
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use crate::listing::{DescendingFirst, FilterColumn, ListAnswer, ListArguments, list};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Lists the databases that are open to the caller or hold a dataset that is. One SQL statement, and one more for
/// people when they are asked for.
pub(crate) struct ListDatabases;

impl Tool for ListDatabases {
    type Arguments = ListArguments<FilterColumn<Database>, DescendingFirst>;
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
        list(context, arguments).await
    }
}
