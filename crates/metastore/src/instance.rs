use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use sea_query::{Asterisk, Expr, ExprTrait, Func, Order, Query, SelectStatement};

use tidegate_database::{NamedRow, row};

use crate::database::scheme_of;
use crate::schema::Generation;
use crate::table::{Entity, Field};
use crate::{Access, Chart, Dashboard, Database, Dataset, Metastore, MetastoreError};

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
fn seen<E: Entity>(generation: Generation, access: &Access, condition: Option<Expr>) -> Expr {
    let mut select = Query::select();
    select.from(E::TABLE).expr(Func::count(Expr::col(Asterisk)));
    generation.leave_visible(E::KIND, access, &mut select);
    if let Some(condition) = condition {
        select.and_where(condition);
    }
    subquery(select)
}

/// All numbers in one row, called as the members of [`InstanceCounts`].
fn numbers(
    generation: Generation,
    access: &Access,
    month_ago: NaiveDateTime,
    week_ago: NaiveDateTime,
) -> SelectStatement {
    fn since<E: Entity>(field: Field<E, NaiveDateTime>, time: NaiveDateTime) -> Expr {
        Expr::col((E::TABLE, field.column().name)).gte(time)
    }
    /// All, those created since, those changed since.
    fn activity<E: Entity>(
        generation: Generation,
        access: &Access,
        month_ago: NaiveDateTime,
        week_ago: NaiveDateTime,
    ) -> [Expr; 3] {
        [
            seen::<E>(generation, access, None),
            seen::<E>(generation, access, Some(since(E::CREATED_ON, month_ago))),
            seen::<E>(generation, access, Some(since(E::CHANGED_ON, week_ago))),
        ]
    }
    let with_charts = Query::select()
        .expr(Func::count_distinct(Expr::col("dashboard_id")))
        .from("dashboard_slices")
        .to_owned();
    let is_published = Expr::col(("dashboards", "published")).eq(true);
    let is_certified = Expr::col(("dashboards", "certified_by")).is_not_null();
    let [dashboards, dashboards_created, dashboards_modified] =
        activity::<Dashboard>(generation, access, month_ago, week_ago);
    let [charts, charts_created, charts_modified] =
        activity::<Chart>(generation, access, month_ago, week_ago);
    let [datasets, datasets_created, datasets_modified] =
        activity::<Dataset>(generation, access, month_ago, week_ago);
    let dashboards_that = |condition| seen::<Dashboard>(generation, access, Some(condition));
    let mut select = Query::select();
    for (number, name) in [
        (dashboards, "dashboards"),
        (charts, "charts"),
        (datasets, "datasets"),
        (seen::<Database>(generation, access, None), "databases"),
        (subquery(count("ab_user")), "users"),
        (subquery(count("ab_role")), "roles"),
        (subquery(count("tag")), "tags"),
        (dashboards_created, "dashboards_created"),
        (charts_created, "charts_created"),
        (datasets_created, "datasets_created"),
        (dashboards_modified, "dashboards_modified"),
        (charts_modified, "charts_modified"),
        (datasets_modified, "datasets_modified"),
        (dashboards_that(is_published), "published"),
        (dashboards_that(is_certified), "certified"),
        (subquery(with_charts), "dashboards_with_charts"),
    ] {
        select.expr_as(number, name);
    }
    select
}

row! {
    struct TagName {
        name: Option<String> = tag.name,
    }
}

row! {
    struct CreatorName {
        username: String = ab_user.username,
    }
}

row! {
    struct UriRow {
        sqlalchemy_uri: String = dbs.sqlalchemy_uri,
    }
}

/// Names of the custom tags on the most things.
fn top_tags() -> SelectStatement {
    TagName::select(&mut Query::select())
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
fn top_creators(generation: Generation, access: &Access) -> SelectStatement {
    let mut select = Query::select();
    CreatorName::select(&mut select).from("slices").inner_join(
        "ab_user",
        Expr::col(("ab_user", "id")).equals(("slices", "created_by_fk")),
    );
    generation.leave_visible(Chart::KIND, access, &mut select);
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
        let generation = self.metastore.generation();
        let numbers = numbers(generation, access, month_ago, week_ago);
        let uris = UriRow::select(&mut Query::select()).from("dbs").to_owned();
        let (tags, creators) = (top_tags(), top_creators(generation, access));
        let pool = self.metastore.pool();
        let (numbers, uris, tags, creators) = tokio::try_join!(
            pool.fetch_one(OPERATION, &numbers),
            pool.read::<UriRow>(OPERATION, &uris),
            pool.read::<TagName>(OPERATION, &tags),
            pool.read::<CreatorName>(OPERATION, &creators),
        )?;
        let numbers = numbers.ok_or_else(|| MetastoreError::Corrupt {
            operation: OPERATION,
            reason: "a statement without a table gave no row".into(),
        })?;
        let numbers: &dyn NamedRow = &numbers;
        let number = |name: &'static str| numbers.get::<i64>(name, name);
        let mut schemes = BTreeMap::new();
        for UriRow { sqlalchemy_uri } in &uris {
            *schemes
                .entry(scheme_of(sqlalchemy_uri).to_owned())
                .or_insert(0) += 1;
        }
        let tag_name = |tag: TagName| tag.name.unwrap_or_default();
        Ok(InstanceCounts {
            dashboards: number("dashboards")?,
            charts: number("charts")?,
            datasets: number("datasets")?,
            databases: number("databases")?,
            users: number("users")?,
            roles: number("roles")?,
            tags: number("tags")?,
            dashboards_created: number("dashboards_created")?,
            charts_created: number("charts_created")?,
            datasets_created: number("datasets_created")?,
            dashboards_modified: number("dashboards_modified")?,
            charts_modified: number("charts_modified")?,
            datasets_modified: number("datasets_modified")?,
            published: number("published")?,
            certified: number("certified")?,
            dashboards_with_charts: number("dashboards_with_charts")?,
            databases_by_scheme: schemes.into_iter().collect(),
            top_tags: tags.into_iter().map(tag_name).collect(),
            top_creators: creators.into_iter().map(|user| user.username).collect(),
        })
    }
}
