//! Where generations of Superset's schema differ: who owns what, and who sees what.

use sea_query::SelectStatement;
use tidegate_database::Pool;
use tidegate_types::EntityKind;

use super::REVISION;
use crate::access::{self, Access};
use crate::{MetastoreError, User};

/// A table of owners, and its column with the id of what they own; `user_id` is the owner.
pub(crate) type OwnedBy = (&'static str, &'static str);

/// Which tables a metastore keeps rights, owners and visibility in, told by its revision. All statements that depend on it
/// are made here: the next generation (subjects, editors and viewers in place of owners and of the roles of dashboards, rows
/// with `deleted_at`) is one more variant, and the compiler names what it has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Superset 6.1: `slice_user`, `dashboard_user`, `sqlatable_user`, `dashboard_roles`, `rls_filter_roles`.
    Owners,
}

impl Generation {
    /// The generation of a revision of `alembic_version`. `None`: one that is not known.
    pub(crate) fn of_revision(revision: &str) -> Option<Self> {
        (revision == REVISION).then_some(Self::Owners)
    }

    /// Where the owners of such things are. `None`: they have none.
    pub(crate) fn owners(self, kind: EntityKind) -> Option<OwnedBy> {
        match (self, kind) {
            (Self::Owners, EntityKind::Chart) => Some(("slice_user", "slice_id")),
            (Self::Owners, EntityKind::Dashboard) => Some(("dashboard_user", "dashboard_id")),
            (Self::Owners, EntityKind::Dataset) => Some(("sqlatable_user", "table_id")),
            (Self::Owners, EntityKind::Database) => None,
        }
    }

    /// Leaves what the user may see of such things.
    pub(crate) fn leave_visible(
        self,
        kind: EntityKind,
        access: &Access,
        select: &mut SelectStatement,
    ) {
        match (self, kind) {
            (Self::Owners, EntityKind::Chart) => access::charts_seen(access, select),
            (Self::Owners, EntityKind::Dashboard) => access::dashboards_seen(access, select),
            (Self::Owners, EntityKind::Dataset) => access::datasets_seen(access, select),
            (Self::Owners, EntityKind::Database) => access::databases_seen(access, select),
        }
    }

    /// Reads a user's rights.
    pub(crate) async fn rights_of(
        self,
        pool: &Pool,
        user: User,
        dashboard_roles: bool,
    ) -> Result<Access, MetastoreError> {
        match self {
            Self::Owners => access::load(pool, user, dashboard_roles).await,
        }
    }
}
