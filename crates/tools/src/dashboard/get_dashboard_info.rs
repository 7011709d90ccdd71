use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidegate_metastore::{DashboardParts, Role};
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use super::path;
use crate::chart::ChartSummary;
use crate::listing::{Changes, Identifier, Key, OwnerInfo, TagInfo, not_found, owners, tags};
use crate::{
    CacheRule, CallContext, Permission, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches,
};

/// Shows one dashboard whole. One SQL statement.
pub(crate) struct GetDashboardInfo;

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
    /// The dashboard's id, UUID or slug.
    identifier: Identifier,
    /// Key of a permalink with chosen filters. What it stands for is not read here: the dashboard itself is
    /// shown.
    #[serde(default)]
    permalink_key: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Serialize)]
pub(crate) struct DashboardInfo {
    id: i64,
    dashboard_title: Option<String>,
    slug: Option<String>,
    description: Option<String>,
    css: Option<String>,
    certified_by: Option<String>,
    certification_details: Option<String>,
    published: Option<bool>,
    is_managed_externally: Option<bool>,
    external_url: Option<String>,
    created_on: Option<String>,
    changed_on: Option<String>,
    created_by: Option<String>,
    changed_by: Option<String>,
    uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    created_on_humanized: Option<String>,
    changed_on_humanized: Option<String>,
    chart_count: usize,
    owners: Vec<OwnerInfo>,
    tags: Vec<TagInfo>,
    roles: Vec<RoleInfo>,
    charts: Vec<ChartSummary>,
    native_filters: Vec<NativeFilter>,
    cross_filters_enabled: Option<bool>,
    omitted_fields: OmittedFields,
    permalink_key: Option<String>,
    filter_state: Option<Value>,
    is_permalink_state: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

/// A role that may see the dashboard. Superset's own service fails where there is one.
#[derive(Debug, Serialize)]
struct RoleInfo {
    id: i64,
    name: String,
}

impl From<Role> for RoleInfo {
    fn from(Role { id, name }: Role) -> Self {
        Self { id, name }
    }
}

/// A filter that viewers of the dashboard set.
#[derive(Debug, Serialize)]
struct NativeFilter {
    id: Option<String>,
    name: Option<String>,
    filter_type: Option<String>,
    /// Columns and datasets that it filters.
    targets: Vec<Value>,
}

/// What is left out, how large it is, and why: wording as in Superset, since clients look at it.
#[derive(Debug, Serialize)]
struct OmittedFields {
    position_json: String,
    json_metadata: String,
}

fn size_of(text: Option<&str>) -> String {
    match text.map_or(0, str::len) {
        0 => "(empty)".to_owned(),
        bytes @ ..1024 => format!("(~{bytes} B)"),
        bytes => format!("(~{} KB)", half_to_even(bytes)),
    }
}

/// Whole KiB; a half goes to the even neighbour, as Python rounds.
fn half_to_even(bytes: usize) -> usize {
    let (whole, rest) = (bytes / 1024, bytes % 1024);
    whole + usize::from(rest > 512 || (rest == 512 && whole % 2 == 1))
}

impl OmittedFields {
    fn of(position: Option<&str>, metadata: Option<&str>) -> Self {
        Self {
            position_json: format!(
                "Omitted {} — Internal layout tree with component positions/hierarchy. Not useful for analysis or LLM \
                 context.",
                size_of(position)
            ),
            json_metadata: format!(
                "Omitted {}, useful parts extracted — native_filters and cross_filters_enabled extracted into \
                 dedicated fields above.",
                size_of(metadata)
            ),
        }
    }
}

fn native_filters(metadata: &Value) -> Vec<NativeFilter> {
    let text = |filter: &Value, member: &str| {
        filter
            .get(member)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let filters = metadata
        .get("native_filter_configuration")
        .and_then(Value::as_array);
    filters
        .into_iter()
        .flatten()
        .filter(|filter| filter.is_object())
        .map(|filter| NativeFilter {
            id: text(filter, "id"),
            name: text(filter, "name"),
            filter_type: text(filter, "filterType"),
            targets: filter
                .get("targets")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter(|target| target.is_object())
                .cloned()
                .collect(),
        })
        .collect()
}

impl Tool for GetDashboardInfo {
    type Arguments = Arguments;
    type Answer = DashboardInfo;

    const SPEC: ToolSpec = ToolSpec {
        name: "get_dashboard_info",
        title: "Get dashboard info",
        description: "Shows one dashboard by id, UUID or slug: title, state, owners, tags, link, the charts on it \
                      with their ids, and the filters that viewers can set. Use it after list_dashboards to learn \
                      what a dashboard is made of; for a chart on it call get_chart_info.",
        scope: Scope::Read,
        permission: Some(Permission {
            permission: "can_read",
            view: "Dashboard",
        }),
        annotations: ToolAnnotations::READS,
        tags: &["discovery"],
        touches: Touches::Databases,
        cache: CacheRule::PerRights,
        size: SizeRule::Shorten(&["charts", "native_filters"]),
        redaction: Redaction::Entities,
    };

    async fn call(
        &self,
        context: &CallContext,
        arguments: Arguments,
    ) -> Result<DashboardInfo, ToolFailure> {
        let dashboards = context.workspace.metastore.dashboards();
        let key = arguments.identifier.key();
        let found = match &key {
            Key::Id(id) => dashboards.by_id(&context.access, *id).await,
            Key::Uuid(uuid) => dashboards.by_uuid(&context.access, *uuid).await,
            Key::Name(slug) if slug.is_empty() => Ok(None),
            Key::Name(slug) => dashboards.by_slug(&context.access, slug).await,
        };
        let Some(found) = found.map_err(ToolFailure::from)? else {
            let hint = "list_dashboards shows the ids and slugs of dashboards that you may see";
            return Err(not_found("dashboard", &arguments.identifier, hint));
        };
        let changes = Changes::of(&found, context.clock.now().naive_utc());
        let (owners, tags) = (owners(&found.owners), tags(&found.tags));
        let (dashboard, DashboardParts { mut charts, roles }) = (found.row, found.parts);
        if matches!(key, Key::Name(_)) {
            // Superset asks for no order; its answers by slug come in this one, and those by id mostly by id.
            charts.sort_by_key(|chart| chart.added);
        }
        let metadata: Value = dashboard
            .json_metadata
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let path = path(dashboard.id, dashboard.slug.as_deref());
        Ok(DashboardInfo {
            id: dashboard.id,
            dashboard_title: dashboard.dashboard_title,
            slug: Some(dashboard.slug.unwrap_or_default()),
            description: dashboard.description,
            css: dashboard.css,
            certified_by: dashboard.certified_by,
            certification_details: dashboard.certification_details,
            published: dashboard.published,
            is_managed_externally: Some(dashboard.is_managed_externally),
            external_url: dashboard.external_url,
            created_on: changes.created_on,
            changed_on: changes.changed_on,
            created_by: changes.created_by,
            changed_by: changes.changed_by,
            uuid: dashboard.uuid.map(|uuid| uuid.to_string()),
            url: context.workspace.link(&path),
            created_on_humanized: changes.created_on_humanized,
            changed_on_humanized: changes.changed_on_humanized,
            chart_count: charts.len(),
            owners,
            tags,
            roles: roles.into_iter().map(Into::into).collect(),
            charts: charts
                .into_iter()
                .map(|chart| ChartSummary::new(context, chart))
                .collect(),
            native_filters: native_filters(&metadata),
            cross_filters_enabled: metadata
                .get("cross_filters_enabled")
                .and_then(Value::as_bool),
            omitted_fields: OmittedFields::of(
                dashboard.position_json.as_deref(),
                dashboard.json_metadata.as_deref(),
            ),
            permalink_key: None,
            filter_state: None,
            is_permalink_state: false,
            warnings: match arguments.permalink_key {
                Some(_) => vec![
                    "permalink_key: the filters of a permalink are not read here; this is the dashboard \
                                 as it is saved",
                ],
                None => Vec::new(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_as_superset_rounds_them() {
        assert_eq!("(empty)", size_of(None));
        assert_eq!("(~353 B)", size_of(Some(&"x".repeat(353))));
        assert_eq!("(~2 KB)", size_of(Some(&"x".repeat(2560))));
        assert_eq!("(~4 KB)", size_of(Some(&"x".repeat(3584))));
    }
}
