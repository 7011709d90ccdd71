//! Who belongs to a workspace.

use sea_query::{Expr, ExprTrait as _, Func, OnConflict, Order, Query, SelectStatement, UnionType};
use tidegate_database::{DatabaseError, Row, Transaction};
use tidegate_types::{AccountId, Role, WorkspaceSlug};

use super::{Membership, RemoveMembership, SetMembership, rows};
use crate::account::{self, AccountKind};
use crate::change::{self, LoggedChange};
use crate::grant::{self, EndReason, GrantFilter};
use crate::{LocalManager, ManagerError, UnixSecs, input, stored};

const MAX_LISTED: u64 = 10_000;
/// `ab_user.username` is a `VARCHAR(64)`.
const MAX_SUPERSET_NAME_CHARS: usize = 64;

/// Roles are stored as numbers, wider ones greater, so that the database can tell the widest.
pub(crate) const fn role_number(role: Role) -> i64 {
    match role {
        Role::Viewer => 1,
        Role::Analyst => 2,
        Role::Editor => 3,
        Role::Admin => 4,
    }
}

/// The role in a column.
pub(crate) fn role_of(row: &Row, index: usize) -> Result<Role, DatabaseError> {
    let number = row.id(index)?;
    Role::ALL
        .into_iter()
        .find(|role| role_number(*role) == number)
        .ok_or_else(|| DatabaseError::Corrupt {
            operation: "read a row",
            reason: format!("column {index}: {number} is no role"),
        })
}

/// A place in a workspace, whose fields were checked.
pub(crate) struct NewPlace {
    pub(crate) workspace: WorkspaceSlug,
    account: AccountId,
    role: Role,
    superset_username: Option<String>,
}

impl NewPlace {
    pub(crate) fn check(
        workspace: WorkspaceSlug,
        account: AccountId,
        role: Role,
        superset_username: Option<&str>,
    ) -> Result<Self, ManagerError> {
        let check = |name| input::shown_text("superset_username", name, MAX_SUPERSET_NAME_CHARS);
        Ok(Self {
            workspace,
            account,
            role,
            superset_username: superset_username.map(check).transpose()?,
        })
    }
}

/// Puts an account's own place in a workspace where the one that it had was.
pub(crate) async fn put_place(
    transaction: &mut Transaction,
    place: &NewPlace,
    now: UnixSecs,
) -> Result<(), DatabaseError> {
    let upsert = Query::insert()
        .into_table("memberships")
        .columns([
            "workspace",
            "account",
            "role",
            "superset_username",
            "created_at",
        ])
        .values_panic([
            place.workspace.as_str().into(),
            place.account.as_str().into(),
            role_number(place.role).into(),
            place.superset_username.clone().into(),
            now.into(),
        ])
        .on_conflict(
            OnConflict::columns(["workspace", "account"])
                .update_columns(["role", "superset_username"])
                .to_owned(),
        )
        .to_owned();
    transaction.execute(&upsert).await.map(drop)
}

/// Effective places: an account's own and its teams' in one. `of` narrows by `workspace` or `account` or both.
///
/// Columns: workspace, account, role, superset_username, 1 where one is its own, since when.
pub(crate) fn select_places(
    workspace: Option<&WorkspaceSlug>,
    account: Option<&AccountId>,
) -> SelectStatement {
    let mut own = Query::select()
        .columns(["workspace", "account", "role", "superset_username"])
        .expr_as(Expr::col("role"), "own_role")
        .column("created_at")
        .from("memberships")
        .to_owned();
    let mut by_team = Query::select()
        .columns([
            ("team_workspaces", "workspace"),
            ("team_members", "account"),
            ("team_workspaces", "role"),
        ])
        .expr(Expr::val(Option::<String>::None))
        .expr(Expr::val(Option::<i64>::None))
        .column(("team_members", "created_at"))
        .from("team_members")
        .inner_join(
            "team_workspaces",
            Expr::col(("team_workspaces", "team")).equals(("team_members", "team")),
        )
        .to_owned();
    if let Some(workspace) = workspace {
        own.and_where(Expr::col("workspace").eq(workspace.as_str()));
        by_team.and_where(Expr::col(("team_workspaces", "workspace")).eq(workspace.as_str()));
    }
    if let Some(account) = account {
        own.and_where(Expr::col("account").eq(account.as_str()));
        by_team.and_where(Expr::col(("team_members", "account")).eq(account.as_str()));
    }
    let places = own.union(UnionType::All, by_team).to_owned();
    let name = Func::coalesce([
        Func::max(Expr::col(("places", "superset_username"))).into(),
        Expr::col(("accounts", "username")),
    ]);
    Query::select()
        .columns([("places", "workspace"), ("places", "account")])
        .expr_as(Func::max(Expr::col(("places", "role"))), "role")
        .expr_as(name, "superset_username")
        .expr_as(Func::max(Expr::col(("places", "own_role"))), "own_role")
        .expr_as(Func::min(Expr::col(("places", "created_at"))), "created_at")
        .from_subquery(places, "places")
        .inner_join(
            "accounts",
            Expr::col(("accounts", "id")).equals(("places", "account")),
        )
        .group_by_columns([
            ("places", "workspace"),
            ("places", "account"),
            ("accounts", "username"),
        ])
        .to_owned()
}

