//! Ends the grants that a rule refuses.

use sea_query::{Cond, Expr, ExprTrait as _, Query, SelectStatement};
use tidegate_database::{Parsed, Transaction, row};
use tidegate_oauth_types::ClientMetadata;
use tidegate_types::{ClientId, WorkspaceSlug};

use super::judge::{Ruling, hosts_of, ruling};
use super::{ClientDecision, ClientMatch, PolicyRule, rules};
use crate::grant::{self, EndReason};
use crate::{ManagerError, UnixSecs, input};

/// Pairs of a client and a workspace that one statement ends grants of.
const BATCH: usize = 200;

/// Ends the live grants that are refused now that `rule` stands. All rules are asked: a narrower one may let in what
/// this one refuses.
pub(super) async fn end_refused(
    transaction: &mut Transaction,
    rule: &PolicyRule,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    if rule.decision == ClientDecision::Approved {
        return Ok(());
    }
    let mut standing = rules::select();
    if let Some(workspace) = &rule.workspace {
        standing.and_where(Expr::col("workspace").is_in(["", workspace.as_str()]));
    }
    let all: Vec<PolicyRule> = transaction.read(&standing).await?;
    let mut refused = Vec::new();
    for row in transaction.read(&candidates(rule, now)).await? {
        let CandidateRow {
            workspace: Parsed(workspace),
            client: Parsed(client),
            metadata,
        } = row;
        let metadata: Option<ClientMetadata> =
            metadata.and_then(|text| serde_json::from_str(&text).ok());
        let hosts = metadata.map(|metadata| hosts_of(&client, &metadata));
        let hosts = hosts.unwrap_or_default();
        let pair = Cond::all()
            .add(Expr::col(("grants", "client")).eq(client.as_str()))
            .add(Expr::col(("grants", "workspace")).eq(workspace.as_str()));
        match ruling(&all, &workspace, &client, &hosts) {
            Ruling::Open | Ruling::Approved => {}
            Ruling::Blocked => refused.push(pair),
            Ruling::Teams(lists) => {
                let outside = lists.into_iter().fold(Cond::any(), |outside, list| {
                    let inside = members_of(list);
                    outside.add(Expr::col(("grants", "account")).not_in_subquery(inside))
                });
                refused.push(pair.add(outside));
            }
        }
    }
    while !refused.is_empty() {
        let some = refused.split_off(refused.len().saturating_sub(BATCH));
        let any = some.into_iter().fold(Cond::any(), Cond::add);
        grant::end_where(transaction, any, EndReason::ClientRemoved, now).await?;
    }
    Ok(())
}

fn members_of(teams: &[String]) -> SelectStatement {
    Query::select()
        .column("account")
        .from("team_members")
        .and_where(Expr::col("team").is_in(teams.iter().map(String::as_str)))
        .to_owned()
}

row! {
    struct CandidateRow {
        workspace: Parsed<WorkspaceSlug> = grants.workspace,
        client: Parsed<ClientId> = grants.client,
        metadata: Option<String> = clients.metadata,
    }
}

/// Clients with live grants that the rule may be about, by workspace. For a host more than it is about, for its name
/// may stand elsewhere in the metadata.
fn candidates(rule: &PolicyRule, now: UnixSecs) -> SelectStatement {
    let mut pairs = CandidateRow::select(&mut Query::select())
        .distinct()
        .from("grants")
        .left_join(
            "clients",
            Expr::col(("clients", "id")).equals(("grants", "client")),
        )
        .and_where(Expr::col(("grants", "ended_at")).is_null())
        .and_where(Expr::col(("grants", "expires_at")).gt(now))
        .to_owned();
    if let Some(workspace) = &rule.workspace {
        pairs.and_where(Expr::col(("grants", "workspace")).eq(workspace.as_str()));
    }
    match &rule.matches {
        ClientMatch::Client(id) => pairs.and_where(Expr::col(("grants", "client")).eq(id.as_str())),
        ClientMatch::Host(host) => {
            let text = |column: (&'static str, &'static str)| {
                Expr::expr(sea_query::Func::lower(Expr::col(column))).like(input::anywhere(host))
            };
            pairs.and_where(text(("grants", "client")).or(text(("clients", "metadata"))))
        }
    };
    pairs
}
