use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tidegate_control_plane::account::{Account, AccountKind};
use tidegate_control_plane::client::{
    Client, ClientFilter, ClientKind, FindClient, IssueClientSecret, ListClients, ListSecrets,
    MachineAccount, NewServiceAccount, NewlyRegistered, RegisterApplication, RegisterMachineClient,
    RemoveClient, UpdateClient,
};
use tidegate_control_plane::grant::{EndGrants, EndReason, GrantFilter};
use tidegate_oauth_types::ClientMetadata;
use tidegate_types::{
    ClientId, ExposeSecret as _, Role, Scope, ScopeSet, SecretString, WorkspaceSlug,
};

use super::answer::{Answer, or_dash, time, time_or_dash, yes_or_no};
use super::context::{About, Context, json};
use super::failure::Failure;
use super::life::Life;
use super::member;
use super::policy;
use super::scopes::{Scopes, scope};

#[derive(Subcommand)]
pub enum Command {
    /// Lists clients, the newest first.
    List {
        /// registered, dynamic, document or machine.
        #[arg(long)]
        kind: Option<ClientKind>,
        /// Clients of this account alone, by its name.
        #[arg(long)]
        owner: Option<String>,
        /// For this workspace alone.
        #[arg(long)]
        workspace: Option<WorkspaceSlug>,
    },
    /// Shows one with its secrets' ages.
    Show {
        /// The client's id.
        id: ClientId,
    },
    /// Adds a client that people sign in by.
    Add(Box<New>),
    /// Adds a machine client, which gets tokens for itself, and shows its secret once.
    AddMachine(Box<NewMachine>),
    /// Changes the most that a client may do; connections narrow with it at once.
    SetScopes {
        /// The client's id.
        id: ClientId,
        /// read, query, write, admin; several with commas.
        #[arg(value_delimiter = ',', value_parser = scope, required = true)]
        scopes: Vec<Scope>,
    },
    /// Says that a client is what it says it is, so that people are not warned of it.
    Verify {
        /// The client's id.
        id: ClientId,
        /// Takes that back.
        #[arg(long)]
        undo: bool,
    },
    /// Gives a client a new secret, which is shown once; older ones go on for a while.
    RotateSecret {
        /// The client's id.
        id: ClientId,
        /// How long older ones go on: 24h, 7d; 0s ends them now.
        #[arg(long, default_value = "24h")]
        overlap: Life,
    },
    /// Ends all connections of a client: everybody is signed out of it.
    SignOut {
        /// The client's id.
        id: ClientId,
        /// In this workspace alone.
        #[arg(long)]
        workspace: Option<WorkspaceSlug>,
    },
    /// Removes a client and ends its connections.
    Remove {
        /// The client's id.
        id: ClientId,
    },
    /// Which clients may be used: rules for one client or all of a host.
    #[command(subcommand)]
    Policy(policy::Command),
}

#[derive(Args)]
pub struct New {
    /// What people see.
    name: String,
    /// Where codes may be sent; may be repeated.
    #[arg(long = "redirect-uri", required_unless_present = "device")]
    redirect_uris: Vec<String>,
    /// Its id; drawn without.
    #[arg(long)]
    id: Option<ClientId>,
    /// It keeps a secret, which is shown once.
    #[arg(long)]
    confidential: bool,
    /// It may use the device flow (RFC 8628).
    #[arg(long)]
    device: bool,
    /// Whose it is; everybody's without.
    #[arg(long)]
    owner: Option<String>,
    /// The one workspace that it is for.
    #[arg(long)]
    workspace: Option<WorkspaceSlug>,
    #[command(flatten)]
    scopes: Scopes,
}

