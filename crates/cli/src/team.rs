use clap::Subcommand;
use serde_json::json;
use tidegate_control_plane::team::{
    CreateTeam, ListTeams, RemoveTeam, SetTeamMember, SetTeamWorkspace, Team,
};
use tidegate_types::{Role, WorkspaceSlug};

use super::answer::Answer;
use super::context::{About, Context, json};
use super::failure::Failure;

#[derive(Subcommand)]
pub enum Command {
    /// Lists teams.
    List,
    /// Adds a team.
    Add {
        /// 1 to 64 of a-z, 0-9, - and _.
        name: String,
    },
    /// Removes a team, and what it opened to its members.
    Remove {
        /// The team's name.
        name: String,
    },
    /// Puts somebody in.
    Join {
        /// The team.
        name: String,
        /// Whose name, verified address or id.
        user: String,
    },
    /// Takes somebody out.
    Leave {
        /// The team.
        name: String,
        /// Whose name, verified address or id.
        user: String,
    },
    /// Opens a workspace to its members, or changes as what.
    Open {
        /// The team.
        name: String,
        /// The workspace.
        #[arg(long)]
        workspace: WorkspaceSlug,
        /// viewer, analyst, editor or admin.
        #[arg(long)]
        role: Role,
    },
    /// Closes a workspace to its members.
    Close {
        /// The team.
        name: String,
        /// The workspace.
        #[arg(long)]
        workspace: WorkspaceSlug,
    },
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::List => {
            let all = context.call(ListTeams {}).await?;
            let json = json(&all)?;
            Ok(Answer::table(
                ["team", "members", "workspaces"],
                all.iter().map(row),
                json,
            ))
        }
        Command::Add { name } => {
            let made = context.call(CreateTeam { name }).await?;
            let about = About::detail(&made.name);
            context.record("team.created", about).await;
            Ok(Answer::line(
                format!("team {} is there", made.name),
                json(&made)?,
            ))
        }
        Command::Remove { name } => {
            if !context.call(RemoveTeam { name: name.clone() }).await? {
                return Err(Failure::not_found("team", name));
            }
            context.record("team.removed", About::detail(&name)).await;
            Ok(Answer::line(
                format!("team {name} is removed"),
                json!({ "removed": name }),
            ))
        }
        Command::Join { name, user } => set_member(name, &user, true, context).await,
        Command::Leave { name, user } => set_member(name, &user, false, context).await,
        Command::Open {
            name,
            workspace,
            role,
        } => set_workspace(name, workspace, Some(role), context).await,
        Command::Close { name, workspace } => set_workspace(name, workspace, None, context).await,
    }
}

fn row(team: &Team) -> [String; 3] {
    let opens = team
        .workspaces
        .iter()
        .map(|(workspace, role)| format!("{workspace} ({role})"));
    [
        team.name.clone(),
        team.members.len().to_string(),
        opens.collect::<Vec<_>>().join(" "),
    ]
}

async fn set_member(
    team: String,
    user: &str,
    is_member: bool,
    context: &Context,
) -> Result<Answer, Failure> {
    let account = context.account(user).await?;
    let set = SetTeamMember {
        team: team.clone(),
        account: account.id,
        is_member,
    };
    context.call(set).await?;
    let (action, word) = if is_member {
        ("team.joined", "in")
    } else {
        ("team.left", "no member of")
    };
    let told = format!("{} is {word} team {team}", account.username);
    context.record(action, About::detail(&told)).await;
    let json = json!({ "team": team, "username": account.username, "is_member": is_member });
    Ok(Answer::line(told, json))
}

async fn set_workspace(
    team: String,
    workspace: WorkspaceSlug,
    role: Option<Role>,
    context: &Context,
) -> Result<Answer, Failure> {
    let set = SetTeamWorkspace {
        team: team.clone(),
        workspace: workspace.clone(),
        role,
    };
    context.call(set).await?;
    let told = match role {
        Some(role) => format!("team {team} opens {workspace} as {role}"),
        None => format!("team {team} does not open {workspace}"),
    };
    let about = About {
        detail: told.clone(),
        ..About::workspace(&workspace)
    };
    context.record("team.workspace_set", about).await;
    let json = json!({ "team": team, "workspace": workspace, "role": role });
    Ok(Answer::line(told, json))
}
