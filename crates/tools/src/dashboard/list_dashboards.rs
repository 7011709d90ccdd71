use tidegate_metastore::Dashboard;
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use crate::listing::{AscendingFirst, FilterColumn, ListAnswer, ListArguments, list};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Lists the dashboards that the caller may see. One SQL statement, and one more each for owners, tags, people and
/// charts when their columns are asked for.
pub(crate) struct ListDashboards;

impl Tool for ListDashboards {
    type Arguments = ListArguments<FilterColumn<Dashboard>, AscendingFirst>;
    type Answer = ListAnswer;

    const SPEC: ToolSpec = ToolSpec {
        name: "list_dashboards",
        title: "List dashboards",
        description: "Finds dashboards by title, owner, whether they are published or your favorites, a page at a \
                      time. Use it to learn a dashboard's id before get_dashboard_info. Give search for words in \
                      titles and slugs, filters for exact conditions, select_columns to keep the answer short or to \
                      have the charts on each dashboard. Only dashboards that you may see are listed.",
        scope: Scope::Read,
        permission: Some(Permission {
            permission: "can_read",
            view: "Dashboard",
        }),
        annotations: ToolAnnotations::READS,
        tags: &["core"],
        touches: Touches::Databases,
        cache: CacheRule::PerRights,
        size: SizeRule::Shorten(&["dashboards"]),
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
