use clap::{Args, Subcommand};
use serde_json::json;
use tidegate_control_plane::account::{
    Account, AccountFilter, AccountKind, CreateAccount, CreateServiceAccount, EndSessions,
    ListAccounts, SetPassword, UpdateAccount,
};
use tidegate_control_plane::grant::{EndGrants, EndReason, GrantFilter};
use tidegate_control_plane::workspace::{ListMemberships, RemoveMembership, SetMembership};
use tidegate_login::{GivenPassword, PasswordCost};
use tidegate_types::{ExposeSecret as _, Role, WorkspaceSlug};

use super::answer::{Answer, or_dash, time, time_or_dash, yes_or_no};
use super::context::{About, Context, json};
use super::failure::Failure;
use super::member;

#[derive(Subcommand)]
pub enum Command {
    /// Lists people and service accounts.
    List {
        /// Members of this workspace alone.
        #[arg(long)]
        workspace: Option<WorkspaceSlug>,
        /// Those in whose name or address this stands.
        #[arg(long)]
        search: Option<String>,
    },
    /// Shows one with its workspaces.
    Show {
        /// Name, verified address or id.
        user: String,
    },
    /// Adds a person, with a password for one use that is shown once.
    Add(New),
    /// Adds a service account: a machine's identity in one workspace, which outlives whoever made it.
    AddService(NewService),
    /// Changes what is given.
    Set {
        /// Name, verified address or id.
        user: String,
        /// A new address, not verified.
        #[arg(long)]
        email: Option<String>,
        /// What pages show.
        #[arg(long)]
        display_name: Option<String>,
        /// Whether they manage the whole deployment.
        #[arg(long)]
        administrator: Option<bool>,
    },
    /// Gives a new password for one use, which is shown once, and ends all browser sessions.
    ResetPassword {
        /// Name, verified address or id.
        user: String,
    },
    /// Takes all access away: connections, API tokens and browser sessions end.
    Deactivate {
        /// Name, verified address or id.
        user: String,
    },
    /// Gives access back. Ended connections stay ended.
    Activate {
        /// Name, verified address or id.
        user: String,
    },
    /// Makes somebody a member of a workspace, or changes as what.
    Join {
        /// Name, verified address or id.
        user: String,
        #[command(flatten)]
        place: MembershipArguments,
        /// Their name in that workspace's Superset; the same without.
        #[arg(long)]
        superset_username: Option<String>,
    },
    /// Takes somebody out of a workspace; their connections and tokens there end.
    Leave {
        /// Name, verified address or id.
        user: String,
        /// The workspace.
        #[arg(long)]
        workspace: WorkspaceSlug,
    },
    /// Ends all browser sessions, and with --clients all connections as well.
    SignOut {
        /// Name, verified address or id.
        user: String,
        /// Connections of clients as well.
        #[arg(long)]
        clients: bool,
    },
}

#[derive(Args)]
pub struct MembershipArguments {
    /// The workspace.
    #[arg(long)]
    workspace: WorkspaceSlug,
    /// viewer, analyst, editor or admin.
    #[arg(long)]
    role: Role,
}

#[derive(Args)]
pub struct New {
    /// 1 to 64 of a-z, 0-9, ., _, -, @ and +.
    username: String,
    /// Their address.
    #[arg(long)]
    email: Option<String>,
    /// The address is known to be theirs, so that providers may sign them in by it.
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// What pages show.
    #[arg(long, default_value = "")]
    display_name: String,
    /// They manage the whole deployment.
    #[arg(long)]
    administrator: bool,
    /// They sign in by a provider, not by a password.
    #[arg(long)]
    no_password: bool,
    /// Makes them a member of this workspace.
    #[arg(long, requires = "role")]
    workspace: Option<WorkspaceSlug>,
    /// As viewer, analyst, editor or admin.
    #[arg(long, requires = "workspace")]
    role: Option<Role>,
    /// Their name in that workspace's Superset; the same without.
    #[arg(long, requires = "workspace")]
    superset_username: Option<String>,
}

#[derive(Args)]
pub struct NewService {
    /// 1 to 64 of a-z, 0-9, ., _, -, @ and +.
    username: String,
    #[command(flatten)]
    place: MembershipArguments,
    /// What pages show.
    #[arg(long, default_value = "")]
    display_name: String,
    /// The user of the workspace's Superset that it acts as; its own name without.
    #[arg(long)]
    superset_username: Option<String>,
}

