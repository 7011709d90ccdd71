//! Ends what stands on places in workspaces that are gone.

use sea_query::{Cond, Expr, ExprTrait as _, Query, SelectStatement};
use tidegate_database::Transaction;
use tidegate_types::{AccountId, WorkspaceSlug};

use crate::grant::{self, EndReason};
use crate::{ManagerError, UnixSecs};

/// Ends grants and API tokens in the workspaces whose account has no place there any more, neither its own nor by a
/// team. Narrowed to one account where one is given. Call it after the places are gone.
pub(crate) async fn end_lost(
    transaction: &mut Transaction,
    workspaces: &[WorkspaceSlug],
    account: Option<&AccountId>,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    if workspaces.is_empty() {
        return Ok(());
    }
    let end = Query::update()
        .table("api_tokens")
        .value("ended_at", now)
        .and_where(Expr::col("ended_at").is_null())
        .cond_where(has_lost("api_tokens", workspaces, account))
        .to_owned();
    transaction.execute(&end).await?;
    let lost = has_lost("grants", workspaces, account);
    grant::end_where(transaction, lost, EndReason::MembershipLost, now).await?;
    Ok(())
}

fn has_lost(
    table: &'static str,
    workspaces: &[WorkspaceSlug],
    account: Option<&AccountId>,
) -> Cond {
    let slugs = workspaces.iter().map(WorkspaceSlug::as_str);
    Cond::all()
        .add(Expr::col((table, "workspace")).is_in(slugs))
        .add_option(account.map(|id| Expr::col((table, "account")).eq(id.as_str())))
        .add(Expr::exists(own_place(table)).not())
        .add(Expr::exists(place_by_team(table)).not())
}

fn own_place(table: &'static str) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1_i64))
        .from("memberships")
        .and_where(Expr::col(("memberships", "workspace")).equals((table, "workspace")))
        .and_where(Expr::col(("memberships", "account")).equals((table, "account")))
        .to_owned()
}

fn place_by_team(table: &'static str) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1_i64))
        .from("team_members")
        .inner_join(
            "team_workspaces",
            Expr::col(("team_workspaces", "team")).equals(("team_members", "team")),
        )
        .and_where(Expr::col(("team_workspaces", "workspace")).equals((table, "workspace")))
        .and_where(Expr::col(("team_members", "account")).equals((table, "account")))
        .to_owned()
}
