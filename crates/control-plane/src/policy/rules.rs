//! Sets, removes and lists rules.

use sea_query::{Expr, ExprTrait as _, Func, LockType, OnConflict, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, Row, Transaction};
use tidegate_types::WorkspaceSlug;

use super::{ClientDecision, ClientMatch, PolicyRule, RemovePolicyRule, effect};
use crate::change::{self, LoggedChange};
use crate::{LocalManager, ManagerError, input, stored, workspace};

/// Of a workspace, or of the deployment.
const MAX_RULES: i64 = 2_000;
const MAX_TEAMS: usize = 50;

/// What stands for the deployment is no slug.
pub(super) fn key(workspace: Option<&WorkspaceSlug>) -> &str {
    workspace.map_or("", WorkspaceSlug::as_str)
}

/// What nodes must check again.
pub(super) fn change_in(workspace: Option<&WorkspaceSlug>) -> LoggedChange {
    match workspace.cloned() {
        Some(workspace) => LoggedChange::Workspace { workspace },
        None => LoggedChange::Account,
    }
}

/// Columns as [`read`] takes them.
pub(super) fn select() -> SelectStatement {
    Query::select()
        .columns(["workspace", "kind", "subject", "decision", "teams"])
        .from("policy_rules")
        .to_owned()
}

fn corrupt(reason: String) -> DatabaseError {
    DatabaseError::Corrupt {
        operation: "read a policy rule",
        reason,
    }
}

pub(super) fn read(row: &Row) -> Result<PolicyRule, DatabaseError> {
    let workspace = row.text(0)?.filter(|slug| !slug.is_empty());
    let workspace = workspace
        .map(|slug| slug.parse::<WorkspaceSlug>())
        .transpose();
    let matches = match row.text_or_empty(1)?.as_str() {
        "client" => ClientMatch::Client(stored::parsed(row, 2)?),
        "host" => ClientMatch::Host(row.text_or_empty(2)?),
        other => return Err(corrupt(format!("{other:?} is nothing to match"))),
    };
    let decision = match row.text_or_empty(3)?.as_str() {
        "approved" => ClientDecision::Approved,
        "blocked" => ClientDecision::Blocked,
        "teams" => {
            let teams = serde_json::from_str(&row.text_or_empty(4)?);
            ClientDecision::Teams(teams.map_err(|err| corrupt(err.to_string()))?)
        }
        other => return Err(corrupt(format!("{other:?} is no decision"))),
    };
    Ok(PolicyRule {
        workspace: workspace.map_err(|err| corrupt(err.to_string()))?,
        matches,
        decision,
    })
}

fn matched(matches: &ClientMatch) -> Result<(&'static str, String), ManagerError> {
    match matches {
        ClientMatch::Client(id) => Ok(("client", id.to_string())),
        ClientMatch::Host(host) => Ok(("host", input::host_or_scheme("host", host)?)),
    }
}

pub(super) async fn set(manager: &LocalManager, mut rule: PolicyRule) -> Result<(), ManagerError> {
    let now = manager.now();
    let (kind, subject) = matched(&rule.matches)?;
    if let ClientMatch::Host(host) = &mut rule.matches {
        host.clone_from(&subject);
    }
    let mut transaction = manager.pool.begin("set a policy rule").await?;
    if let Some(workspace) = &rule.workspace {
        workspace::lock(&mut transaction, workspace).await?;
    }
    let (decision, teams) = match &mut rule.decision {
        ClientDecision::Approved => ("approved", None),
        ClientDecision::Blocked => ("blocked", None),
        ClientDecision::Teams(teams) => {
            teams.sort_unstable();
            teams.dedup();
            check_teams(&mut transaction, teams).await?;
            let teams = serde_json::to_string(&teams);
            let teams = teams.map_err(|err| ManagerError::Internal(Box::new(err)))?;
            ("teams", Some(teams))
        }
    };
    let upsert = Query::insert()
        .into_table("policy_rules")
        .columns([
            "workspace",
            "kind",
            "subject",
            "decision",
            "teams",
            "set_at",
        ])
        .values_panic([
            key(rule.workspace.as_ref()).into(),
            kind.into(),
            subject.into(),
            decision.into(),
            teams.into(),
            now.into(),
        ])
        .on_conflict(
            OnConflict::columns(["workspace", "kind", "subject"])
                .update_columns(["decision", "teams", "set_at"])
                .to_owned(),
        )
        .to_owned();
    transaction.execute(&upsert).await?;
    refuse_too_many(&mut transaction, rule.workspace.as_ref()).await?;
    effect::end_refused(&mut transaction, &rule, now).await?;
    change::append(&mut transaction, &[change_in(rule.workspace.as_ref())], now).await?;
    transaction.commit().await?;
    Ok(())
}

/// They are held, so that none is removed before the rule stands.
async fn check_teams(transaction: &mut Transaction, teams: &[String]) -> Result<(), ManagerError> {
    if !(1..=MAX_TEAMS).contains(&teams.len()) {
        return Err(ManagerError::Invalid(format!(
            "teams has {} names: give 1 to {MAX_TEAMS}",
            teams.len()
        )));
    }
    let there = Query::select()
        .column("name")
        .from("teams")
        .and_where(Expr::col("name").is_in(teams.iter().map(String::as_str)))
        .order_by("name", Order::Asc)
        .lock(LockType::Share)
        .to_owned();
    let rows = transaction.fetch(&there).await?;
    let there = rows.iter().map(|row| row.text_or_empty(0));
    let there = there.collect::<Result<Vec<_>, _>>()?;
    match teams.iter().find(|name| !there.contains(name)) {
        None => Ok(()),
        Some(name) => Err(input::invalid("teams", name, "there is no such team")),
    }
}

async fn refuse_too_many(
    transaction: &mut Transaction,
    workspace: Option<&WorkspaceSlug>,
) -> Result<(), ManagerError> {
    let count = Query::select()
        .expr(Func::count(Expr::col("subject")))
        .from("policy_rules")
        .and_where(Expr::col("workspace").eq(key(workspace)))
        .to_owned();
    let row = transaction.fetch_one(&count).await?;
    if row.map(|row| row.id(0)).transpose()?.unwrap_or(0) > MAX_RULES {
        return Err(ManagerError::LimitReached(format!(
            "at most {MAX_RULES} rules a workspace: use one for a host"
        )));
    }
    Ok(())
}

pub(super) async fn remove(
    manager: &LocalManager,
    asked: &RemovePolicyRule,
) -> Result<bool, ManagerError> {
    let (kind, subject) = matched(&asked.matches)?;
    let mut transaction = manager.pool.begin("remove a policy rule").await?;
    let delete = Query::delete()
        .from_table("policy_rules")
        .and_where(Expr::col("workspace").eq(key(asked.workspace.as_ref())))
        .and_where(Expr::col("kind").eq(kind))
        .and_where(Expr::col("subject").eq(subject))
        .to_owned();
    if transaction.execute(&delete).await? == 0 {
        return Ok(false);
    }
    let changes = [change_in(asked.workspace.as_ref())];
    change::append(&mut transaction, &changes, manager.now()).await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn list(
    manager: &LocalManager,
    workspace: Option<&WorkspaceSlug>,
) -> Result<Vec<PolicyRule>, ManagerError> {
    let rules = select()
        .and_where(Expr::col("workspace").eq(key(workspace)))
        .order_by("kind", Order::Asc)
        .order_by("subject", Order::Asc)
        .to_owned();
    let rows = manager.pool.fetch("list policy rules", &rules).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}
