//! What changed in the manager, so that every node drops what it remembers within a second.

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use tidegate_database::{DatabaseError, FromNestedRow as _, Parsed, Transaction, row};
use tidegate_types::{GrantId, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation, UnixSecs};

/// As many as a page of [`ReadChanges`] has.
const MAX_PAGE: u64 = 1_000;
/// Rows of one insert; SQLite binds 32,766 values a statement.
const MAX_ROWS: usize = 1_000;
/// So many changes stay.
const KEPT: i64 = 10_000;

/// A change. Each operation that causes one appends it in the transaction of the change itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoggedChange {
    /// A grant or API token ended or was narrowed. `None`: an API token for any workspace.
    Session {
        /// Where it was good.
        workspace: Option<WorkspaceSlug>,
        /// The grant or API token.
        id: GrantId,
    },
    /// Members, roles, policy or state of a workspace: whoever was let in there is checked again.
    Workspace {
        /// The workspace.
        workspace: WorkspaceSlug,
    },
    /// Flags, of one workspace or of all.
    Flags {
        /// The workspace; the deployment without.
        workspace: Option<WorkspaceSlug>,
    },
    /// Signing keys.
    Keys,
    /// An account: everything that it was let in to is checked again.
    Account,
}

/// Changes after a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePage {
    /// Oldest first, up to 1,000.
    pub changes: Vec<LoggedChange>,
    /// The place of the last one.
    pub head: u64,
    /// Whether changes after the place asked for are gone: treat everything as changed.
    pub has_gap: bool,
}

/// Reads the changes after a place. Without one: no changes, and the place to begin from. Nodes ask several times a
/// second, so it is one indexed statement. The last 10,000 are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadChanges {
    /// The place.
    pub after: Option<u64>,
}

impl Operation for ReadChanges {
    type Reply = ChangePage;
    const NAME: &'static str = "change.read";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        let Some(after) = self.after else {
            return read_head(manager).await;
        };
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        // The head comes with every row, so that a place that the log never reached is noticed as well: the database
        // was made anew or came from a backup.
        let rows: Vec<ChangeRow> = (manager.pool)
            .read("read changes", &changes_after(after))
            .await?;
        let mut page = ChangePage {
            changes: Vec::with_capacity(rows.len()),
            head: 0,
            has_gap: false,
        };
        for (at, row) in rows.into_iter().enumerate() {
            let Some(id) = row.id else {
                page.head = place(row.head);
                page.has_gap = row.head != after;
                break;
            };
            page.has_gap |= at == 0 && id != after.saturating_add(1);
            page.head = place(id);
            page.changes.push(change_of(row)?);
        }
        Ok(page)
    }
}

fn place(id: i64) -> u64 {
    u64::try_from(id).unwrap_or(0)
}

async fn read_head(manager: &LocalManager) -> Result<ChangePage, ManagerError> {
    let head = HeadRow::select(&mut Query::select())
        .from("change_head")
        .to_owned();
    let row: Option<HeadRow> = (manager.pool)
        .read_one("read the changes' head", &head)
        .await?;
    let head = row.map_or(0, |row| row.head);
    Ok(ChangePage {
        changes: Vec::new(),
        head: place(head),
        has_gap: false,
    })
}

row! {
    /// Its field is called as its column.
    struct HeadRow {
        head: i64 = change_head.head,
    }
}

row! {
    /// The head with a change after the place that was asked for, if there is one.
    struct ChangeRow {
        head: i64 = change_head.head,
        id: Option<i64> = changes.id,
        kind: Option<String> = changes.kind,
        workspace: Option<Parsed<WorkspaceSlug>> = changes.workspace,
        session_id: Option<String> = changes.session_id,
    }
}

fn changes_after(after: i64) -> SelectStatement {
    ChangeRow::select(&mut Query::select())
        .from("change_head")
        .left_join("changes", Expr::col(("changes", "id")).gt(after))
        .order_by(("changes", "id"), Order::Asc)
        .limit(MAX_PAGE)
        .to_owned()
}

fn change_of(row: ChangeRow) -> Result<LoggedChange, ManagerError> {
    let corrupt = |problem: &str| DatabaseError::Corrupt {
        operation: "read changes",
        reason: format!("changes.{problem}"),
    };
    let workspace = row.workspace.map(Parsed::into_inner);
    Ok(match row.kind.as_deref() {
        Some("session") => {
            let id = row.session_id.and_then(|id| id.parse().ok());
            let id = id.ok_or_else(|| corrupt("session_id is no session's"))?;
            LoggedChange::Session { workspace, id }
        }
        Some("workspace") => LoggedChange::Workspace {
            workspace: workspace.ok_or_else(|| corrupt("workspace is null"))?,
        },
        Some("flags") => LoggedChange::Flags { workspace },
        Some("keys") => LoggedChange::Keys,
        // "account"; or a newer program's, while nodes are upgraded one after the other: the widest is safe.
        _ => LoggedChange::Account,
    })
}

impl LoggedChange {
    fn columns(&self) -> (&'static str, Option<&WorkspaceSlug>, Option<&GrantId>) {
        match self {
            Self::Session { workspace, id } => ("session", workspace.as_ref(), Some(id)),
            Self::Workspace { workspace } => ("workspace", Some(workspace), None),
            Self::Flags { workspace } => ("flags", workspace.as_ref(), None),
            Self::Keys => ("keys", None, None),
            Self::Account => ("account", None, None),
        }
    }
}

/// Appends changes in the transaction that makes them, as its last statements: from here to the commit whoever else
/// appends waits, so that numbers become visible in their order and no reader misses one.
pub(crate) async fn append(
    transaction: &mut Transaction,
    changes: &[LoggedChange],
    now: UnixSecs,
) -> Result<(), DatabaseError> {
    if changes.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let advance = Query::update()
        .table("change_head")
        .value("head", Expr::col("head").add(count))
        .returning(Query::returning().columns(HeadRow::NAMES.iter().copied()))
        .to_owned();
    let row: Option<HeadRow> = transaction.read_one(&advance).await?;
    let head = row.map_or(count, |row| row.head);
    let mut next = head - count;
    for some in changes.chunks(MAX_ROWS) {
        let mut insert = Query::insert()
            .into_table("changes")
            .columns(["id", "kind", "workspace", "session_id", "changed_at"])
            .to_owned();
        for change in some {
            next += 1;
            let (kind, workspace, session) = change.columns();
            insert.values_panic([
                next.into(),
                kind.into(),
                workspace.map(WorkspaceSlug::as_str).into(),
                session.map(GrantId::as_str).into(),
                now.into(),
            ]);
        }
        transaction.execute(&insert).await?;
    }
    Ok(())
}

/// Removes all but the last 10,000. Returns how many it removed.
pub(crate) async fn remove_old(manager: &LocalManager) -> Result<u64, ManagerError> {
    let head = Query::select()
        .expr(Expr::col("head").sub(KEPT))
        .from("change_head")
        .to_owned();
    let delete = Query::delete()
        .from_table("changes")
        .and_where(Expr::col("id").lte(Expr::SubQuery(None, Box::new(head.into()))))
        .to_owned();
    Ok(manager.pool.execute("remove old changes", &delete).await?)
}
