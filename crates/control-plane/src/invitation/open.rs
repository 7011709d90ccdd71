//! Makes, finds, lists and takes back invitations.

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, Row};
use tidegate_oauth_types::SecretHash;
use tidegate_types::WorkspaceSlug;

use super::{CreateInvitation, Invitation};
use crate::{LocalManager, ManagerError, UnixSecs, account, input, stored, workspace};

/// A week: long enough for a holiday, too short to be found in an old mailbox.
const LIFE_SECS: i64 = 7 * 86_400;
const MAX_OPEN: usize = 100;

/// In the order that [`read`] takes.
pub(super) const COLUMNS: [&str; 6] = [
    "id",
    "email",
    "workspace",
    "role",
    "invited_by",
    "expires_at",
];

fn select_open(now: UnixSecs) -> SelectStatement {
    Query::select()
        .columns(COLUMNS)
        .from("invitations")
        .and_where(Expr::col("expires_at").gt(now))
        .to_owned()
}

pub(super) fn read(row: &Row) -> Result<Invitation, DatabaseError> {
    Ok(Invitation {
        id: row.text_or_empty(0)?,
        email: row.text_or_empty(1)?,
        workspace: stored::parsed(row, 2)?,
        role: workspace::role_of(row, 3)?,
        invited_by: stored::parsed(row, 4)?,
        expires_at: row.id(5)?,
    })
}

pub(super) async fn create(
    manager: &LocalManager,
    asked: CreateInvitation,
) -> Result<Invitation, ManagerError> {
    let now = manager.now();
    let invitation = Invitation {
        id: uuid::Uuid::new_v4().simple().to_string(),
        email: input::email(&asked.email)?,
        workspace: asked.workspace,
        role: asked.role,
        invited_by: asked.invited_by,
        expires_at: now + LIFE_SECS,
    };
    let mut transaction = manager.pool.begin("make an invitation").await?;
    // Held, so that two who invite at once do not both count before either adds.
    workspace::lock(&mut transaction, &invitation.workspace).await?;
    account::lock(&mut transaction, &invitation.invited_by).await?;
    let open = select_open(now)
        .and_where(Expr::col("workspace").eq(invitation.workspace.as_str()))
        .to_owned();
    let open = transaction.fetch(&open).await?;
    let open = open.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let key = input::email_key(&invitation.email);
    let is_earlier = |one: &&Invitation| input::email_key(&one.email) == key;
    let (earlier, others): (Vec<_>, Vec<_>) = open.iter().partition(is_earlier);
    if others.len() >= MAX_OPEN {
        return Err(ManagerError::LimitReached(format!(
            "at most {MAX_OPEN} open invitations a workspace: take some back first"
        )));
    }
    let replaced = Query::delete()
        .from_table("invitations")
        .and_where(Expr::col("id").is_in(earlier.iter().map(|one| one.id.as_str())))
        .to_owned();
    transaction.execute(&replaced).await?;
    let insert = Query::insert()
        .into_table("invitations")
        .columns(COLUMNS.into_iter().chain(["secret", "created_at"]))
        .values_panic([
            invitation.id.as_str().into(),
            invitation.email.as_str().into(),
            invitation.workspace.as_str().into(),
            workspace::role_number(invitation.role).into(),
            invitation.invited_by.as_str().into(),
            invitation.expires_at.into(),
            asked.secret.as_bytes().to_vec().into(),
            now.into(),
        ])
        .to_owned();
    transaction.execute(&insert).await?;
    transaction.commit().await?;
    Ok(invitation)
}

pub(super) async fn find(
    manager: &LocalManager,
    secret: &SecretHash,
) -> Result<Option<Invitation>, ManagerError> {
    let one = select_open(manager.now())
        .and_where(Expr::col("secret").eq(secret.as_bytes().to_vec()))
        .to_owned();
    let row = manager.pool.fetch_one("find an invitation", &one).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

pub(super) async fn list(
    manager: &LocalManager,
    workspace: &WorkspaceSlug,
) -> Result<Vec<Invitation>, ManagerError> {
    let open = select_open(manager.now())
        .and_where(Expr::col("workspace").eq(workspace.as_str()))
        .order_by("expires_at", Order::Desc)
        .order_by("id", Order::Asc)
        .to_owned();
    let rows = manager.pool.fetch("list invitations", &open).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

pub(super) async fn remove(manager: &LocalManager, id: &str) -> Result<bool, ManagerError> {
    let delete = Query::delete()
        .from_table("invitations")
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    let count = manager
        .pool
        .execute("take an invitation back", &delete)
        .await?;
    Ok(count > 0)
}

/// Removes those that nobody took in time. Returns how many.
pub(crate) async fn remove_expired(manager: &LocalManager) -> Result<u64, ManagerError> {
    let delete = Query::delete()
        .from_table("invitations")
        .and_where(Expr::col("expires_at").lte(manager.now()))
        .to_owned();
    Ok(manager
        .pool
        .execute("remove old invitations", &delete)
        .await?)
}
