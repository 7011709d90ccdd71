//! Reads in one statement what [`decide`] needs; rules on clients are a second, asked only where there is a client.

use sea_query::{Expr, ExprTrait as _, Func, Query, SelectStatement, UnionType};
use tidegate_database::{DatabaseError, FromNestedRow as _, FromRow, NamedRow, Parsed, row};
use tidegate_types::{AccountId, ClientId, GrantId, ScopeSet, WorkspaceSlug};

use super::decision::{By, Facts, FoundClient, decide};
use super::{CheckEffectiveGrant, EffectiveGrant, IneffectiveReason};
use crate::policy::{self, JudgeClient};
use crate::{LocalManager, ManagerError, Operation as _, UnixSecs, client, workspace};

pub(super) async fn check(
    asked: CheckEffectiveGrant,
    manager: &LocalManager,
) -> Result<EffectiveGrant, ManagerError> {
    let statement = of_grant_or_token(&asked.session, &asked.workspace);
    let found: Option<FactsRow> = (manager.pool)
        .read_one("check a standing", &statement)
        .await?;
    let Some(row) = found else {
        return Ok(EffectiveGrant::Refused(IneffectiveReason::Unknown));
    };
    let facts = facts(row, &asked, manager).await?;
    Ok(decide(facts, &asked.workspace, manager.now()))
}

row! {
    /// A grant or an API token as `held`, with its account, the workspace asked for, and the account's own place there.
    struct HeldRow {
        account: Parsed<AccountId> = held.account,
        bound_to: Option<Parsed<WorkspaceSlug>> = held.workspace,
        scopes: Parsed<ScopeSet> = held.scopes,
        expires_at: Option<UnixSecs> = held.expires_at,
        ended_at: Option<UnixSecs> = held.ended_at,
        is_active: bool = accounts.is_active,
        username: String = accounts.username,
        is_hibernated: Option<bool> = workspaces.is_hibernated,
        own_role: Option<i64> = memberships.role,
        superset_username: Option<String> = memberships.superset_username,
    }
}

row! {
    /// A grant's client: its id, and the rest as long as it is there. All null for an API token.
    struct ClientRow {
        client: Option<Parsed<ClientId>> = held.client,
        client_metadata: Option<String> = clients.metadata,
        client_scopes: Option<Parsed<ScopeSet>> = clients.scopes,
        client_workspace: Option<Parsed<WorkspaceSlug>> = clients.workspace,
    }
}

/// What [`common`] calls the widest role that the account has by its teams.
const TEAM_ROLE: &str = "team_role";

struct FactsRow {
    held: HeldRow,
    team_role: Option<i64>,
    client: ClientRow,
}

impl FromRow for FactsRow {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            held: HeldRow::from_row(row)?,
            team_role: row.get(TEAM_ROLE, TEAM_ROLE)?,
            client: ClientRow::from_row(row)?,
        })
    }
}

fn of_grant_or_token(id: &GrantId, workspace: &WorkspaceSlug) -> SelectStatement {
    let no_client = ClientRow::NAMES
        .iter()
        .map(|_| Expr::cust("CAST(NULL AS TEXT)"));
    let of_token = common("api_tokens", workspace)
        .exprs(no_client)
        .and_where(Expr::col(("held", "id")).eq(id.as_str()))
        .to_owned();
    ClientRow::select(&mut common("grants", workspace))
        .left_join(
            "clients",
            Expr::col(("clients", "id")).equals(("held", "client")),
        )
        .and_where(Expr::col(("held", "id")).eq(id.as_str()))
        .union(UnionType::All, of_token)
        .to_owned()
}

/// What a grant and an API token have in common: the columns of [`HeldRow`], and the role by teams.
fn common(table: &'static str, workspace: &WorkspaceSlug) -> SelectStatement {
    let team_role = Query::select()
        .expr(Func::max(Expr::col(("team_workspaces", "role"))))
        .from("team_workspaces")
        .inner_join(
            "team_members",
            Expr::col(("team_members", "team")).equals(("team_workspaces", "team")),
        )
        .and_where(Expr::col(("team_members", "account")).equals(("held", "account")))
        .and_where(Expr::col(("team_workspaces", "workspace")).eq(workspace.as_str()))
        .to_owned();
    let membership = Expr::col(("memberships", "account"))
        .equals(("held", "account"))
        .and(Expr::col(("memberships", "workspace")).eq(workspace.as_str()));
    HeldRow::select(&mut Query::select())
        .expr_as(Expr::SubQuery(None, Box::new(team_role.into())), TEAM_ROLE)
        .from_as(table, "held")
        .inner_join(
            "accounts",
            Expr::col(("accounts", "id")).equals(("held", "account")),
        )
        .left_join(
            "workspaces",
            Expr::col(("workspaces", "slug")).eq(workspace.as_str()),
        )
        .left_join("memberships", membership)
        .to_owned()
}

async fn facts(
    row: FactsRow,
    asked: &CheckEffectiveGrant,
    manager: &LocalManager,
) -> Result<Facts, ManagerError> {
    let FactsRow {
        held,
        team_role,
        client,
    } = row;
    let role = |number: Option<i64>| number.map(workspace::role_of).transpose();
    let role = Ord::max(role(held.own_role)?, role(team_role)?);
    let account = held.account.0;
    Ok(Facts {
        by: by(client, &account, asked, manager).await?,
        account,
        bound_to: held.bound_to.map(Parsed::into_inner),
        scopes: held.scopes.0,
        expires_at: held.expires_at,
        has_ended: held.ended_at.is_some(),
        is_account_active: held.is_active,
        account_name: held.username,
        // Places end with their workspace; a role without one would be a leftover.
        role: role.filter(|_| held.is_hibernated.is_some()),
        is_hibernated: held.is_hibernated.unwrap_or(false),
        superset_username: held.superset_username,
    })
}

async fn by(
    row: ClientRow,
    account: &AccountId,
    asked: &CheckEffectiveGrant,
    manager: &LocalManager,
) -> Result<By, ManagerError> {
    let Some(Parsed(id)) = row.client else {
        let id = asked.session.as_str().parse();
        return Ok(By::ApiToken(id.map_err(|_| {
            ManagerError::Internal("a grant's id is no client's id".into())
        })?));
    };
    let (Some(metadata), Some(scopes)) = (row.client_metadata, row.client_scopes) else {
        return Ok(By::Client { id, found: None });
    };
    let metadata = client::read_metadata(&metadata)?;
    let judge = JudgeClient {
        workspace: asked.workspace.clone(),
        account: account.clone(),
        client: id.clone(),
        hosts: policy::hosts_of(&id, &metadata),
    };
    let found = FoundClient {
        scopes: scopes.0,
        workspace: row.client_workspace.map(Parsed::into_inner),
        verdict: judge.run(manager).await?,
    };
    Ok(By::Client {
        id,
        found: Some(found),
    })
}
