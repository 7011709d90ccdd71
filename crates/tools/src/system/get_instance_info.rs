use chrono::{SecondsFormat, TimeDelta};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use tidegate_metastore::InstanceCounts;
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use crate::{
    ArgumentLayout, CacheRule, CallContext, NoArguments, Redaction, SizeRule, Tool, ToolFailure,
    ToolSpec, Touches,
};

/// Counts what is in the workspace. Four SQL statements side by side.
pub(crate) struct GetInstanceInfo;

/// The workspace in numbers, in Superset's shape. Also served as the resource `instance://metadata`.
#[derive(Debug, Serialize)]
pub(crate) struct InstanceInfo {
    instance_summary: Summary,
    recent_activity: Activity,
    dashboard_breakdown: Dashboards,
    database_breakdown: Databases,
    popular_content: Popular,
    current_user: CurrentUser,
    feature_availability: Features,
    timestamp: String,
}

#[derive(Debug, Serialize)]
struct Summary {
    total_dashboards: i64,
    total_charts: i64,
    total_datasets: i64,
    total_databases: i64,
    total_users: i64,
    total_roles: i64,
    total_tags: i64,
    avg_charts_per_dashboard: f64,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are Superset's")]
struct Activity {
    dashboards_created_last_30_days: i64,
    charts_created_last_30_days: i64,
    datasets_created_last_30_days: i64,
    dashboards_modified_last_7_days: i64,
    charts_modified_last_7_days: i64,
    datasets_modified_last_7_days: i64,
}

#[derive(Debug, Serialize)]
struct Dashboards {
    published: i64,
    unpublished: i64,
    certified: i64,
    with_charts: i64,
    without_charts: i64,
}

#[derive(Debug, Serialize)]
struct Databases {
    by_type: ByType,
}

#[derive(Debug)]
struct ByType(Vec<(String, i64)>);

impl Serialize for ByType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (scheme, count) in &self.0 {
            map.serialize_entry(scheme, count)?;
        }
        map.end()
    }
}

#[derive(Debug, Serialize)]
struct Popular {
    top_tags: Vec<String>,
    top_creators: Vec<String>,
}

#[derive(Debug, Serialize)]
struct CurrentUser {
    id: i64,
    username: String,
    first_name: String,
    last_name: String,
    email: String,
    active: bool,
    roles: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Features {
    accessible_menus: Vec<String>,
}

/// Reads the numbers for a caller.
pub(crate) async fn instance_info(context: &CallContext) -> Result<InstanceInfo, ToolFailure> {
    let now = context.clock.now();
    let (month_ago, week_ago) = (now - TimeDelta::days(30), now - TimeDelta::days(7));
    let counts: InstanceCounts = context
        .workspace
        .metastore
        .instance()
        .counts(&context.access, month_ago.naive_utc(), week_ago.naive_utc())
        .await
        .map_err(ToolFailure::from)?;
    let user = context.access.user();
    Ok(InstanceInfo {
        instance_summary: Summary {
            total_dashboards: counts.dashboards,
            total_charts: counts.charts,
            total_datasets: counts.datasets,
            total_databases: counts.databases,
            total_users: counts.users,
            total_roles: counts.roles,
            total_tags: counts.tags,
            avg_charts_per_dashboard: average(counts.charts, counts.dashboards),
        },
        recent_activity: Activity {
            dashboards_created_last_30_days: counts.dashboards_created,
            charts_created_last_30_days: counts.charts_created,
            datasets_created_last_30_days: counts.datasets_created,
            dashboards_modified_last_7_days: counts.dashboards_modified,
            charts_modified_last_7_days: counts.charts_modified,
            datasets_modified_last_7_days: counts.datasets_modified,
        },
        dashboard_breakdown: Dashboards {
            published: counts.published,
            unpublished: counts.dashboards - counts.published,
            certified: counts.certified,
            with_charts: counts.dashboards_with_charts,
            without_charts: (counts.dashboards - counts.dashboards_with_charts).max(0),
        },
        database_breakdown: Databases {
            by_type: ByType(counts.databases_by_scheme),
        },
        popular_content: Popular {
            top_tags: counts.top_tags,
            top_creators: counts.top_creators,
        },
        current_user: CurrentUser {
            id: user.id.0,
            username: user.username.clone(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            email: user.email.clone(),
            active: true,
            roles: context
                .access
                .roles()
                .iter()
                .map(|role| role.name.clone())
                .collect(),
        },
        feature_availability: Features {
            accessible_menus: context
                .access
                .views("menu_access")
                .map(str::to_owned)
                .collect(),
        },
        timestamp: now.to_rfc3339_opts(SecondsFormat::Micros, true),
    })
}

/// Two digits after the point; 0 where there is nothing to divide by.
fn average(charts: i64, dashboards: i64) -> f64 {
    if dashboards == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "no workspace has 2^52 charts")]
    let average = charts as f64 / dashboards as f64;
    (average * 100.0).round() / 100.0
}

impl Tool for GetInstanceInfo {
    type Arguments = NoArguments;
    type Answer = InstanceInfo;

    const SPEC: ToolSpec = ToolSpec {
        name: "get_instance_info",
        title: "Get instance info",
        description: "Gives an overview of the workspace: how many dashboards, charts, datasets and databases you \
                      can see, what changed lately, which database systems there are, and who you are with which \
                      roles. Good as a first call in a conversation; for names and ids call the list tools.",
        scope: Scope::Read,
        permission: None,
        annotations: ToolAnnotations::READS,
        tags: &["core"],
        touches: Touches::Databases,
        cache: CacheRule::PerRights,
        size: SizeRule::Exempt,
        redaction: Redaction::Entities,
    };
    const LAYOUT: ArgumentLayout = ArgumentLayout::OptionalRequest;

    async fn call(
        &self,
        context: &CallContext,
        _: NoArguments,
    ) -> Result<InstanceInfo, ToolFailure> {
        instance_info(context).await
    }
}
