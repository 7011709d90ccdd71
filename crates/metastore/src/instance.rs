use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use sea_query::{Asterisk, Expr, ExprTrait, Func, Order, Query, SelectStatement};

use crate::chart::CHARTS;
use crate::dashboard::DASHBOARDS;
use crate::database::{DATABASES, scheme_of};
use crate::dataset::DATASETS;
use crate::listing::{Entity, count_seen};
use crate::{Access, Metastore, MetastoreError};

/// Names of the most used tags and the most active creators that are given at the most.
const TOP: u64 = 5;

/// The workspace in numbers. Things are counted as far as the user may see them; users, roles, tags and
/// `dashboards_with_charts` are counted whole, as Superset does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceCounts {
    /// Dashboards.
    pub dashboards: i64,
    /// Charts.
    pub charts: i64,
    /// Datasets.
    pub datasets: i64,
    /// Databases.
    pub databases: i64,
    /// Users.
    pub users: i64,
    /// Roles.
    pub roles: i64,
    /// Tags.
    pub tags: i64,
    /// Created since `month_ago`.
    pub dashboards_created: i64,
    /// Created since `month_ago`.
    pub charts_created: i64,
    /// Created since `month_ago`.
    pub datasets_created: i64,
    /// Changed since `week_ago`.
    pub dashboards_modified: i64,
    /// Changed since `week_ago`.
    pub charts_modified: i64,
    /// Changed since `week_ago`.
    pub datasets_modified: i64,
    /// Published dashboards.
    pub published: i64,
    /// Dashboards whose certifier is set, were it to an empty text.
    pub certified: i64,
    /// Dashboards with a chart on them, seen or not.
    pub dashboards_with_charts: i64,
    /// Databases by dialect and driver, in text order, seen or not.
    pub databases_by_scheme: Vec<(String, i64)>,
    /// The custom tags on the most things.
    pub top_tags: Vec<String>,
    /// The users who created the most charts among those that are seen.
    pub top_creators: Vec<String>,
}

/// Numbers about the workspace.
#[derive(Clone, Copy)]
pub struct Instance<'a> {
    pub(crate) metastore: &'a Metastore,
}

fn count(table: &'static str) -> SelectStatement {
    Query::select()
        .from(table)
        .expr(Func::count(Expr::col(Asterisk)))
        .to_owned()
}

fn subquery(select: SelectStatement) -> Expr {
    Expr::SubQuery(None, Box::new(select.into()))
}

/// `COUNT(*)` of what the user sees of an entity, as an expression.
fn seen(entity: &Entity, access: &Access, condition: Option<Expr>) -> Expr {
    let mut select = count_seen(entity, access);
    if let Some(condition) = condition {
        select.and_where(condition);
    }
    subquery(select)
}

/// All numbers in one row, in the order in which [`Instance::counts`] reads them.
fn numbers(access: &Access, month_ago: NaiveDateTime, week_ago: NaiveDateTime) -> SelectStatement {
    let since = |table: &'static str, column: &'static str, time: NaiveDateTime| {
        Some(Expr::col((table, column)).gte(time))
    };
    let with_charts = Query::select()
        .expr(Func::count_distinct(Expr::col("dashboard_id")))
        .from("dashboard_slices")
        .to_owned();
    let is_published = Expr::col(("dashboards", "published")).eq(true);
    let is_certified = Expr::col(("dashboards", "certified_by")).is_not_null();
    Query::select()
        .exprs([
            seen(&DASHBOARDS, access, None),
            seen(&CHARTS, access, None),
            seen(&DATASETS, access, None),
            seen(&DATABASES, access, None),
            subquery(count("ab_user")),
            subquery(count("ab_role")),
            subquery(count("tag")),
            seen(
                &DASHBOARDS,
                access,
                since("dashboards", "created_on", month_ago),
            ),
            seen(&CHARTS, access, since("slices", "created_on", month_ago)),
            seen(&DATASETS, access, since("tables", "created_on", month_ago)),
            seen(
                &DASHBOARDS,
                access,
                since("dashboards", "changed_on", week_ago),
            ),
            seen(&CHARTS, access, since("slices", "changed_on", week_ago)),
            seen(&DATASETS, access, since("tables", "changed_on", week_ago)),
            seen(&DASHBOARDS, access, Some(is_published)),
            seen(&DASHBOARDS, access, Some(is_certified)),
            subquery(with_charts),
        ])
        .to_owned()
}