/// As many as one page of the manager's.
const PAGE: u32 = 1_000;

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::List { workspace, search } => list(workspace, search, context).await,
        Command::Show { user } => show(&context.account(&user).await?, context).await,
        Command::Add(new) => add(new, context).await,
        Command::AddService(new) => add_service(new, context).await,
        Command::Set {
            user,
            email,
            display_name,
            administrator,
        } => {
            if email.is_none() && display_name.is_none() && administrator.is_none() {
                return Err(Failure::Usage(
                    "nothing to change: give --email, --display-name or --administrator".into(),
                ));
            }
            let account = context.account(&user).await?;
            let update = UpdateAccount {
                email,
                display_name,
                is_administrator: administrator,
                ..nothing(&account)
            };
            change(update, "account.changed", context).await
        }
        Command::ResetPassword { user } => reset_password(&user, context).await,
        Command::Deactivate { user } => switch(&user, false, context).await,
        Command::Activate { user } => switch(&user, true, context).await,
        Command::Join {
            user,
            place,
            superset_username,
        } => {
            let account = context.account(&user).await?;
            let workspace = place.workspace.clone();
            join(&account, place, superset_username, context).await?;
            show_in(&account, &workspace, context).await
        }
        Command::Leave { user, workspace } => leave(&user, workspace, context).await,
        Command::SignOut { user, clients } => sign_out(&user, clients, context).await,
    }
}

async fn list(
    workspace: Option<WorkspaceSlug>,
    search: Option<String>,
    context: &Context,
) -> Result<Answer, Failure> {
    if let Some(slug) = &workspace {
        context.check_workspace(slug).await?;
    }
    let filter = AccountFilter {
        search,
        workspace,
        kind: None,
    };
    let mut all: Vec<Account> = Vec::new();
    loop {
        let page = ListAccounts {
            filter: filter.clone(),
            limit: PAGE,
            offset: u32::try_from(all.len()).unwrap_or(u32::MAX),
        };
        let mut page = context.call(page).await?;
        let is_last = page.len() < PAGE as usize;
        all.append(&mut page);
        if is_last {
            break;
        }
    }
    let rows = all.iter().map(|one| {
        [
            one.username.clone(),
            one.display_name.clone(),
            or_dash(one.email.as_ref()),
            kind(one).to_owned(),
            if one.is_active { "active" } else { "inactive" }.to_owned(),
            time_or_dash(one.last_sign_in_at),
        ]
    });
    let heading = ["user", "name", "address", "kind", "state", "last sign-in"];
    Ok(Answer::table(heading, rows, json(&all)?))
}

fn kind(account: &Account) -> &'static str {
    match account.kind {
        AccountKind::Service => "service",
        AccountKind::Person if account.is_administrator => "administrator",
        AccountKind::Person => "person",
    }
}

async fn show(account: &Account, context: &Context) -> Result<Answer, Failure> {
    let memberships = ListMemberships {
        account: account.id.clone(),
    };
    let places = context.call(memberships).await?;
    let mut facts = vec![
        ("user".to_owned(), account.username.clone()),
        ("id".to_owned(), account.id.to_string()),
        ("name".to_owned(), account.display_name.clone()),
        ("address".to_owned(), or_dash(account.email.as_ref())),
        ("kind".to_owned(), kind(account).to_owned()),
        ("active".to_owned(), yes_or_no(account.is_active)),
        ("password".to_owned(), yes_or_no(account.has_password)),
        ("made".to_owned(), time(account.created_at)),
        (
            "last sign-in".to_owned(),
            time_or_dash(account.last_sign_in_at),
        ),
    ];
    facts.extend(places.iter().map(|place| {
        let by_team = if place.is_by_team { ", by a team" } else { "" };
        let told = format!("{} as {}{by_team}", place.role, place.superset_username);
        (format!("in {}", place.workspace), told)
    }));
    let mut shown = json(account)?;
    shown["memberships"] = json(&places)?;
    Ok(Answer::facts(facts, shown))
}

async fn draw_password() -> Result<GivenPassword, Failure> {
    let drawn = tokio::task::spawn_blocking(|| GivenPassword::draw(PasswordCost::default())).await;
    drawn
        .map_err(|_| Failure::Internal("a password could not be drawn"))?
        .map_err(|_| Failure::Internal("a password could not be drawn"))
}

async fn add(new: New, context: &Context) -> Result<Answer, Failure> {
    if let Some(workspace) = &new.workspace {
        context.check_workspace(workspace).await?;
    }
    let password = if new.no_password {
        None
    } else {
        Some(draw_password().await?)
    };
    let create = CreateAccount {
        display_name: if new.display_name.is_empty() {
            new.username.clone()
        } else {
            new.display_name
        },
        username: new.username,
        email: new.email,
        is_email_verified: new.email_verified,
        password_hash: (password.as_ref()).map(|given| given.hash.expose_secret().to_owned()),
        must_change_password: password.is_some(),
        is_administrator: new.administrator,
    };
    let account = context.call(create).await?;
    let about = About::detail(&account.username);
    context.record("account.created", about).await;
    let shown = if let (Some(workspace), Some(role)) = (new.workspace, new.role) {
        let joined = workspace.clone();
        let place = MembershipArguments { workspace, role };
        join(&account, place, new.superset_username, context).await?;
        show_in(&account, &joined, context).await?
    } else {
        show(&account, context).await?
    };
    Ok(with_password(shown, password))
}

