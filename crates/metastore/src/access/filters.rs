//! Conditions that leave only what a user may see, by Superset's list filters.

use sea_query::{Cond, Condition, Expr, ExprTrait, Query, SelectStatement};

use super::{Access, database_of_perm};

/// Rows of `table` (`slices` or `tables`, both carry the permission strings) that lie in an open
/// database, catalog or schema, or are open themselves. The statement must hold `tables` as well.
fn datasource_is_open(access: &Access, table: &'static str) -> Condition {
    let one_of = |column: &'static str, permission: &str| {
        let views: Vec<&str> = access.views(permission).collect();
        (!views.is_empty()).then(|| Expr::col((table, column)).is_in(views))
    };
    let databases = (!access.database_ids.is_empty())
        .then(|| Expr::col(("tables", "database_id")).is_in(access.database_ids.iter().copied()));
    let mut any = Cond::any();
    let mut is_empty = true;
    for open in [
        databases,
        one_of("perm", "datasource_access"),
        one_of("catalog_perm", "catalog_access"),
        one_of("schema_perm", "schema_access"),
    ]
    .into_iter()
    .flatten()
    {
        any = any.add(open);
        is_empty = false;
    }
    if is_empty { nothing() } else { any }
}

/// Holds for no row. An empty condition would hold for all.
fn nothing() -> Condition {
    Cond::all().add(Expr::val(1).eq(0))
}

/// Leaves the charts that the user may see.
pub(crate) fn charts_seen(access: &Access, select: &mut SelectStatement) {
    if access.can_access_all_datasources() {
        return;
    }
    select
        .inner_join(
            "tables",
            Expr::col(("tables", "id")).equals(("slices", "datasource_id")),
        )
        .cond_where(datasource_is_open(access, "slices"));
}

/// Leaves the datasets that the user may see.
pub(crate) fn datasets_seen(access: &Access, select: &mut SelectStatement) {
    if !access.can_access_all_datasources() {
        select.cond_where(datasource_is_open(access, "tables"));
    }
}

/// Leaves the dashboards that the user may see: their own, drafts included; published ones with a chart
/// on a dataset that is open to them; and, where dashboards have roles, published ones that list one of
/// theirs, and no others of those.
pub(crate) fn dashboards_seen(access: &Access, select: &mut SelectStatement) {
    if access.is_admin() {
        return;
    }
    let owned = Query::select()
        .column("dashboard_id")
        .from("dashboard_user")
        .and_where(Expr::col("user_id").eq(access.user.id.0))
        .to_owned();
    let mut with_open_chart = Query::select();
    with_open_chart
        .column(("dashboard_slices", "dashboard_id"))
        .from("dashboard_slices")
        .inner_join(
            "slices",
            Expr::col(("slices", "id")).equals(("dashboard_slices", "slice_id")),
        )
        .inner_join(
            "tables",
            Expr::col(("tables", "id")).equals(("slices", "datasource_id")),
        );
    if !access.can_access_all_datasources() {
        with_open_chart.cond_where(datasource_is_open(access, "slices"));
    }
    let published = || Expr::col(("dashboards", "published")).eq(true);
    let mut by_charts = Cond::all()
        .add(published())
        .add(Expr::col(("dashboards", "id")).in_subquery(with_open_chart));
    let mut any = Cond::any().add(Expr::col(("dashboards", "id")).in_subquery(owned));
    if access.dashboard_roles {
        let roles = |select: &mut SelectStatement| {
            select
                .column("dashboard_id")
                .from("dashboard_roles")
                .and_where(Expr::col("dashboard_id").is_not_null())
                .to_owned()
        };
        by_charts = by_charts
            .add(Expr::col(("dashboards", "id")).not_in_subquery(roles(&mut Query::select())));
        let ids: Vec<i64> = access.roles.iter().map(|role| role.id).collect();
        if !ids.is_empty() {
            let mine = roles(&mut Query::select())
                .and_where(Expr::col("role_id").is_in(ids))
                .to_owned();
            any = any.add(
                Cond::all()
                    .add(published())
                    .add(Expr::col(("dashboards", "id")).in_subquery(mine)),
            );
        }
    }
    select.cond_where(any.add(by_charts));
}

/// Leaves the databases that are open to the user or hold something that is.
pub(crate) fn databases_seen(access: &Access, select: &mut SelectStatement) {
    if access.can_access_all_databases() {
        return;
    }
    let mut names: Vec<&str> = ["catalog_access", "schema_access", "datasource_access"]
        .into_iter()
        .flat_map(|permission| access.views(permission))
        .filter_map(database_of_perm)
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut any = Cond::any();
    if !names.is_empty() {
        any = any.add(Expr::col(("dbs", "database_name")).is_in(names.iter().copied()));
    }
    if !access.database_ids.is_empty() {
        any = any.add(Expr::col(("dbs", "id")).is_in(access.database_ids.iter().copied()));
    }
    select.cond_where(if names.is_empty() && access.database_ids.is_empty() {
        nothing()
    } else {
        any
    });
}