/// Names of the custom tags on the most things.
fn top_tags() -> SelectStatement {
    Query::select()
        .column(("tag", "name"))
        .from("tagged_object")
        .inner_join(
            "tag",
            Expr::col(("tag", "id")).equals(("tagged_object", "tag_id")),
        )
        .and_where(Expr::col(("tag", "type")).cast_as("text").eq("custom"))
        .group_by_columns([("tag", "id"), ("tag", "name")])
        .order_by_expr(
            Func::count(Expr::col(("tagged_object", "id"))).into(),
            Order::Desc,
        )
        .order_by(("tag", "id"), Order::Asc)
        .limit(TOP)
        .to_owned()
}

/// Names of those who created the most of the charts that the user sees.
fn top_creators(access: &Access) -> SelectStatement {
    let mut select = Query::select();
    select
        .column(("ab_user", "username"))
        .from("slices")
        .inner_join(
            "ab_user",
            Expr::col(("ab_user", "id")).equals(("slices", "created_by_fk")),
        );
    (CHARTS.seen)(access, &mut select);
    select
        .group_by_columns([("ab_user", "id"), ("ab_user", "username")])
        .order_by_expr(Func::count(Expr::col(("slices", "id"))).into(), Order::Desc)
        .order_by(("ab_user", "id"), Order::Asc)
        .limit(TOP)
        .to_owned()
}

impl Instance<'_> {
    /// Counts. Four statements side by side.
    pub async fn counts(
        &self,
        access: &Access,
        month_ago: NaiveDateTime,
        week_ago: NaiveDateTime,
    ) -> Result<InstanceCounts, MetastoreError> {
        const OPERATION: &str = "count what is in the workspace";
        let numbers = numbers(access, month_ago, week_ago);
        let uris = Query::select()
            .column("sqlalchemy_uri")
            .from("dbs")
            .to_owned();
        let (tags, creators) = (top_tags(), top_creators(access));
        let pool = self.metastore.pool();
        let (numbers, uris, tags, creators) = tokio::try_join!(
            pool.fetch_one(OPERATION, &numbers),
            pool.fetch(OPERATION, &uris),
            pool.fetch(OPERATION, &tags),
            pool.fetch(OPERATION, &creators),
        )?;
        let numbers = numbers.ok_or_else(|| MetastoreError::Corrupt {
            operation: OPERATION,
            reason: "a statement without a table gave no row".into(),
        })?;
        let mut schemes = BTreeMap::new();
        for row in &uris {
            *schemes
                .entry(scheme_of(&row.text_or_empty(0)?).to_owned())
                .or_insert(0) += 1;
        }
        let names = |rows: Vec<tidegate_database::Row>| {
            rows.iter()
                .map(|row| row.text_or_empty(0))
                .collect::<Result<_, _>>()
        };
        Ok(InstanceCounts {
            dashboards: numbers.id(0)?,
            charts: numbers.id(1)?,
            datasets: numbers.id(2)?,
            databases: numbers.id(3)?,
            users: numbers.id(4)?,
            roles: numbers.id(5)?,
            tags: numbers.id(6)?,
            dashboards_created: numbers.id(7)?,
            charts_created: numbers.id(8)?,
            datasets_created: numbers.id(9)?,
            dashboards_modified: numbers.id(10)?,
            charts_modified: numbers.id(11)?,
            datasets_modified: numbers.id(12)?,
            published: numbers.id(13)?,
            certified: numbers.id(14)?,
            dashboards_with_charts: numbers.id(15)?,
            databases_by_scheme: schemes.into_iter().collect(),
            top_tags: names(tags)?,
            top_creators: names(creators)?,
        })
    }
}