#[derive(Args)]
pub struct NewMachine {
    /// What lists show.
    name: String,
    /// The service account that it acts as: an existing one, or a new one with --workspace and --role.
    #[arg(
        long,
        required_unless_present = "acts_as_owner",
        conflicts_with = "acts_as_owner"
    )]
    service_account: Option<String>,
    /// It acts as its owner, within their rights of the moment.
    #[arg(long, requires = "owner")]
    acts_as_owner: bool,
    /// Whose it is.
    #[arg(long)]
    owner: Option<String>,
    /// The workspace that it is for.
    #[arg(long)]
    workspace: WorkspaceSlug,
    /// As what a new service account joins: viewer, analyst, editor or admin.
    #[arg(long)]
    role: Option<Role>,
    /// The user of the workspace's Superset that a new service account acts as; the one of its own name without.
    #[arg(long, requires = "service_account")]
    superset_username: Option<String>,
    /// Its id; drawn without.
    #[arg(long)]
    id: Option<ClientId>,
    /// Where its public keys are: it proves itself by private_key_jwt, and has no secret.
    #[arg(long, conflicts_with = "jwks")]
    jwks_uri: Option<String>,
    /// A file with its public keys (a JWK set), likewise.
    #[arg(long)]
    jwks: Option<PathBuf>,
    #[command(flatten)]
    scopes: Scopes,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::List {
            kind,
            owner,
            workspace,
        } => list(kind, owner, workspace, context).await,
        Command::Show { id } => show(&find(&id, context).await?, context).await,
        Command::Add(new) => add(*new, context).await,
        Command::AddMachine(new) => add_machine(*new, context).await,
        Command::SetScopes { id, scopes } => {
            let update = UpdateClient {
                scopes: Some(scopes.into_iter().collect()),
                ..nothing(id)
            };
            change(update, "client.scopes_set", context).await
        }
        Command::Verify { id, undo } => {
            let update = UpdateClient {
                is_verified: Some(!undo),
                ..nothing(id)
            };
            let action = if undo {
                "client.unverified"
            } else {
                "client.verified"
            };
            change(update, action, context).await
        }
        Command::RotateSecret { id, overlap } => rotate_secret(id, overlap, context).await,
        Command::SignOut { id, workspace } => sign_out(id, workspace, context).await,
        Command::Remove { id } => remove(id, context).await,
        Command::Policy(command) => policy::run(command, context).await,
    }
}

async fn find(id: &ClientId, context: &Context) -> Result<Client, Failure> {
    let found = context.call(FindClient { id: id.clone() }).await?;
    found.ok_or_else(|| Failure::not_found("client", id.as_str()))
}

async fn list(
    kind: Option<ClientKind>,
    owner: Option<String>,
    workspace: Option<WorkspaceSlug>,
    context: &Context,
) -> Result<Answer, Failure> {
    let owner = match owner {
        Some(owner) => Some(context.account(&owner).await?.id),
        None => None,
    };
    let filter = ClientFilter {
        owner,
        kind,
        workspace,
    };
    let all = context.call(ListClients { filter }).await?;
    let rows = all.iter().map(|one| {
        [
            one.id.to_string(),
            one.metadata.client_name.clone(),
            one.kind.as_str().to_owned(),
            or_dash(one.workspace.as_ref()),
            one.scopes.to_string(),
            yes_or_no(one.is_verified),
            time_or_dash(one.last_used_at),
        ]
    });
    let heading = [
        "id",
        "name",
        "kind",
        "workspace",
        "scopes",
        "verified",
        "last used",
    ];
    Ok(Answer::table(heading, rows, json(&all)?))
}

async fn show(client: &Client, context: &Context) -> Result<Answer, Failure> {
    let id = client.id.clone();
    let secrets = context.call(ListSecrets { id }).await?;
    let mut facts = vec![
        ("id", client.id.to_string()),
        ("name", client.metadata.client_name.clone()),
        ("kind", client.kind.as_str().to_owned()),
        ("redirects to", client.metadata.redirect_uris.join(" ")),
        ("owner", context.name_of(client.owner.as_ref()).await?),
        ("acts as", context.name_of(client.acts_as.as_ref()).await?),
        ("workspace", or_dash(client.workspace.as_ref())),
        ("scopes", client.scopes.to_string()),
        ("verified", yes_or_no(client.is_verified)),
        ("made", time(client.created_at)),
        ("last used", time_or_dash(client.last_used_at)),
    ];
    facts.extend(secrets.iter().map(|secret| {
        let made = time(secret.created_at);
        let told = match secret.expires_at {
            Some(at) => format!("made {made}, ends {}", time(at)),
            None => format!("made {made}"),
        };
        ("secret", told)
    }));
    let mut shown = json(client)?;
    shown["secrets"] = json(&secrets)?;
    Ok(Answer::facts(facts, shown))
}

/// Metadata by the rules that hold for everybody's.
fn metadata(given: Value) -> Result<ClientMetadata, Failure> {
    ClientMetadata::from_settings(given).map_err(|err| Failure::Usage(err.description.into_owned()))
}

async fn owner_of(name: Option<&str>, context: &Context) -> Result<Option<Account>, Failure> {
    match name {
        Some(name) => Ok(Some(context.account(name).await?)),
        None => Ok(None),
    }
}

