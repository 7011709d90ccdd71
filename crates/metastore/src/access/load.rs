use std::collections::{BTreeMap, BTreeSet};

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};

use super::{Access, Role, RowRules, RowRulesOf};
use crate::db::Pool;
use crate::{MetastoreError, User};

const OPERATION: &str = "read a user's rights";

/// Ids of the roles of a user: direct ones, and those of their groups.
fn role_ids(user_id: i64) -> (SelectStatement, SelectStatement) {
    let direct = Query::select()
        .column("role_id")
        .from("ab_user_role")
        .and_where(Expr::col("user_id").eq(user_id))
        .to_owned();
    let through_groups = Query::select()
        .column(("ab_group_role", "role_id"))
        .from("ab_group_role")
        .inner_join(
            "ab_user_group",
            Expr::col(("ab_user_group", "group_id")).equals(("ab_group_role", "group_id")),
        )
        .and_where(Expr::col(("ab_user_group", "user_id")).eq(user_id))
        .to_owned();
    (direct, through_groups)
}

/// Reads a user's rights in four statements, run side by side.
pub(crate) async fn load(
    pool: &Pool,
    user: User,
    dashboard_roles: bool,
) -> Result<Access, MetastoreError> {
    let (direct, through_groups) = role_ids(user.id.0);
    let roles = Query::select()
        .columns([("ab_role", "id"), ("ab_role", "name")])
        .from("ab_role")
        .and_where(
            Expr::col(("ab_role", "id"))
                .in_subquery(direct.clone())
                .or(Expr::col(("ab_role", "id")).in_subquery(through_groups.clone())),
        )
        .to_owned();
    let permissions = Query::select()
        .distinct()
        .column(("ab_permission", "name"))
        .column(("ab_view_menu", "name"))
        .from("ab_permission_view_role")
        .inner_join(
            "ab_permission_view",
            Expr::col(("ab_permission_view", "id"))
                .equals(("ab_permission_view_role", "permission_view_id")),
        )
        .inner_join(
            "ab_permission",
            Expr::col(("ab_permission", "id")).equals(("ab_permission_view", "permission_id")),
        )
        .inner_join(
            "ab_view_menu",
            Expr::col(("ab_view_menu", "id")).equals(("ab_permission_view", "view_menu_id")),
        )
        .and_where(
            Expr::col(("ab_permission_view_role", "role_id"))
                .in_subquery(direct)
                .or(Expr::col(("ab_permission_view_role", "role_id")).in_subquery(through_groups)),
        )
        .to_owned();
    let filters = Query::select()
        .column(("row_level_security_filters", "id"))
        .column(("row_level_security_filters", "filter_type"))
        .column(("row_level_security_filters", "group_key"))
        .column(("row_level_security_filters", "clause"))
        .columns(
            ["id", "database_id", "catalog", "schema", "table_name"].map(|name| ("tables", name)),
        )
        .from("row_level_security_filters")
        .inner_join(
            "rls_filter_tables",
            Expr::col(("rls_filter_tables", "rls_filter_id"))
                .equals(("row_level_security_filters", "id")),
        )
        .inner_join(
            "tables",
            Expr::col(("tables", "id")).equals(("rls_filter_tables", "table_id")),
        )
        .order_by(("tables", "id"), Order::Asc)
        .order_by(("row_level_security_filters", "id"), Order::Asc)
        .to_owned();
    let filter_roles = Query::select()
        .columns(["rls_filter_id", "role_id"])
        .from("rls_filter_roles")
        .to_owned();

    let (roles, permissions, filters, filter_roles) = tokio::try_join!(
        pool.fetch(OPERATION, &roles),
        pool.fetch(OPERATION, &permissions),
        pool.fetch(OPERATION, &filters),
        pool.fetch(OPERATION, &filter_roles),
    )?;

    let roles: Vec<Role> = roles
        .iter()
        .map(|row| {
            Ok(Role {
                id: row.id(0)?,
                name: row.text_or_empty(1)?,
            })
        })
        .collect::<Result<_, MetastoreError>>()?;
    let mut granted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in &permissions {
        granted
            .entry(row.text_or_empty(0)?)
            .or_default()
            .insert(row.text_or_empty(1)?);
    }

    let mine: BTreeSet<i64> = roles.iter().map(|role| role.id).collect();
    let mut listed: BTreeSet<i64> = BTreeSet::new();
    for row in &filter_roles {
        if let (Some(filter), Some(role)) = (row.integer(0)?, row.integer(1)?)
            && mine.contains(&role)
        {
            listed.insert(filter);
        }
    }
    let mut of_tables: BTreeMap<i64, (RowRulesOf, Vec<(Option<String>, String)>)> = BTreeMap::new();
    for row in &filters {
        let is_listed = listed.contains(&row.id(0)?);
        let kind = row.text_or_empty(1)?;
        // A Regular filter limits the roles that it lists, a Base filter all others. A kind that is
        // neither limits everybody, so that a metastore newer than this code shows less and not more.
        let applies = match kind.as_str() {
            "Regular" => is_listed,
            "Base" => !is_listed,
            _ => true,
        };
        if !applies {
            continue;
        }
        let table_id = row.id(4)?;
        let entry = match of_tables.entry(table_id) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert((
                RowRulesOf {
                    table_id,
                    database_id: row.id(5)?,
                    catalog: row.text(6)?.filter(|name| !name.is_empty()),
                    schema: row.text(7)?.filter(|name| !name.is_empty()),
                    table_name: row.text_or_empty(8)?,
                    rules: RowRules::default(),
                },
                Vec::new(),
            )),
        };
        entry.1.push((row.text(2)?, row.text_or_empty(3)?));
    }
    let row_rules = of_tables
        .into_values()
        .map(|(of, clauses)| RowRulesOf {
            rules: RowRules::from_clauses(clauses),
            ..of
        })
        .collect();
    Ok(Access::new(
        user,
        roles,
        granted,
        row_rules,
        dashboard_roles,
    ))
}