/// Shows a member of the workspace, and warns if they would be refused there.
async fn show_in(
    account: &Account,
    workspace: &WorkspaceSlug,
    context: &Context,
) -> Result<Answer, Failure> {
    let warning = member::warning(account, workspace, context).await?;
    Ok(show(account, context).await?.warned(warning))
}

/// The password below what is shown, once.
fn with_password(mut shown: Answer, password: Option<GivenPassword>) -> Answer {
    let Some(password) = password else {
        return shown;
    };
    let text = password.text.expose_secret();
    shown.json["password"] = text.into();
    shown.text.push_str("\npassword for one use: ");
    shown.text.push_str(text);
    shown.text.push('\n');
    shown.shown_once()
}

async fn add_service(new: NewService, context: &Context) -> Result<Answer, Failure> {
    context.check_workspace(&new.place.workspace).await?;
    let workspace = new.place.workspace.clone();
    let account = make_service(new, context).await?;
    let about = About {
        detail: account.username.clone(),
        ..About::workspace(&workspace)
    };
    context.record("account.service_created", about).await;
    show_in(&account, &workspace, context).await
}

async fn make_service(new: NewService, context: &Context) -> Result<Account, Failure> {
    let create = CreateServiceAccount {
        display_name: if new.display_name.is_empty() {
            new.username.clone()
        } else {
            new.display_name
        },
        username: new.username,
        workspace: new.place.workspace,
        role: new.place.role,
        superset_username: new.superset_username,
        made_by: None,
    };
    context.call(create).await
}

fn nothing(account: &Account) -> UpdateAccount {
    UpdateAccount {
        id: account.id.clone(),
        email: None,
        display_name: None,
        is_active: None,
        is_administrator: None,
    }
}

async fn change(update: UpdateAccount, action: &str, context: &Context) -> Result<Answer, Failure> {
    let changed = context.call(update).await?;
    let about = About::detail(&changed.username);
    context.record(action, about).await;
    show(&changed, context).await
}

async fn switch(user: &str, is_active: bool, context: &Context) -> Result<Answer, Failure> {
    let account = context.account(user).await?;
    let update = UpdateAccount {
        is_active: Some(is_active),
        ..nothing(&account)
    };
    let action = if is_active {
        "account.activated"
    } else {
        "account.deactivated"
    };
    change(update, action, context).await
}

async fn reset_password(user: &str, context: &Context) -> Result<Answer, Failure> {
    let account = context.account(user).await?;
    if account.kind == AccountKind::Service {
        return Err(Failure::Usage(format!(
            "{} is a service account, which signs in by no password: give its client a secret",
            account.username
        )));
    }
    let password = draw_password().await?;
    let set = SetPassword {
        id: account.id.clone(),
        password_hash: password.hash.expose_secret().to_owned(),
        must_change: true,
    };
    context.call(set).await?;
    let about = About::detail(&account.username);
    context.record("password.reset", about).await;
    let json = json!({ "username": account.username });
    let told = Answer::line(format!("{} has a new password", account.username), json);
    Ok(with_password(told, Some(password)))
}

async fn join(
    account: &Account,
    place: MembershipArguments,
    superset_username: Option<String>,
    context: &Context,
) -> Result<(), Failure> {
    context.check_workspace(&place.workspace).await?;
    let set = SetMembership {
        workspace: place.workspace.clone(),
        account: account.id.clone(),
        role: place.role,
        superset_username,
    };
    context.call(set).await?;
    let about = About {
        detail: format!("{} as {}", account.username, place.role),
        ..About::workspace(&place.workspace)
    };
    context.record("membership.set", about).await;
    Ok(())
}

async fn leave(user: &str, workspace: WorkspaceSlug, context: &Context) -> Result<Answer, Failure> {
    let account = context.account(user).await?;
    let remove = RemoveMembership {
        workspace: workspace.clone(),
        account: account.id.clone(),
    };
    if !context.call(remove).await? {
        return Err(Failure::Refused(format!(
            "{} has no place of their own in {workspace}; one by a team ends with the team's",
            account.username
        )));
    }
    let about = About {
        detail: account.username.clone(),
        ..About::workspace(&workspace)
    };
    context.record("membership.removed", about).await;
    show(&account, context).await
}

async fn sign_out(user: &str, clients: bool, context: &Context) -> Result<Answer, Failure> {
    let account = context.account(user).await?;
    let id = account.id.clone();
    context.call(EndSessions { id }).await?;
    let ended = if clients {
        let end = EndGrants {
            filter: GrantFilter {
                account: Some(account.id),
                ..GrantFilter::default()
            },
            reason: EndReason::ByAdministrator,
        };
        context.call(end).await?.len()
    } else {
        0
    };
    let about = About::detail(format!("{}, {ended} connections", account.username));
    context.record("sign_out.everywhere", about).await;
    let json = json!({ "username": account.username, "connections_ended": ended });
    let mut told = format!("{} is signed out everywhere", account.username);
    if clients {
        told = format!("{told}; {ended} connections ended");
    }
    Ok(Answer::line(told, json))
}
