//! Makes teams, and changes who and what is in them.

use std::collections::HashMap;

use sea_query::{Expr, ExprTrait as _, LockType, OnConflict, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, Parsed, Transaction, row};
use tidegate_types::{AccountId, WorkspaceSlug};

use super::{SetTeamMember, SetTeamWorkspace, Team};
use crate::change::{self, LoggedChange};
use crate::counted::{count_in, count_of};
use crate::{LocalManager, ManagerError, UnixSecs, account, input, workspace};

const MAX_TEAMS: u64 = 1_000;
const MAX_MEMBERS: u64 = 10_000;
const MAX_WORKSPACES: u64 = 1_000;
/// Places of all teams together that a list shows.
const MAX_LISTED: u64 = 200_000;

row! {
    struct TeamRow {
        name: String = teams.name,
        created_at: UnixSecs = teams.created_at,
    }
}

row! {
    struct MemberRow {
        team: String = team_members.team,
        account: Parsed<AccountId> = team_members.account,
    }
}

row! {
    struct OpenedRow {
        team: String = team_workspaces.team,
        workspace: Parsed<WorkspaceSlug> = team_workspaces.workspace,
        role: i64 = team_workspaces.role,
    }
}

fn check_name(name: &str) -> Result<(), ManagerError> {
    let is_allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(is_allowed) {
        Ok(())
    } else {
        Err(input::invalid(
            "name",
            name,
            "use 1 to 64 of a-z, 0-9, - and _",
        ))
    }
}

pub(super) async fn create(manager: &LocalManager, name: &str) -> Result<Team, ManagerError> {
    check_name(name)?;
    let now = manager.now();
    let mut transaction = manager.pool.begin("make a team").await?;
    let teams = count_of("name").from("teams").to_owned();
    refuse_full(&mut transaction, &teams, MAX_TEAMS, "teams").await?;
    let insert = Query::insert()
        .into_table("teams")
        .columns(["name", "created_at"])
        .values_panic([name.into(), now.into()])
        .to_owned();
    match transaction.execute(&insert).await {
        Err(DatabaseError::Conflict { .. }) => {
            return Err(ManagerError::Conflict(format!(
                "team {name:?} exists already: use another name"
            )));
        }
        result => result?,
    };
    transaction.commit().await?;
    Ok(Team {
        name: name.to_owned(),
        members: Vec::new(),
        workspaces: Vec::new(),
        created_at: now,
    })
}

/// Refuses one more where there are `most`.
async fn refuse_full(
    transaction: &mut Transaction,
    count: &SelectStatement,
    most: u64,
    what: &str,
) -> Result<(), ManagerError> {
    if count_in(transaction, count).await? >= most {
        return Err(ManagerError::LimitReached(format!(
            "no room for more {what}"
        )));
    }
    Ok(())
}

pub(super) async fn list(manager: &LocalManager) -> Result<Vec<Team>, ManagerError> {
    const OPERATION: &str = "list teams";
    let teams = TeamRow::select(&mut Query::select())
        .from("teams")
        .order_by("name", Order::Asc)
        .to_owned();
    let members = MemberRow::select(&mut Query::select())
        .from("team_members")
        .order_by("created_at", Order::Asc)
        .order_by("account", Order::Asc)
        .limit(MAX_LISTED)
        .to_owned();
    let workspaces = OpenedRow::select(&mut Query::select())
        .from("team_workspaces")
        .order_by("workspace", Order::Asc)
        .limit(MAX_LISTED)
        .to_owned();
    let teams = manager.pool.read(OPERATION, &teams).await?.into_iter();
    let mut teams: Vec<_> = teams
        .map(|TeamRow { name, created_at }| Team {
            name,
            members: Vec::new(),
            workspaces: Vec::new(),
            created_at,
        })
        .collect();
    let places = teams.iter().enumerate();
    let places: HashMap<_, _> = places.map(|(at, team)| (team.name.clone(), at)).collect();
    for row in manager.pool.read::<MemberRow>(OPERATION, &members).await? {
        if let Some(at) = places.get(&row.team) {
            teams[*at].members.push(row.account.0);
        }
    }
    for row in manager
        .pool
        .read::<OpenedRow>(OPERATION, &workspaces)
        .await?
    {
        if let Some(at) = places.get(&row.team) {
            let opened = (row.workspace.0, workspace::role_of(row.role)?);
            teams[*at].workspaces.push(opened);
        }
    }
    Ok(teams)
}

/// Holds the team against others until the transaction ends. `false`: there is none.
async fn lock(transaction: &mut Transaction, name: &str) -> Result<bool, DatabaseError> {
    let one = Query::select()
        .column("name")
        .from("teams")
        .and_where(Expr::col("name").eq(name))
        .lock(LockType::Update)
        .to_owned();
    Ok(transaction.fetch_one(&one).await?.is_some())
}

async fn must_lock(transaction: &mut Transaction, name: &str) -> Result<(), ManagerError> {
    if lock(transaction, name).await? {
        Ok(())
    } else {
        Err(ManagerError::NotFound { what: "team" })
    }
}

