//! Who belongs to a workspace.

use sea_query::{Expr, ExprTrait as _, Func, OnConflict, Order, Query, SelectStatement, UnionType};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Parsed, Transaction, row};
use tidegate_types::{AccountId, Role, WorkspaceSlug};

use super::{Membership, RemoveMembership, SetMembership, rows};
use crate::account::{self, AccountKind};
use crate::change::{self, LoggedChange};
use crate::grant::{self, EndReason, GrantFilter};
use crate::{LocalManager, ManagerError, UnixSecs, input};

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

/// The role that is stored as this number.
pub(crate) fn role_of(number: i64) -> Result<Role, DatabaseError> {
    Role::ALL
        .into_iter()
        .find(|role| role_number(*role) == number)
        .ok_or_else(|| DatabaseError::Corrupt {
            operation: "read a row",
            reason: format!("{number} is no role"),
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

row! {
    /// A row of [`select_places`], which stands as `place` in other statements.
    pub(crate) struct PlaceRow {
        workspace: Parsed<WorkspaceSlug> = place.workspace,
        account: Parsed<AccountId> = place.account,
        role: i64 = place.role,
        superset_username: String = place.superset_username,
        own_role: Option<i64> = place.own_role,
        since: UnixSecs = place.since,
    }
}

impl FromRow for Membership {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let place = PlaceRow::from_row(row)?;
        Ok(Self {
            workspace: place.workspace.0,
            account: place.account.0,
            role: role_of(place.role)?,
            own_role: place.own_role.map(role_of).transpose()?,
            superset_username: place.superset_username,
            is_by_team: place.own_role.is_none(),
            created_at: place.since,
        })
    }
}

/// Effective places: an account's own and its teams' in one, narrowed by `workspace` or `account` or both. Its columns
/// are called as the fields of [`PlaceRow`].
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
        .expr_as(Func::min(Expr::col(("places", "created_at"))), "since")
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
    let membership = transaction.read_one(&effective).await?;
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

row! {
    struct MembershipWorkspace {
        workspace: String = memberships.workspace,
    }
}

async fn refuse_second_place(
    transaction: &mut Transaction,
    place: &NewPlace,
) -> Result<(), ManagerError> {
    let elsewhere = MembershipWorkspace::select(&mut Query::select())
        .from("memberships")
        .and_where(Expr::col("account").eq(place.account.as_str()))
        .and_where(Expr::col("workspace").ne(place.workspace.as_str()))
        .to_owned();
    match transaction.read_one(&elsewhere).await? {
        None => Ok(()),
        Some(MembershipWorkspace { workspace }) => Err(ManagerError::Invalid(format!(
            "workspace {:?} is not valid: this service account belongs to {workspace:?}, and to one alone",
            place.workspace.as_str()
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
    Ok(manager.pool.read("list memberships", &theirs).await?)
}

pub(super) async fn list_of_workspace(
    manager: &LocalManager,
    workspace: &WorkspaceSlug,
) -> Result<Vec<Membership>, ManagerError> {
    let members = select_places(Some(workspace), None)
        .order_by(("accounts", "username"), Order::Asc)
        .limit(MAX_LISTED)
        .to_owned();
    Ok(manager.pool.read("list members", &members).await?)
}
