//! Sets, removes and lists rules.

use sea_query::{Expr, ExprTrait as _, LockType, OnConflict, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Transaction, row};
use tidegate_types::WorkspaceSlug;

use super::{ClientDecision, ClientMatch, PolicyRule, RemovePolicyRule, effect};
use crate::change::{self, LoggedChange};
use crate::counted::{count_in, count_of};
use crate::{LocalManager, ManagerError, input, workspace};

/// Of a workspace, or of the deployment.
const MAX_RULES: u64 = 2_000;
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

row! {
    struct RuleRow {
        workspace: String = policy_rules.workspace,
        kind: String = policy_rules.kind,
        subject: String = policy_rules.subject,
        decision: String = policy_rules.decision,
        teams: Option<String> = policy_rules.teams,
    }
}

/// What a [`PolicyRule`] is read from.
pub(super) fn select() -> SelectStatement {
    RuleRow::select(&mut Query::select())
        .from("policy_rules")
        .to_owned()
}

fn corrupt(column: &str, problem: impl std::fmt::Display) -> DatabaseError {
    DatabaseError::Corrupt {
        operation: "read a policy rule",
        reason: format!("policy_rules.{column}: {problem}"),
    }
}

impl FromRow for PolicyRule {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let row = RuleRow::from_row(row)?;
        let workspace = Some(row.workspace).filter(|slug| !slug.is_empty());
        let workspace = workspace.map(|slug| slug.parse()).transpose();
        let matches = match row.kind.as_str() {
            "client" => {
                let id = row.subject.parse();
                ClientMatch::Client(id.map_err(|err| corrupt("subject", err))?)
            }
            "host" => ClientMatch::Host(row.subject),
            other => return Err(corrupt("kind", format!("{other:?} is nothing to match"))),
        };
        let decision = match row.decision.as_str() {
            "approved" => ClientDecision::Approved,
            "blocked" => ClientDecision::Blocked,
            "teams" => {
                let teams = serde_json::from_str(&row.teams.unwrap_or_default());
                ClientDecision::Teams(teams.map_err(|err| corrupt("teams", err))?)
            }
            other => return Err(corrupt("decision", format!("{other:?} is no decision"))),
        };
        Ok(Self {
            workspace: workspace.map_err(|err| corrupt("workspace", err))?,
            matches,
            decision,
        })
    }
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

row! {
    struct TeamName {
        name: String = teams.name,
    }
}

/// They are held, so that none is removed before the rule stands.
async fn check_teams(transaction: &mut Transaction, teams: &[String]) -> Result<(), ManagerError> {
    if !(1..=MAX_TEAMS).contains(&teams.len()) {
        return Err(ManagerError::Invalid(format!(
            "teams has {} names: give 1 to {MAX_TEAMS}",
            teams.len()
        )));
    }
    let there = TeamName::select(&mut Query::select())
        .from("teams")
        .and_where(Expr::col("name").is_in(teams.iter().map(String::as_str)))
        .order_by("name", Order::Asc)
        .lock(LockType::Share)
        .to_owned();
    let there: Vec<TeamName> = transaction.read(&there).await?;
    let is_missing = |name: &&String| there.iter().all(|team| team.name != **name);
    match teams.iter().find(is_missing) {
        None => Ok(()),
        Some(name) => Err(input::invalid("teams", name, "there is no such team")),
    }
}

async fn refuse_too_many(
    transaction: &mut Transaction,
    workspace: Option<&WorkspaceSlug>,
) -> Result<(), ManagerError> {
    let rules = count_of("subject")
        .from("policy_rules")
        .and_where(Expr::col("workspace").eq(key(workspace)))
        .to_owned();
    if count_in(transaction, &rules).await? > MAX_RULES {
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
    Ok(manager.pool.read("list policy rules", &rules).await?)
}
