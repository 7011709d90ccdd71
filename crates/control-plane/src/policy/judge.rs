//! Decides whether an account may use a client.

use sea_query::{Cond, Expr, ExprTrait as _, Query};
use tidegate_database::row;
use tidegate_oauth_types::ClientMetadata;
use tidegate_types::{AccountId, ClientId, WorkspaceSlug};
use url::Url;

use super::{ClientDecision, ClientMatch, ClientVerdict, JudgeClient, PolicyRule, UnknownClients};
use super::{rules, unknown};
use crate::{LocalManager, ManagerError};

/// A client's id and redirect URIs have fewer.
const MAX_HOSTS: usize = 100;

/// What the rules come to for a client in a workspace, before it is asked who uses it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ruling<'a> {
    /// No rule is about it.
    Open,
    Approved,
    Blocked,
    /// For those who are in one of the teams of each list.
    Teams(Vec<&'a [String]>),
}

/// A client's rule counts before its host's, and a workspace's before the deployment's. Where neither of two comes
/// before the other (the workspace's for the host, the deployment's for the client; two hosts), the stricter counts:
/// a workspace that blocks a host is not opened by an approval elsewhere, nor a blocked client by its host's.
pub(super) fn ruling<'a>(
    rules: &'a [PolicyRule],
    workspace: &WorkspaceSlug,
    client: &ClientId,
    hosts: &[String],
) -> Ruling<'a> {
    let about = rules.iter().filter_map(|rule| {
        let is_local = match &rule.workspace {
            Some(of) if of != workspace => return None,
            of => of.is_some(),
        };
        let is_own = match &rule.matches {
            ClientMatch::Client(id) if id == client => true,
            ClientMatch::Host(host) if hosts.contains(host) => false,
            ClientMatch::Client(_) | ClientMatch::Host(_) => return None,
        };
        Some((u8::from(is_local) + u8::from(is_own), &rule.decision))
    });
    let about: Vec<_> = about.collect();
    let Some(most) = about.iter().map(|(weight, _)| *weight).max() else {
        return Ruling::Open;
    };
    let mut teams = Vec::new();
    for (_, decision) in about.into_iter().filter(|(weight, _)| *weight == most) {
        match decision {
            ClientDecision::Blocked => return Ruling::Blocked,
            ClientDecision::Teams(names) => teams.push(names.as_slice()),
            ClientDecision::Approved => {}
        }
    }
    if teams.is_empty() {
        Ruling::Approved
    } else {
        Ruling::Teams(teams)
    }
}