async fn add(new: New, context: &Context) -> Result<Answer, Failure> {
    if let Some(workspace) = &new.workspace {
        context.check_workspace(workspace).await?;
    }
    let mut grant_types = Vec::new();
    if !new.redirect_uris.is_empty() {
        grant_types.push("authorization_code");
    }
    grant_types.push("refresh_token");
    if new.device {
        grant_types.push("urn:ietf:params:oauth:grant-type:device_code");
    }
    let method = if new.confidential {
        "client_secret_basic"
    } else {
        "none"
    };
    let metadata = metadata(json!({
        "client_name": new.name,
        "redirect_uris": new.redirect_uris,
        "grant_types": grant_types,
        "token_endpoint_auth_method": method,
    }))?;
    if metadata.redirect_uris.len() < new.redirect_uris.len() {
        // Registrations are read kindly; whoever types one wants to know.
        let left_out = new
            .redirect_uris
            .iter()
            .find(|uri| !metadata.redirect_uris.contains(uri));
        return Err(Failure::Usage(format!(
            "--redirect-uri {:?} cannot be used: give https URLs, loopback addresses or private schemes, each once",
            left_out.map_or("", String::as_str)
        )));
    }
    let owner = owner_of(new.owner.as_deref(), context).await?;
    let register = RegisterApplication {
        id: new.id,
        metadata,
        owner: owner.map(|owner| owner.id),
        workspace: new.workspace,
        scopes: new.scopes.set(),
        // Whoever may run this is who verifies.
        is_verified: true,
    };
    let made = context.call(register).await?;
    show_new(&made, context).await
}

