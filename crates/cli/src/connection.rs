use clap::{Args, Subcommand};
use serde_json::json;
use tidegate_control_plane::grant::{
    EndGrant, EndGrants, EndReason, FindGrant, GrantFilter, GrantSummary, ListGrants,
};
use tidegate_types::{ClientId, GrantId, WorkspaceSlug};

use super::answer::{Answer, time, time_or_dash};
use super::context::{About, Context, json};
use super::failure::Failure;

#[derive(Subcommand)]
pub enum Command {
    /// Lists up to 1,000 connections, the newest first.
    List {
        #[command(flatten)]
        of: Of,
        /// Those that ended as well.
        #[arg(long)]
        ended: bool,
    },
    /// Ends one connection, or all of a user, client or workspace. Their tokens are refused within a second.
    End {
        /// The connection's id, as `connection list` shows it.
        #[arg(required_unless_present_any = ["user", "client", "workspace"])]
        id: Option<GrantId>,
        #[command(flatten)]
        of: Of,
    },
}

#[derive(Args)]
pub struct Of {
    /// Of this user: name, verified address or id.
    #[arg(long)]
    user: Option<String>,
    /// Of this client.
    #[arg(long)]
    client: Option<ClientId>,
    /// In this workspace.
    #[arg(long)]
    workspace: Option<WorkspaceSlug>,
}

impl Of {
    async fn filter(self, context: &Context) -> Result<GrantFilter, Failure> {
        let account = match self.user {
            Some(user) => Some(context.account(&user).await?.id),
            None => None,
        };
        Ok(GrantFilter {
            account,
            client: self.client,
            workspace: self.workspace,
            with_ended: false,
        })
    }
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::List { of, ended } => {
            let filter = GrantFilter {
                with_ended: ended,
                ..of.filter(context).await?
            };
            let all = context.call(ListGrants { filter }).await?;
            let heading = [
                "id",
                "user",
                "client",
                "workspace",
                "scopes",
                "begun",
                "last used",
                "calls",
                "state",
            ];
            let json = json(&all)?;
            let now = context.now();
            Ok(Answer::table(
                heading,
                all.iter().map(|one| row(one, now)),
                json,
            ))
        }
        Command::End { id: Some(id), of } => {
            if of.user.is_some() || of.client.is_some() || of.workspace.is_some() {
                return Err(Failure::Usage(
                    "give one connection, or --user, --client and --workspace".into(),
                ));
            }
            end_one(id, context).await
        }
        Command::End { id: None, of } => end_all(of, context).await,
    }
}

fn row(one: &GrantSummary, now: i64) -> [String; 9] {
    let grant = &one.grant;
    let state = match grant.ended {
        Some((at, reason)) => format!("ended {} {}", time(at), reason.as_str()),
        None if grant.expires_at <= now => format!("expired {}", time(grant.expires_at)),
        None => format!("until {}", time(grant.expires_at)),
    };
    [
        grant.id.to_string(),
        one.username.clone(),
        one.client_name.clone(),
        grant.workspace.to_string(),
        grant.scopes.to_string(),
        time(grant.created_at),
        time_or_dash(grant.last_used_at),
        one.calls.to_string(),
        state,
    ]
}

async fn end_one(id: GrantId, context: &Context) -> Result<Answer, Failure> {
    let found = context.call(FindGrant { id: id.clone() }).await?;
    let missing = || Failure::not_found("connection", id.as_str());
    let before = found.ok_or_else(missing)?;
    if let Some((at, reason)) = before.ended {
        return Err(Failure::Refused(format!(
            "connection {id} ended already, at {}: {}",
            time(at),
            reason.as_str()
        )));
    }
    let end = EndGrant {
        id: id.clone(),
        reason: EndReason::ByAdministrator,
    };
    let grant = context.call(end).await?.ok_or_else(missing)?;
    let about = About {
        client: Some(&grant.client),
        workspace: Some(&grant.workspace),
        detail: id.to_string(),
    };
    context.record("grant.ended", about).await;
    Ok(Answer::line(
        format!("connection {id} is ended"),
        json(&grant)?,
    ))
}

async fn end_all(of: Of, context: &Context) -> Result<Answer, Failure> {
    let filter = of.filter(context).await?;
    let (client, workspace) = (filter.client.clone(), filter.workspace.clone());
    let end = EndGrants {
        filter,
        reason: EndReason::ByAdministrator,
    };
    let ended = context.call(end).await?.len();
    let about = About {
        client: client.as_ref(),
        workspace: workspace.as_ref(),
        detail: format!("{ended} connections"),
    };
    context.record("grant.ended", about).await;
    let json = json!({ "connections_ended": ended });
    Ok(Answer::line(format!("{ended} connections ended"), json))
}
