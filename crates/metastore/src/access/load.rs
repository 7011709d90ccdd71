use std::collections::{BTreeMap, BTreeSet};

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};

use super::{Access, Role, RowRules, RowRulesOf};
use crate::{MetastoreError, User};
use tidegate_database::{Pool, row};

const OPERATION: &str = "read a user's rights";

row! {
    struct PermissionRow {
        permission: String = ab_permission.name,
        view: String = ab_view_menu.name,
    }
}

row! {
    /// A row filter and a dataset under it.
    struct RowFilterRow {
        filter: i64 = row_level_security_filters.id,
        kind: Option<String> = row_level_security_filters.filter_type,
        group: Option<String> = row_level_security_filters.group_key,
        clause: String = row_level_security_filters.clause,
        table_id: i64 = tables.id,
        database_id: i64 = tables.database_id,
        catalog: Option<String> = tables.catalog,
        schema: Option<String> = tables.schema,
        table_name: String = tables.table_name,
    }
}

row! {
    struct RowFilterRole {
        filter: Option<i64> = rls_filter_roles.rls_filter_id,
        role: Option<i64> = rls_filter_roles.role_id,
    }
}

/// Reads a user's rights in four statements, run side by side.
pub(crate) async fn load(
    pool: &Pool,
    user: User,
    dashboard_roles: bool,
) -> Result<Access, MetastoreError> {
    let (roles, permissions) = (roles_of(user.id.0), permissions_of(user.id.0));
    let (filters, filter_roles) = (row_filters(), row_filter_roles());
    let (roles, permissions, filters, filter_roles) = tokio::try_join!(
        pool.read::<Role>(OPERATION, &roles),
        pool.read::<PermissionRow>(OPERATION, &permissions),
        pool.read::<RowFilterRow>(OPERATION, &filters),
        pool.read::<RowFilterRole>(OPERATION, &filter_roles),
    )?;

    let mut granted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for PermissionRow { permission, view } in permissions {
        granted.entry(permission).or_default().insert(view);
    }
    let mine: BTreeSet<i64> = roles.iter().map(|role| role.id).collect();
    let listed: BTreeSet<i64> = filter_roles
        .iter()
        .filter(|row| row.role.is_some_and(|role| mine.contains(&role)))
        .filter_map(|row| row.filter)
        .collect();
    let row_rules = row_rules(filters, &listed);
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

fn roles_of(user_id: i64) -> SelectStatement {
    Role::select(&mut Query::select())
        .from("ab_role")
        .and_where(is_role_of(("ab_role", "id"), user_id))
        .to_owned()
}

fn permissions_of(user_id: i64) -> SelectStatement {
    PermissionRow::select(Query::select().distinct())
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

fn row_filters() -> SelectStatement {
    RowFilterRow::select(&mut Query::select())
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

fn row_filter_roles() -> SelectStatement {
    RowFilterRole::select(&mut Query::select())
        .from("rls_filter_roles")
        .to_owned()
}

/// Clauses with their groups.
type Clauses = Vec<(Option<String>, String)>;

/// The rules of each dataset from the rows of [`row_filters`], given the filters that list a role of the user.
fn row_rules(filters: Vec<RowFilterRow>, listed: &BTreeSet<i64>) -> Vec<RowRulesOf> {
    let mut of_tables: Vec<(RowRulesOf, Clauses)> = Vec::new();
    for row in filters {
        if !applies(row.kind.as_deref(), listed.contains(&row.filter)) {
            continue;
        }
        // The rows of a table stand together.
        if of_tables
            .last()
            .is_none_or(|(of, _)| of.table_id != row.table_id)
        {
            let of = RowRulesOf {
                table_id: row.table_id,
                database_id: row.database_id,
                catalog: row.catalog.filter(|name| !name.is_empty()),
                schema: row.schema.filter(|name| !name.is_empty()),
                table_name: row.table_name,
                rules: RowRules::default(),
            };
            of_tables.push((of, Vec::new()));
        }
        if let Some((_, clauses)) = of_tables.last_mut() {
            clauses.push((row.group, row.clause));
        }
    }
    of_tables
        .into_iter()
        .map(|(of, clauses)| RowRulesOf {
            rules: RowRules::from_clauses(clauses),
            ..of
        })
        .collect()
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