async fn add_machine(new: NewMachine, context: &Context) -> Result<Answer, Failure> {
    context.check_workspace(&new.workspace).await?;
    let mut given = json!({
        "client_name": new.name,
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let has_keys = new.jwks_uri.is_some() || new.jwks.is_some();
    if has_keys {
        given["token_endpoint_auth_method"] = "private_key_jwt".into();
    }
    if let Some(uri) = new.jwks_uri {
        given["jwks_uri"] = uri.into();
    }
    if let Some(path) = new.jwks {
        given["jwks"] = read_jwks(&path)?;
    }
    let metadata = metadata(given)?;
    let owner = owner_of(new.owner.as_deref(), context).await?;
    let acts_as = match (new.service_account, &owner) {
        (Some(name), _) => {
            let place = NewPlace {
                role: new.role,
                superset_username: new.superset_username,
            };
            service_account(name, place, context).await?
        }
        (None, Some(owner)) => ActsAs::Existing(owner.clone()),
        (None, None) => {
            return Err(Failure::Usage(
                "give --service-account, or --acts-as-owner with --owner".into(),
            ));
        }
    };
    let register = RegisterMachineClient {
        id: new.id,
        metadata,
        owner: owner.map(|owner| owner.id),
        acts_as: acts_as.machine_account(),
        workspace: new.workspace.clone(),
        scopes: new.scopes.set(),
        is_verified: true,
    };
    let made = context.call(register).await?;
    if let Some(service) = &made.service {
        let about = About {
            detail: service.username.clone(),
            ..About::workspace(&new.workspace)
        };
        context.record("account.service_created", about).await;
    }
    let shown = show_new(&made, context).await?;
    let warning = match made.service.or_else(|| acts_as.existing()) {
        Some(account) => member::warning(&account, &new.workspace, context).await?,
        None => None,
    };
    Ok(shown.warned(warning))
}

/// As many bytes as the manager keeps of a client.
const MOST_JWKS_BYTES: u64 = 64 * 1_024;

fn read_jwks(path: &std::path::Path) -> Result<Value, Failure> {
    use std::io::Read as _;
    let wrong = |why: &dyn std::fmt::Display| {
        Failure::Usage(format!("--jwks {} cannot be read: {why}", path.display()))
    };
    let file = std::fs::File::open(path).map_err(|err| wrong(&err))?;
    let mut text = String::new();
    file.take(MOST_JWKS_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|err| wrong(&err))?;
    if text.len() as u64 > MOST_JWKS_BYTES {
        return Err(wrong(&"it is larger than 64 KiB"));
    }
    serde_json::from_str(&text).map_err(|_| wrong(&"it is no JSON"))
}

/// As whom a new service account is to work.
struct NewPlace {
    role: Option<Role>,
    superset_username: Option<String>,
}

/// Whom a new machine acts as.
enum ActsAs {
    Existing(Account),
    New(NewServiceAccount),
}

impl ActsAs {
    fn machine_account(&self) -> MachineAccount {
        match self {
            Self::Existing(account) => MachineAccount::Existing(account.id.clone()),
            Self::New(service) => MachineAccount::New(service.clone()),
        }
    }

    fn existing(self) -> Option<Account> {
        match self {
            Self::Existing(account) => Some(account),
            Self::New(_) => None,
        }
    }
}

/// The service account of the name, or a new one to make where there is none and a role says as what.
async fn service_account(
    name: String,
    place: NewPlace,
    context: &Context,
) -> Result<ActsAs, Failure> {
    let is_to_be_new = place.role.is_some() || place.superset_username.is_some();
    match (context.account(&name).await, place.role) {
        (Ok(account), _) if is_to_be_new => Err(Failure::Refused(format!(
            "{} exists already: leave out --role and --superset-username to use it as it is",
            account.username
        ))),
        (Ok(account), _) if account.kind == AccountKind::Service => Ok(ActsAs::Existing(account)),
        (Ok(account), _) => Err(Failure::Usage(format!(
            "{} is a person: give a service account, or --acts-as-owner",
            account.username
        ))),
        (Err(Failure::NotFound { .. }), Some(role)) => Ok(ActsAs::New(NewServiceAccount {
            display_name: name.clone(),
            username: name,
            role,
            superset_username: place.superset_username,
            made_by: None,
        })),
        (Err(Failure::NotFound { .. }), None) => Err(Failure::Usage(format!(
            "there is no service account {name:?}: give --role to make it"
        ))),
        (Err(err), _) => Err(err),
    }
}

/// Records that a client was made, and shows it with its secret.
async fn show_new(made: &NewlyRegistered, context: &Context) -> Result<Answer, Failure> {
    let client = &made.client;
    let about = About {
        detail: client.metadata.client_name.clone(),
        ..About::client(&client.id)
    };
    context.record("client.created", about).await;
    let shown = show(client, context).await?;
    Ok(match &made.secret {
        Some(secret) => with_secret(shown, secret),
        None => shown,
    })
}

/// The secret below what is shown, once.
fn with_secret(mut shown: Answer, secret: &SecretString) -> Answer {
    let text = secret.expose_secret();
    shown.json["secret"] = text.into();
    shown.text.push_str("\nsecret: ");
    shown.text.push_str(text);
    shown.text.push('\n');
    shown.shown_once()
}

fn nothing(id: ClientId) -> UpdateClient {
    UpdateClient {
        id,
        metadata: None,
        scopes: None::<ScopeSet>,
        is_verified: None,
    }
}

async fn change(update: UpdateClient, action: &str, context: &Context) -> Result<Answer, Failure> {
    let changed = context.call(update).await?;
    let about = About::client(&changed.id);
    context.record(action, about).await;
    show(&changed, context).await
}

async fn rotate_secret(id: ClientId, overlap: Life, context: &Context) -> Result<Answer, Failure> {
    let client = find(&id, context).await?;
    if !client.has_secret {
        return Err(Failure::Usage(format!(
            "client {id} proves itself without a secret"
        )));
    }
    let issue = IssueClientSecret {
        id,
        overlap_secs: overlap.secs,
    };
    let secret = context.call(issue).await?.secret;
    let about = About::client(&client.id);
    context.record("client.secret_rotated", about).await;
    Ok(with_secret(show(&client, context).await?, &secret))
}

async fn sign_out(
    id: ClientId,
    workspace: Option<WorkspaceSlug>,
    context: &Context,
) -> Result<Answer, Failure> {
    find(&id, context).await?;
    let end = EndGrants {
        filter: GrantFilter {
            client: Some(id.clone()),
            workspace: workspace.clone(),
            ..GrantFilter::default()
        },
        reason: EndReason::ByAdministrator,
    };
    let ended = context.call(end).await?.len();
    let about = About {
        workspace: workspace.as_ref(),
        detail: format!("{ended} connections ended"),
        ..About::client(&id)
    };
    context.record("client.signed_out", about).await;
    let json = json!({ "client": id, "connections_ended": ended });
    Ok(Answer::line(
        format!("{ended} connections of client {id} ended"),
        json,
    ))
}

async fn remove(id: ClientId, context: &Context) -> Result<Answer, Failure> {
    if !context.call(RemoveClient { id: id.clone() }).await? {
        return Err(Failure::not_found("client", id.as_str()));
    }
    context.record("client.removed", About::client(&id)).await;
    let json = json!({ "removed": id });
    Ok(Answer::line(format!("client {id} is removed"), json))
}
