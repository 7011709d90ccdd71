//! What a user may see and do, by Superset's rules.

mod filters;
mod load;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};

use tidegate_database::row;

use crate::User;

pub(crate) use filters::{charts_seen, dashboards_seen, databases_seen, datasets_seen};
pub(crate) use load::load;
pub use rows::{RowRules, RowRulesOf};

/// The role that may do everything (Superset's `AUTH_ROLE_ADMIN`).
const ADMIN_ROLE: &str = "Admin";

row! {
    /// A role that a user has, directly or through a group.
    #[derive(PartialOrd, Ord)]
    pub struct Role {
        /// `ab_role.id`.
        pub id: i64 = ab_role.id,
        /// `ab_role.name`.
        pub name: String = ab_role.name,
    }
}

/// The rights of one user at one moment: everything that decides what they see. Made by
/// [`Metastore::access_of`](crate::Metastore::access_of), kept by the caller for as long as it likes.
#[derive(Debug, Clone)]
pub struct Access {
    user: User,
    roles: Vec<Role>,
    /// View names by permission.
    granted: BTreeMap<String, BTreeSet<String>>,
    row_rules: Vec<RowRulesOf>,
    /// Superset's flag `DASHBOARD_RBAC`: roles of a dashboard decide who sees it.
    dashboard_roles: bool,
    all_datasources: bool,
    database_ids: Vec<i64>,
    fingerprint: Fingerprint,
}

/// 128 bits over all that decides what a user sees: equal fingerprints, equal answers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(Arc<str>);

impl Fingerprint {
    /// 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.0)
    }
}

/// The permission strings that Superset keeps beside a dataset or chart.
#[derive(Debug, Clone, Copy, Default)]
pub struct DatasourcePerms<'a> {
    /// `[database].[table](id:1)`.
    pub perm: Option<&'a str>,
    /// `[database].[schema]`, or `[database].[catalog].[schema]`.
    pub schema_perm: Option<&'a str>,
    /// `[database].[catalog]`.
    pub catalog_perm: Option<&'a str>,
}

impl Access {
    fn new(
        user: User,
        mut roles: Vec<Role>,
        granted: BTreeMap<String, BTreeSet<String>>,
        row_rules: Vec<RowRulesOf>,
        dashboard_roles: bool,
    ) -> Self {
        roles.sort();
        roles.dedup();
        let mut access = Self {
            user,
            roles,
            granted,
            row_rules,
            dashboard_roles,
            all_datasources: false,
            database_ids: Vec::new(),
            fingerprint: Fingerprint("".into()),
        };
        access.all_datasources = access.can_access_all_databases()
            || access.can("all_datasource_access", "all_datasource_access");
        access.database_ids = access
            .views("database_access")
            .filter_map(id_of_perm)
            .collect();
        access.fingerprint = access.compute_fingerprint();
        access
    }

    /// The rights of somebody who has none.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        let user = User::for_tests(5, "ann");
        Self::new(user, Vec::new(), BTreeMap::new(), Vec::new(), true)
    }

    fn compute_fingerprint(&self) -> Fingerprint {
        let mut hash = Context::new(&SHA256);
        // Lengths stand before texts, so that no two different lists feed the same bytes.
        let mut feed = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        feed(&self.user.id.to_string());
        feed(&self.user.username);
        feed(if self.dashboard_roles { "roles" } else { "" });
        for role in &self.roles {
            feed(&role.id.to_string());
            feed(&role.name);
        }
        for (permission, views) in &self.granted {
            feed("permission");
            feed(permission);
            for view in views {
                feed(view);
            }
        }
        for rules in &self.row_rules {
            feed("rows");
            feed(&rules.table_id.to_string());
            feed(&rules.rules.to_sql());
        }
        let digest = hash.finish();
        let mut first = [0; 16];
        first.copy_from_slice(&digest.as_ref()[..16]);
        Fingerprint(format!("{:032x}", u128::from_be_bytes(first)).into())
    }

    /// Whose rights these are.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Their roles, by id.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Stands for these rights in cache keys.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Whether a role grants `permission` on `view`, such as `can_read` on `Chart`.
    pub fn can(&self, permission: &str, view: &str) -> bool {
        self.granted
            .get(permission)
            .is_some_and(|views| views.contains(view))
    }

    /// The views on which a permission is granted, in text order.
    pub fn views(&self, permission: &str) -> impl Iterator<Item = &str> {
        self.granted
            .get(permission)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Whether the user has the role `Admin`.
    pub fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role.name == ADMIN_ROLE)
    }

    /// Whether every database, and all in it, is open.
    pub fn can_access_all_databases(&self) -> bool {
        self.can("all_database_access", "all_database_access")
    }

    /// Whether every dataset is open.
    pub fn can_access_all_datasources(&self) -> bool {
        self.all_datasources
    }

    /// Whether everything in the database is open: any table, by SQL.
    pub fn can_access_database(&self, database_id: i64, database_name: &str) -> bool {
        self.all_datasources
            || self.can(
                "database_access",
                &format!("[{database_name}].(id:{database_id})"),
            )
    }

    /// Whether everything in a schema is open. `catalog` is left out where the database has none or the
    /// dataset names none.
    pub fn can_access_schema(
        &self,
        database_id: i64,
        database_name: &str,
        catalog: Option<&str>,
        schema: Option<&str>,
    ) -> bool {
        if self.can_access_database(database_id, database_name) {
            return true;
        }
        let catalog = catalog.filter(|name| !name.is_empty());
        if let Some(catalog) = catalog
            && self.can("catalog_access", &format!("[{database_name}].[{catalog}]"))
        {
            return true;
        }
        schema
            .filter(|name| !name.is_empty())
            .is_some_and(|schema| {
                let perm = match catalog {
                    Some(catalog) => format!("[{database_name}].[{catalog}].[{schema}]"),
                    None => format!("[{database_name}].[{schema}]"),
                };
                self.can("schema_access", &perm)
            })
    }

    /// Whether a dataset may be queried.
    pub fn can_access_datasource(&self, database_id: i64, perms: DatasourcePerms<'_>) -> bool {
        self.all_datasources
            || self.database_ids.contains(&database_id)
            || perms
                .catalog_perm
                .is_some_and(|perm| self.can("catalog_access", perm))
            || perms
                .schema_perm
                .is_some_and(|perm| self.can("schema_access", perm))
            || perms
                .perm
                .is_some_and(|perm| self.can("datasource_access", perm))
    }

    /// What limits the rows that the user sees of a dataset (`tables.id`). `None`: nothing.
    pub fn row_rules(&self, table_id: i64) -> Option<&RowRules> {
        self.row_rules
            .iter()
            .find(|of| of.table_id == table_id)
            .map(|of| &of.rules)
    }

    /// All datasets whose rows are limited for the user. SQL that names such a dataset's table must be
    /// limited too.
    pub fn limited_tables(&self) -> &[RowRulesOf] {
        &self.row_rules
    }
}