/// A row of [`select_places`], which begins at this column.
pub(crate) fn read_place(row: &Row, first: usize) -> Result<Membership, DatabaseError> {
    let own = row.integer(first + 4)?;
    Ok(Membership {
        workspace: stored::parsed(row, first)?,
        account: stored::parsed(row, first + 1)?,
        role: role_of(row, first + 2)?,
        own_role: own.map(|_| role_of(row, first + 4)).transpose()?,
        superset_username: row.text_or_empty(first + 3)?,
        is_by_team: own.is_none(),
        created_at: row.id(first + 5)?,
    })
}

pub(super) async fn set(
    manager: &LocalManager,
    asked: SetMembership,
) -> Result<Membership, ManagerError> {
    let now = manager.now();
    let place = NewPlace::check(
        asked.workspace,
        asked.account,
        asked.role,
        asked.superset_username.as_deref(),
    )?;
    let mut transaction = manager.pool.begin("set a membership").await?;
    rows::lock(&mut transaction, &place.workspace).await?;
    let account = account::lock(&mut transaction, &place.account).await?;
    if account.kind == AccountKind::Service {
        refuse_second_place(&mut transaction, &place).await?;
    }
    put_place(&mut transaction, &place, now).await?;
    let effective = select_places(Some(&place.workspace), Some(&place.account));
    let row = transaction.fetch_one(&effective).await?;
    let membership = row.as_ref().map(|row| read_place(row, 0)).transpose()?;
    let workspace = place.workspace;
    change::append(
        &mut transaction,
        &[LoggedChange::Workspace { workspace }],
        now,
    )
    .await?;
    transaction.commit().await?;
    membership.ok_or_else(|| ManagerError::Internal("a membership was not kept".into()))
}

async fn refuse_second_place(
    transaction: &mut Transaction,
    place: &NewPlace,
) -> Result<(), ManagerError> {
    let elsewhere = Query::select()
        .column("workspace")
        .from("memberships")
        .and_where(Expr::col("account").eq(place.account.as_str()))
        .and_where(Expr::col("workspace").ne(place.workspace.as_str()))
        .to_owned();
    match transaction.fetch_one(&elsewhere).await? {
        None => Ok(()),
        Some(row) => Err(ManagerError::Invalid(format!(
            "workspace {:?} is not valid: this service account belongs to {:?}, and to one alone",
            place.workspace.as_str(),
            row.text_or_empty(0)?
        ))),
    }
}

pub(super) async fn remove(
    manager: &LocalManager,
    asked: &RemoveMembership,
) -> Result<bool, ManagerError> {
    let now = manager.now();
    let mut transaction = manager.pool.begin("remove a membership").await?;
    let delete = Query::delete()
        .from_table("memberships")
        .and_where(Expr::col("workspace").eq(asked.workspace.as_str()))
        .and_where(Expr::col("account").eq(asked.account.as_str()))
        .to_owned();
    if transaction.execute(&delete).await? == 0 {
        return Ok(false);
    }
    let end = Query::update()
        .table("api_tokens")
        .value("ended_at", now)
        .and_where(Expr::col("account").eq(asked.account.as_str()))
        .and_where(Expr::col("workspace").eq(asked.workspace.as_str()))
        .and_where(Expr::col("ended_at").is_null())
        .to_owned();
    transaction.execute(&end).await?;
    let theirs = GrantFilter {
        account: Some(asked.account.clone()),
        workspace: Some(asked.workspace.clone()),
        ..GrantFilter::default()
    };
    grant::end_all(&mut transaction, &theirs, EndReason::MembershipLost, now).await?;
    let workspace = asked.workspace.clone();
    change::append(
        &mut transaction,
        &[LoggedChange::Workspace { workspace }],
        now,
    )
    .await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn list_of_account(
    manager: &LocalManager,
    account: &AccountId,
) -> Result<Vec<Membership>, ManagerError> {
    let theirs = select_places(None, Some(account))
        .order_by(("places", "workspace"), Order::Asc)
        .limit(MAX_LISTED)
        .to_owned();
    let rows = manager.pool.fetch("list memberships", &theirs).await?;
    Ok(rows
        .iter()
        .map(|row| read_place(row, 0))
        .collect::<Result<_, _>>()?)
}

pub(super) async fn list_of_workspace(
    manager: &LocalManager,
    workspace: &WorkspaceSlug,
) -> Result<Vec<Membership>, ManagerError> {
    let members = select_places(Some(workspace), None)
        .order_by(("accounts", "username"), Order::Asc)
        .limit(MAX_LISTED)
        .to_owned();
    let rows = manager.pool.fetch("list members", &members).await?;
    Ok(rows
        .iter()
        .map(|row| read_place(row, 0))
        .collect::<Result<_, _>>()?)
}