/// The hosts that a client is on: of its id, where that is a URL, and of its redirect URIs, of which a private scheme
/// stands as `cursor://`.
pub(crate) fn hosts_of(id: &ClientId, metadata: &ClientMetadata) -> Vec<String> {
    let mut hosts = metadata.redirect_hosts();
    let own = Url::parse(id.as_str()).ok().filter(|_| id.is_url());
    hosts.extend(own.and_then(|url| url.host_str().map(str::to_owned)));
    for host in &mut hosts {
        host.make_ascii_lowercase();
    }
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

pub(super) async fn judge(
    manager: &LocalManager,
    asked: &JudgeClient,
) -> Result<ClientVerdict, ManagerError> {
    if asked.hosts.len() > MAX_HOSTS {
        return Err(ManagerError::Invalid(format!(
            "hosts has {} names: give up to {MAX_HOSTS}",
            asked.hosts.len()
        )));
    }
    let hosts = asked.hosts.iter().map(|host| host.to_ascii_lowercase());
    let hosts: Vec<_> = hosts.collect();
    let is_host = Cond::all()
        .add(Expr::col("kind").eq("host"))
        .add(Expr::col("subject").is_in(hosts.iter().map(String::as_str)));
    let is_client = Cond::all()
        .add(Expr::col("kind").eq("client"))
        .add(Expr::col("subject").eq(asked.client.as_str()));
    let about = rules::select()
        .and_where(Expr::col("workspace").is_in(["", asked.workspace.as_str()]))
        .cond_where(Cond::any().add(is_client).add(is_host))
        .to_owned();
    let rules: Vec<PolicyRule> = manager.pool.read("judge a client", &about).await?;
    match ruling(&rules, &asked.workspace, &asked.client, &hosts) {
        Ruling::Approved => Ok(ClientVerdict::Approved),
        Ruling::Blocked => Ok(ClientVerdict::Blocked),
        Ruling::Teams(lists) => {
            let theirs = teams_of(manager, &asked.account).await?;
            let is_in = |list: &&[String]| list.iter().any(|team| theirs.contains(team));
            Ok(if lists.iter().all(is_in) {
                ClientVerdict::Approved
            } else {
                ClientVerdict::Blocked
            })
        }
        Ruling::Open => match unknown::find(manager, Some(&asked.workspace)).await? {
            UnknownClients::Allowed => Ok(ClientVerdict::Allowed),
            UnknownClients::NeedApproval => Ok(ClientVerdict::NeedsApproval),
        },
    }
}

row! {
    struct MemberTeam {
        team: String = team_members.team,
    }
}

async fn teams_of(
    manager: &LocalManager,
    account: &AccountId,
) -> Result<Vec<String>, ManagerError> {
    let teams = MemberTeam::select(&mut Query::select())
        .from("team_members")
        .and_where(Expr::col("account").eq(account.as_str()))
        .to_owned();
    let teams: Vec<MemberTeam> = manager.pool.read("judge a client", &teams).await?;
    Ok(teams.into_iter().map(|row| row.team).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(workspace: Option<&str>, matches: &str, decision: ClientDecision) -> PolicyRule {
        PolicyRule {
            workspace: workspace.map(|slug| slug.parse().unwrap()),
            matches: match matches.strip_prefix("host ") {
                Some(host) => ClientMatch::Host(host.to_owned()),
                None => ClientMatch::Client(matches.parse().unwrap()),
            },
            decision,
        }
    }

    fn ruled(rules: &[PolicyRule]) -> Ruling<'_> {
        let hosts = ["a.example".to_owned(), "b.example".to_owned()];
        ruling(
            rules,
            &"acme".parse().unwrap(),
            &"app".parse().unwrap(),
            &hosts,
        )
    }

    #[test]
    fn rules_about_others_say_nothing() {
        let rules = [
            rule(Some("rival"), "app", ClientDecision::Blocked),
            rule(None, "other", ClientDecision::Blocked),
            rule(None, "host evil.example", ClientDecision::Blocked),
        ];
        assert_eq!(Ruling::Open, ruled(&rules));
    }

    #[test]
    fn a_clients_rule_counts_before_its_hosts() {
        for workspace in [None, Some("acme")] {
            let rules = [
                rule(workspace, "host a.example", ClientDecision::Blocked),
                rule(workspace, "app", ClientDecision::Approved),
            ];
            assert_eq!(Ruling::Approved, ruled(&rules));
        }
    }

    #[test]
    fn a_workspaces_rule_counts_before_the_deployments() {
        for matches in ["app", "host a.example"] {
            let rules = [
                rule(None, matches, ClientDecision::Approved),
                rule(Some("acme"), matches, ClientDecision::Blocked),
            ];
            assert_eq!(Ruling::Blocked, ruled(&rules));
        }
    }

    #[test]
    fn where_neither_comes_first_the_stricter_counts() {
        for (local, global) in [
            (ClientDecision::Blocked, ClientDecision::Approved),
            (ClientDecision::Approved, ClientDecision::Blocked),
        ] {
            let rules = [
                rule(Some("acme"), "host a.example", local),
                rule(None, "app", global),
            ];
            assert_eq!(Ruling::Blocked, ruled(&rules));
        }
        let hosts = [
            rule(None, "host a.example", ClientDecision::Approved),
            rule(None, "host b.example", ClientDecision::Blocked),
        ];
        assert_eq!(Ruling::Blocked, ruled(&hosts));
    }

    #[test]
    fn who_must_be_in_two_lists_must_be_in_both() {
        let (one, two) = (vec!["one".to_owned()], vec!["two".to_owned()]);
        let rules = [
            rule(None, "host a.example", ClientDecision::Teams(one.clone())),
            rule(None, "host b.example", ClientDecision::Teams(two.clone())),
        ];
        assert_eq!(Ruling::Teams(vec![&one, &two]), ruled(&rules));
    }
}
