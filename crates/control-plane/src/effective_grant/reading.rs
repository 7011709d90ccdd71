//! Reads in one statement what [`decide`] needs; rules on clients are a second, asked only where there is a client.

use sea_query::{Expr, ExprTrait as _, Func, Query, SelectStatement, UnionType};
use tidegate_database::Row;
use tidegate_types::{ClientId, GrantId, WorkspaceSlug};

use super::decision::{By, Facts, FoundClient, decide};
use super::{CheckEffectiveGrant, EffectiveGrant, IneffectiveReason};
use crate::policy::{self, JudgeClient};
use crate::{LocalManager, ManagerError, Operation as _, client, stored, workspace};

pub(super) async fn check(
    asked: CheckEffectiveGrant,
    manager: &LocalManager,
) -> Result<EffectiveGrant, ManagerError> {
    let statement = of_grant_or_token(&asked.session, &asked.workspace);
    let found = manager
        .pool
        .fetch_one("check a standing", &statement)
        .await?;
    let Some(row) = found else {
        return Ok(EffectiveGrant::Refused(IneffectiveReason::Unknown));
    };
    let facts = read(&row, &asked, manager).await?;
    Ok(decide(facts, &asked.workspace, manager.now()))
}

fn of_grant_or_token(id: &GrantId, workspace: &WorkspaceSlug) -> SelectStatement {
    let of_token = common("api_tokens", workspace)
        // In the place of the client's columns.
        .exprs((0..5).map(|_| Expr::cust("CAST(NULL AS TEXT)")))
        .and_where(Expr::col(("api_tokens", "id")).eq(id.as_str()))
        .to_owned();
    common("grants", workspace)
        .column(("grants", "client"))
        .columns([
            ("clients", "id"),
            ("clients", "metadata"),
            ("clients", "scopes"),
            ("clients", "workspace"),
        ])
        .left_join(
            "clients",
            Expr::col(("clients", "id")).equals(("grants", "client")),
        )
        .and_where(Expr::col(("grants", "id")).eq(id.as_str()))
        .union(UnionType::All, of_token)
        .to_owned()
}

/// What a grant and an API token have in common, as [`read`] takes it.
fn common(table: &'static str, workspace: &WorkspaceSlug) -> SelectStatement {
    let team_role = Query::select()
        .expr(Func::max(Expr::col(("team_workspaces", "role"))))
        .from("team_workspaces")
        .inner_join(
            "team_members",
            Expr::col(("team_members", "team")).equals(("team_workspaces", "team")),
        )
        .and_where(Expr::col(("team_members", "account")).equals((table, "account")))
        .and_where(Expr::col(("team_workspaces", "workspace")).eq(workspace.as_str()))
        .to_owned();
    let membership = Expr::col(("memberships", "account"))
        .equals((table, "account"))
        .and(Expr::col(("memberships", "workspace")).eq(workspace.as_str()));
    Query::select()
        .columns([
            (table, "account"),
            (table, "workspace"),
            (table, "scopes"),
            (table, "expires_at"),
            (table, "ended_at"),
            ("accounts", "is_active"),
            ("accounts", "username"),
            ("workspaces", "is_hibernated"),
            ("memberships", "role"),
            ("memberships", "superset_username"),
        ])
        .expr(Expr::SubQuery(None, Box::new(team_role.into())))
        .from(table)
        .inner_join(
            "accounts",
            Expr::col(("accounts", "id")).equals((table, "account")),
        )
        .left_join(
            "workspaces",
            Expr::col(("workspaces", "slug")).eq(workspace.as_str()),
        )
        .left_join("memberships", membership)
        .to_owned()
}

/// The columns before those of the client.
const COMMON: usize = 11;

async fn read(
    row: &Row,
    asked: &CheckEffectiveGrant,
    manager: &LocalManager,
) -> Result<Facts, ManagerError> {
    let is_hibernated = row.flag(7)?;
    let role_at = |index| match row.integer(index)? {
        Some(_) => workspace::role_of(row, index).map(Some),
        None => Ok(None),
    };
    let role = Ord::max(role_at(8)?, role_at(10)?);
    Ok(Facts {
        account: stored::parsed(row, 0)?,
        bound_to: stored::optional(row, 1)?,
        scopes: stored::parsed(row, 2)?,
        expires_at: row.integer(3)?,
        has_ended: row.integer(4)?.is_some(),
        is_account_active: stored::flag(row, 5)?,
        account_name: row.text_or_empty(6)?,
        // Places end with their workspace; a role without one would be a leftover.
        role: role.filter(|_| is_hibernated.is_some()),
        is_hibernated: is_hibernated.unwrap_or(false),
        superset_username: row.text(9)?,
        by: read_by(row, asked, manager).await?,
    })
}

async fn read_by(
    row: &Row,
    asked: &CheckEffectiveGrant,
    manager: &LocalManager,
) -> Result<By, ManagerError> {
    let Some(id) = stored::optional::<ClientId>(row, COMMON)? else {
        let id = asked.session.as_str().parse();
        return Ok(By::ApiToken(id.map_err(|_| {
            ManagerError::Internal("a grant's id is no client's id".into())
        })?));
    };
    if row.text(COMMON + 1)?.is_none() {
        return Ok(By::Client { id, found: None });
    }
    let metadata = client::read_metadata(&row.text_or_empty(COMMON + 2)?)?;
    let judge = JudgeClient {
        workspace: asked.workspace.clone(),
        account: stored::parsed(row, 0)?,
        client: id.clone(),
        hosts: policy::hosts_of(&id, &metadata),
    };
    let found = FoundClient {
        scopes: stored::parsed(row, COMMON + 3)?,
        workspace: stored::optional(row, COMMON + 4)?,
        verdict: judge.run(manager).await?,
    };
    Ok(By::Client {
        id,
        found: Some(found),
    })
}
