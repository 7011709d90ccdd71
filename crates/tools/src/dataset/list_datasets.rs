use tidegate_metastore::Dataset;
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use crate::listing::{DescendingFirst, FilterColumn, ListAnswer, ListArguments, list};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Lists the datasets that are open to the caller. One SQL statement, and one more each for owners, tags, people,
/// columns and metrics when they are asked for.
pub(crate) struct ListDatasets;

impl Tool for ListDatasets {
    type Arguments = ListArguments<FilterColumn<Dataset>, DescendingFirst>;
    type Answer = ListAnswer;

    const SPEC: ToolSpec = ToolSpec {
        name: "list_datasets",
        title: "List datasets",
        description: "Finds datasets, the tables and queries that charts are built on, by name, schema, database or \
                      owner, a page at a time, newest change first. Use it to learn a dataset's id before \
                      get_dataset_info or before making a chart. Give search for words in names and descriptions; \
                      select_columns may ask for columns and metrics. Only datasets that you may read are listed.",
        scope: Scope::Read,
        permission: Some(Permission {
            permission: "can_read",
            view: "Dataset",
        }),
        annotations: ToolAnnotations::READS,
        tags: &["core"],
        touches: Touches::Databases,
        cache: CacheRule::PerRights,
        size: SizeRule::Shorten(&["datasets"]),
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
