use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tidegate_control_plane::policy::{
    ClientDecision, ClientMatch, FindUnknownClients, ListPolicyRules, PolicyRule, RemovePolicyRule,
    SetPolicyRule, SetUnknownClients, UnknownClients,
};
use tidegate_types::{ClientId, WorkspaceSlug};

use super::answer::Answer;
use super::context::{About, Context, json};
use super::failure::Failure;

#[derive(Subcommand)]
pub enum Command {
    /// Lists the rules of a workspace, or of the deployment.
    List {
        /// Which workspace; the deployment's without.
        #[arg(long)]
        workspace: Option<WorkspaceSlug>,
    },
    /// Lets a client be used, by everybody or by teams.
    Approve {
        #[command(flatten)]
        subject: Subject,
        /// Members of this team alone; may be repeated.
        #[arg(long = "team")]
        teams: Vec<String>,
    },
    /// Lets a client be used by nobody, and ends its connections.
    Block {
        #[command(flatten)]
        subject: Subject,
    },
    /// Takes a rule away.
    Clear {
        #[command(flatten)]
        subject: Subject,
    },
    /// What happens to clients that no rule is about.
    Unknown {
        /// allowed: people decide by themselves. need-approval: an administrator approves first.
        to: Unknown,
        /// In which workspace; in the deployment without.
        #[arg(long)]
        workspace: Option<WorkspaceSlug>,
    },
}

#[derive(Args)]
pub struct Subject {
    /// One client.
    #[arg(required_unless_present = "host", conflicts_with = "host")]
    client: Option<ClientId>,
    /// All clients whose id or redirect URI is on this host.
    #[arg(long)]
    host: Option<String>,
    /// In this workspace; in the deployment without.
    #[arg(long)]
    workspace: Option<WorkspaceSlug>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Unknown {
    Allowed,
    NeedApproval,
}

impl Subject {
    fn matches(&self) -> Result<ClientMatch, Failure> {
        match (&self.client, &self.host) {
            (Some(client), None) => Ok(ClientMatch::Client(client.clone())),
            (None, Some(host)) => Ok(ClientMatch::Host(host.to_ascii_lowercase())),
            _ => Err(Failure::Usage("give a client or --host".into())),
        }
    }
}

fn place(workspace: Option<&WorkspaceSlug>) -> String {
    workspace.map_or_else(
        || "the deployment".to_owned(),
        |slug| format!("workspace {slug}"),
    )
}

fn subject_of(matches: &ClientMatch) -> String {
    match matches {
        ClientMatch::Client(id) => format!("client {id}"),
        ClientMatch::Host(host) => format!("host {host}"),
    }
}

fn decision_of(decision: &ClientDecision) -> String {
    match decision {
        ClientDecision::Approved => "approved".to_owned(),
        ClientDecision::Blocked => "blocked".to_owned(),
        ClientDecision::Teams(teams) => format!("for {}", teams.join(" ")),
    }
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::List { workspace } => list(workspace, context).await,
        Command::Approve { subject, teams } => {
            let decision = if teams.is_empty() {
                ClientDecision::Approved
            } else {
                ClientDecision::Teams(teams)
            };
            set(&subject, decision, context).await
        }
        Command::Block { subject } => set(&subject, ClientDecision::Blocked, context).await,
        Command::Clear { subject } => clear(&subject, context).await,
        Command::Unknown { to, workspace } => set_unknown(to, workspace, context).await,
    }
}

async fn list(workspace: Option<WorkspaceSlug>, context: &Context) -> Result<Answer, Failure> {
    let find = FindUnknownClients {
        workspace: workspace.clone(),
    };
    let unknown = context.call(find).await?;
    let rules = context.call(ListPolicyRules { workspace }).await?;
    let rows = rules
        .iter()
        .map(|rule| [subject_of(&rule.matches), decision_of(&rule.decision)]);
    let told = match unknown {
        UnknownClients::Allowed => "allowed",
        UnknownClients::NeedApproval => "need approval",
    };
    let others = ["all others".to_owned(), told.to_owned()];
    let json = json!({ "rules": json(&rules)?, "unknown": json(&unknown)? });
    Ok(Answer::table(
        ["about", "decision"],
        rows.chain([others]),
        json,
    ))
}

async fn set(
    subject: &Subject,
    decision: ClientDecision,
    context: &Context,
) -> Result<Answer, Failure> {
    let rule = PolicyRule {
        workspace: subject.workspace.clone(),
        matches: subject.matches()?,
        decision,
    };
    let shown = json(&rule)?;
    let told = format!(
        "{} is {} in {}",
        subject_of(&rule.matches),
        decision_of(&rule.decision),
        place(subject.workspace.as_ref())
    );
    context.call(SetPolicyRule { rule }).await?;
    record("policy.rule_set", subject, &told, context).await;
    Ok(Answer::line(told, shown))
}

async fn clear(subject: &Subject, context: &Context) -> Result<Answer, Failure> {
    let matches = subject.matches()?;
    let told = format!(
        "there is no rule about {} in {}",
        subject_of(&matches),
        place(subject.workspace.as_ref())
    );
    let remove = RemovePolicyRule {
        workspace: subject.workspace.clone(),
        matches,
    };
    if !context.call(remove).await? {
        return Err(Failure::not_found("rule", told));
    }
    record("policy.rule_removed", subject, &told, context).await;
    Ok(Answer::line(
        format!("{told} any more"),
        json!({ "removed": true }),
    ))
}

async fn record(action: &str, subject: &Subject, told: &str, context: &Context) {
    let about = About {
        client: subject.client.as_ref(),
        workspace: subject.workspace.as_ref(),
        detail: told.to_owned(),
    };
    context.record(action, about).await;
}

async fn set_unknown(
    to: Unknown,
    workspace: Option<WorkspaceSlug>,
    context: &Context,
) -> Result<Answer, Failure> {
    let (to, told) = match to {
        Unknown::Allowed => (UnknownClients::Allowed, "are allowed"),
        Unknown::NeedApproval => (UnknownClients::NeedApproval, "need approval"),
    };
    let told = format!(
        "clients without a rule {told} in {}",
        place(workspace.as_ref())
    );
    let set = SetUnknownClients {
        workspace: workspace.clone(),
        to,
    };
    context.call(set).await?;
    let about = About {
        workspace: workspace.as_ref(),
        detail: told.clone(),
        ..About::default()
    };
    context.record("policy.unknown_set", about).await;
    let json = json!({ "workspace": workspace, "unknown": json(&to)? });
    Ok(Answer::line(told, json))
}
