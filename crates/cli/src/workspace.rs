use clap::{Args, Subcommand};
use serde_json::json;
use tidegate_control_plane::workspace::{
    CreateWorkspace, ListMembers, ListWorkspaces, RemoveWorkspace, UpdateWorkspace, Workspace,
    WorkspaceConnection,
};
use tidegate_types::WorkspaceSlug;

use super::answer::{Answer, or_dash, time, yes_or_no};
use super::context::{About, Context, json};
use super::failure::Failure;

/// Gives `add --metastore`, which holds a password, without showing it among the processes.
pub(super) const METASTORE: &str = "TIDEGATE_WORKSPACE_METASTORE";
/// Gives `add --secret-key`, likewise.
pub(super) const SECRET_KEY: &str = "TIDEGATE_WORKSPACE_SECRET_KEY";

#[derive(Subcommand)]
pub enum Command {
    /// Lists all workspaces.
    List,
    /// Shows one.
    Show {
        /// The workspace's name.
        slug: WorkspaceSlug,
    },
    /// Adds a workspace that no configuration names; running nodes serve it at once.
    Add(Box<New>),
    /// Changes what is given.
    Set {
        /// The workspace's name.
        slug: WorkspaceSlug,
        /// What pages show.
        #[arg(long)]
        title: Option<String>,
        /// Its host names, in place of those it has; may be repeated.
        #[arg(long = "host")]
        hosts: Vec<String>,
    },
    /// Sends it to sleep: nobody is served, and callers are told so.
    Hibernate {
        /// The workspace's name.
        slug: WorkspaceSlug,
    },
    /// Wakes it.
    Wake {
        /// The workspace's name.
        slug: WorkspaceSlug,
    },
    /// Removes a workspace that no configuration names, its memberships, connections and tokens. Its Superset stays.
    Remove {
        /// The workspace's name.
        slug: WorkspaceSlug,
    },
    /// Lists its members.
    Members {
        /// The workspace's name.
        slug: WorkspaceSlug,
    },
}

#[derive(Args)]
pub struct New {
    /// Its name: 1 to 63 of a-z, 0-9 and -.
    slug: WorkspaceSlug,
    /// Where its metastore is: postgresql://user:password@host/database. Taken from the environment as well, so that it
    /// does not show among the processes.
    #[arg(long, env = METASTORE, hide_env_values = true)]
    metastore: String,
    /// Its Superset's SECRET_KEY, by which passwords of databases are opened.
    #[arg(long, env = SECRET_KEY, hide_env_values = true)]
    secret_key: Option<String>,
    /// Its Superset.
    #[arg(long)]
    superset_url: Option<String>,
    /// What pages show; the slug without.
    #[arg(long, default_value = "")]
    title: String,
    /// Where it runs.
    #[arg(long, default_value = "")]
    region: String,
    /// A host name that leads to it; may be repeated.
    #[arg(long = "host")]
    hosts: Vec<String>,
    /// Base URL of links.
    #[arg(long)]
    public_url: Option<String>,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::List => list(context).await,
        Command::Show { slug } => show(&context.workspace(&slug).await?),
        Command::Add(new) => add(*new, context).await,
        Command::Set { slug, title, hosts } => {
            if title.is_none() && hosts.is_empty() {
                return Err(Failure::Usage(
                    "nothing to change: give --title or --host".into(),
                ));
            }
            let hosts = (!hosts.is_empty()).then_some(hosts);
            change(slug, title, hosts, None, context).await
        }
        Command::Hibernate { slug } => change(slug, None, None, Some(true), context).await,
        Command::Wake { slug } => change(slug, None, None, Some(false), context).await,
        Command::Remove { slug } => {
            context.call(RemoveWorkspace { slug: slug.clone() }).await?;
            // Of a workspace that is gone, so that its name stands in the words alone.
            let about = About::detail(slug.as_str());
            context.record("workspace.removed", about).await;
            let json = json!({ "removed": slug });
            Ok(Answer::line(format!("workspace {slug} is removed"), json))
        }
        Command::Members { slug } => members(slug, context).await,
    }
}

async fn list(context: &Context) -> Result<Answer, Failure> {
    let all = context.call(ListWorkspaces {}).await?;
    let rows = all.iter().map(|one| {
        [
            one.slug.to_string(),
            one.title.clone(),
            one.region.clone(),
            one.hosts.join(" "),
            source(one).to_owned(),
            if one.is_hibernated { "asleep" } else { "awake" }.to_owned(),
        ]
    });
    let heading = ["slug", "title", "region", "hosts", "from", "state"];
    Ok(Answer::table(heading, rows, json(&all)?))
}

fn source(workspace: &Workspace) -> &'static str {
    if workspace.is_declared {
        "configuration"
    } else {
        "manager"
    }
}

fn show(one: &Workspace) -> Result<Answer, Failure> {
    let facts = [
        ("slug", one.slug.to_string()),
        ("title", one.title.clone()),
        ("region", one.region.clone()),
        ("hosts", one.hosts.join(" ")),
        ("public URL", or_dash(one.public_url.as_ref())),
        ("from", source(one).to_owned()),
        ("asleep", yes_or_no(one.is_hibernated)),
        ("made", time(one.created_at)),
    ];
    Ok(Answer::facts(facts, json(one)?))
}

async fn add(new: New, context: &Context) -> Result<Answer, Failure> {
    let create = CreateWorkspace {
        slug: new.slug,
        title: new.title,
        region: new.region,
        hosts: new.hosts,
        public_url: new.public_url,
        connection: WorkspaceConnection {
            metastore: new.metastore,
            secret_key: new.secret_key,
            superset_url: new.superset_url,
        },
    };
    let made = context.call(create).await?;
    let about = About::workspace(&made.slug);
    context.record("workspace.created", about).await;
    show(&made)
}

async fn change(
    slug: WorkspaceSlug,
    title: Option<String>,
    hosts: Option<Vec<String>>,
    is_hibernated: Option<bool>,
    context: &Context,
) -> Result<Answer, Failure> {
    let update = UpdateWorkspace {
        slug,
        title,
        hosts,
        is_hibernated,
    };
    let changed = context.call(update).await?;
    let action = match is_hibernated {
        Some(true) => "workspace.hibernated",
        Some(false) => "workspace.woken",
        None => "workspace.changed",
    };
    let about = About::workspace(&changed.slug);
    context.record(action, about).await;
    show(&changed)
}

async fn members(slug: WorkspaceSlug, context: &Context) -> Result<Answer, Failure> {
    context.check_workspace(&slug).await?;
    let members = context.call(ListMembers { workspace: slug }).await?;
    let mut rows = Vec::with_capacity(members.len());
    let mut shown = Vec::with_capacity(members.len());
    for member in &members {
        let name = context.name_of(Some(&member.account)).await?;
        rows.push([
            name.clone(),
            member.role.to_string(),
            member.superset_username.clone(),
            yes_or_no(member.is_by_team),
            time(member.created_at),
        ]);
        let mut one = json(member)?;
        one["username"] = name.into();
        shown.push(one);
    }
    let heading = ["user", "role", "in Superset", "by a team", "since"];
    Ok(Answer::table(heading, rows, shown.into()))
}
