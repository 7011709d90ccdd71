//! Roles, permissions, users, and the rule that narrows rows.

use std::collections::BTreeMap;

use super::super::cell::{Cell, Row, Table};
use super::{Content, DataLocation, ids};

/// The permission sets of Superset 6.1's roles.
const PERMISSIONS: &str = include_str!("permissions.txt");

const PERMISSION: Table = Table {
    name: "ab_permission",
    columns: &["id", "name"],
};
const VIEW_MENU: Table = Table {
    name: "ab_view_menu",
    columns: &["id", "name"],
};
const PERMISSION_VIEW: Table = Table {
    name: "ab_permission_view",
    columns: &["id", "permission_id", "view_menu_id"],
};
const ROLE: Table = Table {
    name: "ab_role",
    columns: &["id", "name"],
};
const GRANT: Table = Table {
    name: "ab_permission_view_role",
    columns: &["id", "permission_view_id", "role_id"],
};
const USER: Table = Table {
    name: "ab_user",
    columns: &[
        "id",
        "first_name",
        "last_name",
        "username",
        "password",
        "active",
        "email",
        "created_on",
        "changed_on",
    ],
};
const USER_ROLE: Table = Table {
    name: "ab_user_role",
    columns: &["id", "user_id", "role_id"],
};
const RULE: Table = Table {
    name: "row_level_security_filters",
    columns: &[
        "id",
        "created_on",
        "changed_on",
        "created_by_fk",
        "changed_by_fk",
        "name",
        "description",
        "filter_type",
        "group_key",
        "clause",
    ],
};
const RULE_ROLE: Table = Table {
    name: "rls_filter_roles",
    columns: &["id", "role_id", "rls_filter_id"],
};
const RULE_TABLE: Table = Table {
    name: "rls_filter_tables",
    columns: &["id", "table_id", "rls_filter_id"],
};

/// Roles, in the order of their ids. The letter stands for the role in [`PERMISSIONS`]; the last role is
/// the sample's own: it opens some of the datasets to those who have it.
const ROLES: [(&str, Option<char>); 6] = [
    ("Admin", Some('A')),
    ("Public", None),
    ("Alpha", Some('L')),
    ("Gamma", Some('G')),
    ("sql_lab", Some('S')),
    (READERS, None),
];
const READERS: &str = "Sample readers";
const READERS_ID: i64 = 6;

/// What no password can have as its hash: it has none of the forms that Superset's check knows, so that
/// nobody signs in until an administrator has set a password.
const NO_PASSWORD: &str = "!";

struct User {
    id: i64,
    username: &'static str,
    first: &'static str,
    last: &'static str,
    roles: &'static [i64],
}

/// The administrator; owner of what the sample brings.
pub(super) const ADMIN: i64 = 1;
/// Someone who makes charts.
pub(super) const ANALYST: i64 = 2;

const USERS: [User; 3] = [
    User {
        id: ADMIN,
        username: "admin",
        first: "Sample",
        last: "Admin",
        roles: &[1],
    },
    User {
        id: ANALYST,
        username: "analyst",
        first: "Sample",
        last: "Analyst",
        roles: &[3, 5],
    },
    User {
        id: 3,
        username: "viewer",
        first: "Sample",
        last: "Viewer",
        roles: &[4, READERS_ID],
    },
];

/// Names with the ids that they get, in the order in which they come.
#[derive(Default)]
struct Names {
    ids: BTreeMap<String, i64>,
    rows: Vec<Row>,
}

impl Names {
    fn id(&mut self, name: &str) -> i64 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = ids::next(&self.rows);
        self.ids.insert(name.to_owned(), id);
        self.rows.push(vec![id.into(), name.to_owned().into()]);
        id
    }
}

pub(super) fn add(content: &mut Content, place: &DataLocation) {
    add_permissions(content, place);
    add_users(content);
    add_rule(content);
}

fn add_permissions(content: &mut Content, place: &DataLocation) {
    let mut permissions = Names::default();
    let mut views = Names::default();
    let mut pairs: Vec<Row> = Vec::new();
    let mut grants: Vec<Row> = Vec::new();
    let mut grant = |view: &str, roles: &[i64], permission: &str| {
        let pair = ids::next(&pairs);
        pairs.push(vec![
            pair.into(),
            permissions.id(permission).into(),
            views.id(view).into(),
        ]);
        for role in roles {
            grants.push(vec![ids::next(&grants).into(), pair.into(), (*role).into()]);
        }
    };
    let mut alone = Vec::new();
    for line in PERMISSIONS.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split(" | ");
        let view = parts.next().expect("a split has a first part");
        let (Some(letters), Some(names)) = (parts.next(), parts.next()) else {
            alone.push(view);
            continue;
        };
        let roles = roles_of(letters);
        for permission in names.split(' ') {
            grant(view, &roles, permission);
        }
    }
    grant(&super::database_perm(), &[], "database_access");
    for (view, permission) in place.schema_perms() {
        grant(&view, &[], permission);
    }
    for dataset in &super::datasets::ALL {
        let roles: &[i64] = if dataset.readers { &[READERS_ID] } else { &[] };
        grant(&super::dataset_perm(dataset), roles, "datasource_access");
    }
    for view in alone {
        views.id(view);
    }
    let roles = (1..)
        .zip(ROLES)
        .map(|(id, (name, _))| vec![Cell::Int(id), name.into()]);
    content.add(ROLE, roles);
    content.add(PERMISSION, permissions.rows);
    content.add(VIEW_MENU, views.rows);
    content.add(PERMISSION_VIEW, pairs);
    content.add(GRANT, grants);
}

/// Ids of the roles that `letters` stand for.
fn roles_of(letters: &str) -> Vec<i64> {
    (1..)
        .zip(ROLES)
        .filter(|(_, (_, letter))| letter.is_some_and(|letter| letters.contains(letter)))
        .map(|(id, _)| id)
        .collect()
}

fn add_users(content: &mut Content) {
    let now = content.now;
    let rows = USERS.iter().map(|user| {
        vec![
            user.id.into(),
            user.first.into(),
            user.last.into(),
            user.username.into(),
            NO_PASSWORD.into(),
            true.into(),
            format!("{}@example.com", user.username).into(),
            now.into(),
            now.into(),
        ]
    });
    content.add(USER, rows);
    let pairs = USERS
        .iter()
        .flat_map(|user| user.roles.iter().map(|role| (user.id, *role)));
    content.add(USER_ROLE, ids::link(pairs));
}

/// Readers see the orders of three countries; in `Sample readers` rather than in Gamma, whose own
/// permissions `superset init` sets back.
fn add_rule(content: &mut Content) {
    let now = content.now;
    let rule = vec![
        1_i64.into(),
        now.into(),
        now.into(),
        ADMIN.into(),
        ADMIN.into(),
        "Orders of the home countries".into(),
        "Who has the role Sample readers sees orders of Germany, Austria and Switzerland only."
            .into(),
        "Regular".into(),
        "country".into(),
        "country IN ('Germany', 'Austria', 'Switzerland')".into(),
    ];
    content.add(RULE, [rule]);
    content.add(RULE_ROLE, ids::link([(READERS_ID, 1)]));
    let tables = super::datasets::ALL
        .iter()
        .filter(|dataset| dataset.is_ruled)
        .map(|dataset| (dataset.id, 1));
    content.add(RULE_TABLE, ids::link(tables));
}