/// The id in a permission such as `[examples].(id:1)`.
fn id_of_perm(perm: &str) -> Option<i64> {
    perm.rsplit_once("(id:")?.1.strip_suffix(')')?.parse().ok()
}

/// The database's name in a permission such as `[examples].[public]`.
fn database_of_perm(perm: &str) -> Option<&str> {
    let rest = perm.strip_prefix('[')?;
    rest.find("].").map(|end| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(pairs: &[(&str, &str)]) -> Access {
        let mut granted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (permission, view) in pairs {
            granted
                .entry((*permission).into())
                .or_default()
                .insert((*view).into());
        }
        Access::new(
            User::for_tests(5, "ann"),
            Vec::new(),
            granted,
            Vec::new(),
            true,
        )
    }

    #[test]
    fn without_a_grant_everything_is_refused() {
        let nobody = access(&[]);
        assert!(!nobody.can("can_read", "Chart"));
        assert!(!nobody.is_admin());
        assert!(!nobody.can_access_database(1, "db"));
        assert!(!nobody.can_access_schema(1, "db", None, Some("s")));
        assert!(!nobody.can_access_datasource(1, DatasourcePerms::default()));
    }

    #[test]
    fn a_right_to_one_database_opens_what_is_in_it_and_no_other() {
        let reader = access(&[("database_access", "[db].(id:7)")]);
        assert!(reader.can_access_database(7, "db"));
        assert!(reader.can_access_schema(7, "db", Some("c"), Some("s")));
        assert!(reader.can_access_datasource(7, DatasourcePerms::default()));
        assert!(!reader.can_access_database(8, "db"));
        assert!(!reader.can_access_datasource(8, DatasourcePerms::default()));
    }

    #[test]
    fn a_right_to_a_schema_opens_its_datasets_only() {
        let reader = access(&[("schema_access", "[db].[s]")]);
        assert!(reader.can_access_schema(7, "db", None, Some("s")));
        assert!(!reader.can_access_schema(7, "db", None, Some("t")));
        assert!(!reader.can_access_schema(7, "db", None, None));
        let of = |schema_perm| DatasourcePerms {
            schema_perm: Some(schema_perm),
            ..Default::default()
        };
        assert!(reader.can_access_datasource(7, of("[db].[s]")));
        assert!(!reader.can_access_datasource(7, of("[db].[t]")));
    }

    #[test]
    fn the_fingerprint_tells_rights_apart_and_is_stable() {
        let one = access(&[("p", "a"), ("p", "b")]);
        assert_eq!(
            one.fingerprint(),
            access(&[("p", "b"), ("p", "a")]).fingerprint()
        );
        assert_ne!(one.fingerprint(), access(&[("p", "ab")]).fingerprint());
        assert_ne!(
            one.fingerprint(),
            access(&[("p", "a"), ("b", "b")]).fingerprint()
        );
        assert_eq!(32, one.fingerprint().as_str().len());
    }

    #[test]
    fn names_and_ids_are_read_out_of_permissions() {
        assert_eq!(Some(12), id_of_perm("[my (id:3) db].(id:12)"));
        assert_eq!(None, id_of_perm("[db].[schema]"));
        assert_eq!(Some("my db"), database_of_perm("[my db].[s].[t](id:3)"));
        assert_eq!(None, database_of_perm("all_database_access"));
    }
}
