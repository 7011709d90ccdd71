//! Makes, finds, lists and takes back invitations.

use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Parsed, row};
use tidegate_oauth_types::SecretHash;
use tidegate_types::{AccountId, WorkspaceSlug};

use super::{CreateInvitation, Invitation};
use crate::{LocalManager, ManagerError, UnixSecs, account, input, workspace};

/// A week: long enough for a holiday, too short to be found in an old mailbox.
const LIFE_SECS: i64 = 7 * 86_400;
const MAX_OPEN: usize = 100;

row! {
    /// Its fields are called as their columns.
    pub(super) struct InvitationRow {
        id: String = invitations.id,
        email: String = invitations.email,
        workspace: Parsed<WorkspaceSlug> = invitations.workspace,
        role: i64 = invitations.role,
        invited_by: Parsed<AccountId> = invitations.invited_by,
        expires_at: UnixSecs = invitations.expires_at,
    }
}

impl FromRow for Invitation {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let row = InvitationRow::from_row(row)?;
        Ok(Self {
            id: row.id,
            email: row.email,
            workspace: row.workspace.0,
            role: workspace::role_of(row.role)?,
            invited_by: row.invited_by.0,
            expires_at: row.expires_at,
        })
    }
}

fn select_open(now: UnixSecs) -> SelectStatement {
    InvitationRow::select(&mut Query::select())
        .from("invitations")
        .and_where(Expr::col("expires_at").gt(now))
        .to_owned()
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
    let open: Vec<Invitation> = transaction.read(&open).await?;
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
        .columns([
            "id",
            "email",
            "workspace",
            "role",
            "invited_by",
            "expires_at",
            "secret",
            "created_at",
        ])
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
    Ok(manager.pool.read_one("find an invitation", &one).await?)
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
    Ok(manager.pool.read("list invitations", &open).await?)
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
