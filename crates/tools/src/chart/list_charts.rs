use tidegate_metastore::Chart;
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use crate::listing::{AscendingFirst, FilterColumn, ListAnswer, ListArguments, list};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Lists the charts on datasets that are open to the caller. One SQL statement, and one more each for owners, tags
/// and people when their columns are asked for.
pub(crate) struct ListCharts;

impl Tool for ListCharts {
    type Arguments = ListArguments<FilterColumn<Chart>, AscendingFirst>;
    type Answer = ListAnswer;

    const SPEC: ToolSpec = ToolSpec {
        name: "list_charts",
        title: "List charts",
        description: "Finds charts by name, kind, dataset or creator, a page at a time. Use it to learn a chart's id \
                      before get_chart_info. Give search for words in names and \
                      descriptions, filters for exact conditions, select_columns to keep the answer short. Only \
                      charts whose data you may read are listed.",
        scope: Scope::Read,
        permission: Some(Permission {
            permission: "can_read",
            view: "Chart",
        }),
        annotations: ToolAnnotations::READS,
        tags: &["core"],
        touches: Touches::Databases,
        cache: CacheRule::PerRights,
        size: SizeRule::Shorten(&["charts"]),
        redaction: Redaction::EntitiesBeside(&["charts.form_data"]),
    };

    async fn call(
        &self,
        context: &CallContext,
        arguments: Self::Arguments,
    ) -> Result<ListAnswer, ToolFailure> {
        list(context, arguments).await
    }
}