async fn workspaces_of(
    transaction: &mut Transaction,
    team: &str,
) -> Result<Vec<WorkspaceSlug>, DatabaseError> {
    let opened = OpenedRow::select(&mut Query::select())
        .from("team_workspaces")
        .and_where(Expr::col("team").eq(team))
        .to_owned();
    let opened: Vec<OpenedRow> = transaction.read(&opened).await?;
    Ok(opened.into_iter().map(|row| row.workspace.0).collect())
}

row! {
    struct NamedByRule {
        subject: String = policy_rules.subject,
    }
}

pub(super) async fn remove(manager: &LocalManager, name: &str) -> Result<bool, ManagerError> {
    let now = manager.now();
    let mut transaction = manager.pool.begin("remove a team").await?;
    if !lock(&mut transaction, name).await? {
        return Ok(false);
    }
    // A rule that names nobody would let in whoever joins a later team of the name.
    let named = NamedByRule::select(&mut Query::select())
        .from("policy_rules")
        .and_where(Expr::col("teams").like(input::anywhere(&format!("\"{name}\""))))
        .limit(1)
        .to_owned();
    if let Some(NamedByRule { subject }) = transaction.read_one(&named).await? {
        return Err(ManagerError::Conflict(format!(
            "team {name:?} stands in the client policy for {subject:?}: change that rule first"
        )));
    }
    let workspaces = workspaces_of(&mut transaction, name).await?;
    // Its members and workspaces go with it.
    let delete = Query::delete()
        .from_table("teams")
        .and_where(Expr::col("name").eq(name))
        .to_owned();
    transaction.execute(&delete).await?;
    workspace::end_lost(&mut transaction, &workspaces, None, now).await?;
    change::append(&mut transaction, &[LoggedChange::Account], now).await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn set_member(
    manager: &LocalManager,
    asked: SetTeamMember,
) -> Result<(), ManagerError> {
    let now = manager.now();
    let mut transaction = manager.pool.begin("change a team").await?;
    must_lock(&mut transaction, &asked.team).await?;
    account::lock(&mut transaction, &asked.account).await?;
    let changed = if asked.is_member {
        let members = count_of("account")
            .from("team_members")
            .and_where(Expr::col("team").eq(asked.team.as_str()))
            .to_owned();
        refuse_full(&mut transaction, &members, MAX_MEMBERS, "members").await?;
        let insert = Query::insert()
            .into_table("team_members")
            .columns(["team", "account", "created_at"])
            .values_panic([
                asked.team.as_str().into(),
                asked.account.as_str().into(),
                now.into(),
            ])
            .on_conflict(
                OnConflict::columns(["team", "account"])
                    .do_nothing()
                    .to_owned(),
            )
            .to_owned();
        transaction.execute(&insert).await?
    } else {
        let delete = Query::delete()
            .from_table("team_members")
            .and_where(Expr::col("team").eq(asked.team.as_str()))
            .and_where(Expr::col("account").eq(asked.account.as_str()))
            .to_owned();
        transaction.execute(&delete).await?
    };
    if changed == 0 {
        return Ok(());
    }
    if !asked.is_member {
        let workspaces = workspaces_of(&mut transaction, &asked.team).await?;
        workspace::end_lost(&mut transaction, &workspaces, Some(&asked.account), now).await?;
    }
    // Teams stand in client policies of any workspace as well.
    change::append(&mut transaction, &[LoggedChange::Account], now).await?;
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn set_workspace(
    manager: &LocalManager,
    asked: SetTeamWorkspace,
) -> Result<(), ManagerError> {
    let now = manager.now();
    let mut transaction = manager.pool.begin("change a team").await?;
    must_lock(&mut transaction, &asked.team).await?;
    workspace::lock(&mut transaction, &asked.workspace).await?;
    if let Some(role) = asked.role {
        let others = count_of("workspace")
            .from("team_workspaces")
            .and_where(Expr::col("team").eq(asked.team.as_str()))
            .and_where(Expr::col("workspace").ne(asked.workspace.as_str()))
            .to_owned();
        refuse_full(&mut transaction, &others, MAX_WORKSPACES, "workspaces").await?;
        let upsert = Query::insert()
            .into_table("team_workspaces")
            .columns(["team", "workspace", "role", "created_at"])
            .values_panic([
                asked.team.as_str().into(),
                asked.workspace.as_str().into(),
                workspace::role_number(role).into(),
                now.into(),
            ])
            .on_conflict(
                OnConflict::columns(["team", "workspace"])
                    .update_column("role")
                    .to_owned(),
            )
            .to_owned();
        transaction.execute(&upsert).await?;
    } else {
        let delete = Query::delete()
            .from_table("team_workspaces")
            .and_where(Expr::col("team").eq(asked.team.as_str()))
            .and_where(Expr::col("workspace").eq(asked.workspace.as_str()))
            .to_owned();
        if transaction.execute(&delete).await? == 0 {
            return Ok(());
        }
        let left = std::slice::from_ref(&asked.workspace);
        workspace::end_lost(&mut transaction, left, None, now).await?;
    }
    let workspace = asked.workspace;
    change::append(
        &mut transaction,
        &[LoggedChange::Workspace { workspace }],
        now,
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}
