use std::fmt;

use serde_json::{Value, json};

use crate::harness::{Caller, OneNode, Session};

/// Every name in a workspace's metastore carries the workspace's mark, and what a viewer may not see carries
/// another one too.
pub(super) fn marks(slug: &str) -> String {
    format!(
        "UPDATE slices SET slice_name = '{slug}-mark ' || slice_name, description = '{slug}-mark';
         UPDATE slices SET slice_name = '{slug}-hidden ' || slice_name WHERE datasource_id IN (2, 3);
         UPDATE dashboards SET dashboard_title = '{slug}-mark ' || dashboard_title;
         UPDATE dashboards SET dashboard_title = '{slug}-hidden ' || dashboard_title WHERE id = 2;
         UPDATE tables SET description = '{slug}-mark';
         UPDATE tables SET description = '{slug}-hidden' WHERE id IN (2, 3);
         UPDATE dbs SET database_name = '{slug}-mark data';
         UPDATE ab_user SET first_name = '{slug}-mark';"
    )
}

/// A user of a workspace.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Principal {
    pub slug: &'static str,
    pub user: &'static str,
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.user, self.slug)
    }
}

pub(super) const SLUGS: [&str; 2] = ["acme", "rival"];

pub(super) const PRINCIPALS: [Principal; 6] = [
    Principal {
        slug: "acme",
        user: "admin",
    },
    Principal {
        slug: "acme",
        user: "analyst",
    },
    Principal {
        slug: "acme",
        user: "viewer",
    },
    Principal {
        slug: "rival",
        user: "admin",
    },
    Principal {
        slug: "rival",
        user: "analyst",
    },
    Principal {
        slug: "rival",
        user: "viewer",
    },
];

impl Principal {
    /// Checks what came back to this principal, errors and streams included.
    pub(super) fn check(self, step: &impl fmt::Debug, text: &str) {
        self.check_workspace(step, text);
        if self.is_viewer() {
            assert!(!text.contains("-hidden"), "{self:?} {step:?}: {text:.2000}");
        }
    }

    /// Checks an answer that names, as Superset does, what its reader may not open.
    pub(super) fn check_workspace(self, step: &impl fmt::Debug, text: &str) {
        let others = SLUGS.iter().filter(|slug| **slug != self.slug);
        for slug in others {
            assert!(
                !text.contains(&format!("{slug}-")),
                "{self:?} {step:?}: {text:.2000}"
            );
        }
    }

    pub(super) fn is_viewer(self) -> bool {
        self.user == "viewer"
    }

    /// How many charts somebody with these rights sees.
    pub(super) fn charts(self) -> u64 {
        if self.is_viewer() { 7 } else { 12 }
    }

    /// How many dashboards.
    pub(super) fn dashboards(self) -> u64 {
        if self.is_viewer() { 2 } else { 3 }
    }
}

/// A principal with a session and the streams that it had.
pub(super) struct Place {
    pub owner: Principal,
    pub session: Session,
    pub event_ids: Vec<String>,
}

impl Place {
    pub(super) fn caller(&self) -> &Caller {
        &self.session.caller
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.owner.fmt(f)
    }
}

/// Opens a session and leaves a stream of a call behind in it.
pub(super) async fn settle(node: &OneNode, owner: Principal) -> Place {
    let session = node
        .as_user(owner.user)
        .workspace(owner.slug)
        .open_session()
        .await;
    let events = session
        .begin_call(1, "test_tool_with_progress", json!({}))
        .await
        .events()
        .rest()
        .await;
    let arguments: Value = json!({ "page_size": 100 });
    let listed = session.call("list_charts", arguments).await;
    owner.check(&"list_charts", &listed.to_string());
    Place {
        owner,
        session,
        event_ids: events.into_iter().filter_map(|event| event.id).collect(),
    }
}
