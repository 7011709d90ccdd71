use clap::{Args, Subcommand};
use tidegate_control_plane::Issued;
use tidegate_control_plane::api_token::{ApiToken, EndApiToken, IssueApiToken, ListApiTokens};
use tidegate_types::{ExposeSecret as _, GrantId, WorkspaceSlug};

use super::answer::{Answer, or_dash, time, time_or_dash};
use super::context::{About, Context, json};
use super::failure::Failure;
use super::life::Life;
use super::scopes::Scopes;

#[derive(Subcommand)]
pub enum Command {
    /// Lists a user's API tokens, the newest first.
    List {
        /// Name, verified address or id.
        user: String,
    },
    /// Adds an API token, which is shown once.
    Add(New),
    /// Ends an API token. It is refused within a second.
    End {
        /// The token's id, as `token list` shows it.
        id: GrantId,
    },
}

#[derive(Args)]
pub struct New {
    /// Whose: name, verified address or id. It never does more than they may at the moment.
    user: String,
    /// What it is for.
    name: String,
    /// The one workspace that it is for; any of theirs without.
    #[arg(long)]
    workspace: Option<WorkspaceSlug>,
    /// How long it is good: 90d, 12h.
    #[arg(long, default_value = "90d", conflicts_with = "never_expires")]
    expires_in: Life,
    /// It is good until it is ended.
    #[arg(long)]
    never_expires: bool,
    #[command(flatten)]
    scopes: Scopes,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::List { user } => {
            let account = context.account(&user).await?.id;
            let all = context.call(ListApiTokens { account }).await?;
            let heading = [
                "id",
                "name",
                "scopes",
                "workspace",
                "ends in",
                "expires",
                "last used",
            ];
            let json = json(&all)?;
            Ok(Answer::table(heading, all.iter().map(row), json))
        }
        Command::Add(new) => add(new, context).await,
        Command::End { id } => {
            let end = EndApiToken {
                id: id.clone(),
                account: None,
            };
            let ended = context.call(end).await?;
            let ended = ended.ok_or_else(|| Failure::not_found("API token", id.as_str()))?;
            context.record("api_token.ended", about(&ended)).await;
            Ok(Answer::line(
                format!("API token {id} is ended"),
                json(&ended)?,
            ))
        }
    }
}

fn row(one: &ApiToken) -> [String; 7] {
    [
        one.id.to_string(),
        one.name.clone(),
        one.scopes.to_string(),
        or_dash(one.workspace.as_ref()),
        format!("…{}", one.hint),
        time_or_dash(one.expires_at),
        time_or_dash(one.last_used_at),
    ]
}

fn about(token: &ApiToken) -> About<'_> {
    About {
        client: None,
        workspace: token.workspace.as_ref(),
        detail: format!("{} of account {}", token.id, token.account),
    }
}

async fn add(new: New, context: &Context) -> Result<Answer, Failure> {
    let account = context.account(&new.user).await?;
    let life = (!new.never_expires).then_some(i64::from(new.expires_in.secs));
    let issue = IssueApiToken {
        account: account.id,
        name: new.name,
        scopes: new.scopes.set(),
        workspace: new.workspace,
        expires_at: life.map(|secs| context.now().saturating_add(secs)),
    };
    let Issued { made, secret } = context.call(issue).await?;
    context.record("api_token.created", about(&made)).await;
    let facts = [
        ("id", made.id.to_string()),
        ("name", made.name.clone()),
        ("user", account.username),
        ("scopes", made.scopes.to_string()),
        ("workspace", or_dash(made.workspace.as_ref())),
        ("made", time(made.created_at)),
        ("expires", time_or_dash(made.expires_at)),
    ];
    let mut shown = Answer::facts(facts, json(&made)?);
    let text = secret.expose_secret();
    shown.json["token"] = text.into();
    shown.text.push_str("\ntoken: ");
    shown.text.push_str(text);
    shown.text.push('\n');
    Ok(shown.shown_once())
}
