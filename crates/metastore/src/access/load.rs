use std::collections::{BTreeMap, BTreeSet};

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};

use super::{Access, Role, RowRules, RowRulesOf};
use crate::{MetastoreError, User};
use tidegate_database::{Pool, Row};

const OPERATION: &str = "read a user's rights";

/// Reads a user's rights in four statements, run side by side.
pub(crate) async fn load(
    pool: &Pool,
    user: User,
    dashboard_roles: bool,
) -> Result<Access, MetastoreError> {
    let (roles, permissions) = (roles_of(user.id.0), permissions_of(user.id.0));
    let (filters, filter_roles) = (row_filters(), row_filter_roles());
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
    let row_rules = row_rules(&filters, &listed)?;
    Ok(Access::new(
        user,
        roles,
        granted,
        row_rules,
        dashboard_roles,
    ))
}

/// Whether a column is the id of a role of the user: a direct one, or one of their groups.
fn is_role_of(column: (&'static str, &'static str), user_id: i64) -> Expr {
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
    Expr::col(column)
        .in_subquery(direct)
        .or(Expr::col(column).in_subquery(through_groups))
}

/// Rows: id and name.
fn roles_of(user_id: i64) -> SelectStatement {
    Query::select()
        .columns([("ab_role", "id"), ("ab_role", "name")])
        .from("ab_role")
        .and_where(is_role_of(("ab_role", "id"), user_id))
        .to_owned()
}

/// Rows: permission and view.
fn permissions_of(user_id: i64) -> SelectStatement {
    Query::select()
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
        .and_where(is_role_of(("ab_permission_view_role", "role_id"), user_id))
        .to_owned()
}

/// Rows: filter, its kind, group and clause; id, database, catalog, schema and name of a dataset under it.
fn row_filters() -> SelectStatement {
    Query::select()
        .columns(
            ["id", "filter_type", "group_key", "clause"]
                .map(|name| ("row_level_security_filters", name)),
        )
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
        .to_owned()
}

/// Rows: filter and role.
fn row_filter_roles() -> SelectStatement {
    Query::select()
        .columns(["rls_filter_id", "role_id"])
        .from("rls_filter_roles")
        .to_owned()
}

/// Clauses with their groups.
type Clauses = Vec<(Option<String>, String)>;

/// The rules of each dataset from the rows of [`row_filters`], given the filters that list a role of the user.
fn row_rules(filters: &[Row], listed: &BTreeSet<i64>) -> Result<Vec<RowRulesOf>, MetastoreError> {
    let mut of_tables: Vec<(RowRulesOf, Clauses)> = Vec::new();
    for row in filters {
        if !applies(row.text(1)?.as_deref(), listed.contains(&row.id(0)?)) {
            continue;
        }
        let table_id = row.id(4)?;
        // The rows of a table stand together.
        if of_tables
            .last()
            .is_none_or(|(of, _)| of.table_id != table_id)
        {
            let of = RowRulesOf {
                table_id,
                database_id: row.id(5)?,
                catalog: row.text(6)?.filter(|name| !name.is_empty()),
                schema: row.text(7)?.filter(|name| !name.is_empty()),
                table_name: row.text_or_empty(8)?,
                rules: RowRules::default(),
            };
            of_tables.push((of, Vec::new()));
        }
        if let Some((_, clauses)) = of_tables.last_mut() {
            clauses.push((row.text(2)?, row.text_or_empty(3)?));
        }
    }
    Ok(of_tables
        .into_iter()
        .map(|(of, clauses)| RowRulesOf {
            rules: RowRules::from_clauses(clauses),
            ..of
        })
        .collect())
}

/// A Regular filter limits the roles that it lists, a Base filter all others. A kind that is neither limits
/// everybody, so that a metastore newer than this code shows less and not more.
fn applies(kind: Option<&str>, lists_a_role: bool) -> bool {
    match kind {
        Some("Regular") => lists_a_role,
        Some("Base") => !lists_a_role,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::applies;

    #[test]
    fn a_regular_filter_limits_its_roles_and_a_base_filter_all_others() {
        assert!(applies(Some("Regular"), true) && !applies(Some("Regular"), false));
        assert!(!applies(Some("Base"), true) && applies(Some("Base"), false));
        assert!(applies(Some("Newer"), false) && applies(None, true));
    }
}
