//! `[sign_in]`: who may sign in, and how long it lasts.

use std::time::Duration;

use tidegate_types::{Role, SecretString, WorkspaceSlug};

use crate::manager::ManagerSettings;
use crate::reader::Reader;

/// How people sign in to the pages. Counts only where there is a manager.
#[derive(Debug, Clone)]
pub struct SignInSettings {
    /// A browser session that is not used for so long ends.
    pub session_idle: Duration,
    /// A browser session ends after this, whatever happens.
    pub session_absolute: Duration,
    /// Whether local accounts and a Superset's accounts sign in by password.
    pub passwords: bool,
    /// Workspaces whose Superset's users sign in with the password that they have there, and as what they become
    /// members of them; `None`: by their rights there.
    pub superset_accounts: Vec<(WorkspaceSlug, Option<Role>)>,
    /// Providers of OpenID Connect.
    pub providers: Vec<ProviderSettings>,
}

/// `[sign_in.providers.<name>]`: a provider of OpenID Connect.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Its name, which stands in the URL of its callback: 1 to 32 of a-z, 0-9 and -.
    pub id: String,
    /// On its button.
    pub title: String,
    /// `iss` as it writes it.
    pub issuer: String,
    /// This server there.
    pub client_id: String,
    /// `None`: a public client, by PKCE alone.
    pub client_secret: Option<SecretString>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Who gets an account.
    pub create: AccountCreation,
    /// Domains of the addresses that may sign in, in lower case; empty: any.
    pub allowed_domains: Vec<String>,
    /// Domains whose addresses link a person to the account of that address, in lower case.
    pub trusted_domains: Vec<String>,
    /// Claim of the user name.
    pub username_claim: String,
    /// Claim of the address.
    pub email_claim: String,
    /// Claim that tells whether the address is the person's.
    pub email_verified_claim: String,
    /// Claim of the name to show.
    pub name_claim: String,
    /// Claim of the groups; `None`: groups give nothing.
    pub groups_claim: Option<String>,
    /// Teams by group.
    pub teams: Vec<(String, String)>,
    /// Workspaces by group, and as what.
    pub workspaces: Vec<(String, WorkspaceSlug, Role)>,
}

/// Whether a provider's people without an account get one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountCreation {
    /// No.
    Never,
    /// Only those who were invited.
    Invited,
    /// Everybody who may sign in.
    Always,
}

impl SignInSettings {
    pub(crate) fn read(reader: &mut Reader, manager: Option<&ManagerSettings>) -> Self {
        let settings = Self {
            session_idle: reader.secs("sign_in.session_idle_secs", 60, 30 * 86_400),
            session_absolute: reader.secs("sign_in.session_absolute_secs", 60, 90 * 86_400),
            passwords: reader.flag("sign_in.passwords"),
            superset_accounts: superset_accounts(reader),
            providers: providers(reader),
        };
        if settings.session_idle > settings.session_absolute {
            reader.refuse(
                "sign_in.session_idle_secs",
                "at most sign_in.session_absolute_secs",
            );
        }
        if !settings.passwords && !settings.superset_accounts.is_empty() {
            reader.refuse(
                "sign_in.superset_accounts",
                "none, or sign_in.passwords = true, since they sign in by password",
            );
        }
        if manager.is_some() && !settings.passwords && settings.providers.is_empty() {
            reader.refuse(
                "sign_in.passwords",
                "true, or a provider in [sign_in.providers]: nobody can sign in otherwise",
            );
        }
        settings
    }
}

fn superset_accounts(reader: &mut Reader) -> Vec<(WorkspaceSlug, Option<Role>)> {
    const KEY: &str = "sign_in.superset_accounts";
    let texts = reader.texts(KEY);
    let read = |text: &String| {
        let (workspace, role) = match text.split_once(':') {
            Some((workspace, role)) => (workspace, Some(role.parse().ok()?)),
            None => (text.as_str(), None),
        };
        Some((workspace.parse().ok()?, role))
    };
    let accounts: Vec<_> = texts.iter().filter_map(read).collect();
    if accounts.len() < texts.len() {
        reader.refuse(
            KEY,
            "\"<workspace>\" or \"<workspace>:<role>\", with the role viewer, analyst, editor or admin",
        );
    }
    accounts
}

fn providers(reader: &mut Reader) -> Vec<ProviderSettings> {
    let ids = reader.names_below("sign_in.providers");
    ids.into_iter().map(|id| provider(reader, id)).collect()
}

fn provider(reader: &mut Reader, id: String) -> ProviderSettings {
    let is_id = (1..=32).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !is_id {
        reader.refuse_name(
            &format!("sign_in.providers.{id}"),
            "1 to 32 of a-z, 0-9 and -, since it stands in a URL",
        );
    }
    let key = |key: &str| format!("sign_in.providers.{id}.{key}");
    let issuer = key("issuer");
    if reader.text(&issuer).is_empty() {
        reader.refuse(&issuer, "the provider's issuer, as in its tokens");
    }
    reader.safe_url(&issuer, "since people's identity comes from there");
    let client_id = reader.text(&key("client_id"));
    if client_id.is_empty() {
        reader.refuse(&key("client_id"), "this server's client id at the provider");
    }
    let mut claim = |name: &str| {
        let claim = reader.text(&key(name));
        if claim.is_empty() {
            reader.refuse(&key(name), "the name of a claim");
        }
        claim
    };
    let (username_claim, email_claim, email_verified_claim, name_claim) = (
        claim("username_claim"),
        claim("email_claim"),
        claim("email_verified_claim"),
        claim("name_claim"),
    );
    let create = match reader.choice(&key("create"), &["never", "invited", "always"]) {
        0 => AccountCreation::Never,
        1 => AccountCreation::Invited,
        _ => AccountCreation::Always,
    };
    let title = reader.text(&key("title"));
    let groups_claim = Some(reader.text(&key("groups_claim"))).filter(|claim| !claim.is_empty());
    let teams = teams(reader, &key("teams"));
    let workspaces = workspaces(reader, &key("workspaces"));
    if groups_claim.is_none() && !(teams.is_empty() && workspaces.is_empty()) {
        reader.refuse(
            &key("groups_claim"),
            "the name of a claim, since groups give teams or workspaces",
        );
    }
    ProviderSettings {
        title: if title.is_empty() { id.clone() } else { title },
        issuer: reader.text(&issuer),
        client_id,
        client_secret: reader.secret(&key("client_secret")),
        scopes: reader.texts(&key("scopes")),
        create,
        allowed_domains: domains(reader, &key("allowed_domains")),
        trusted_domains: domains(reader, &key("trusted_domains")),
        username_claim,
        email_claim,
        email_verified_claim,
        name_claim,
        groups_claim,
        teams,
        workspaces,
        id,
    }
}

/// `<group>=<team>` each. Groups of some providers are paths or have spaces, none has `=` at its end.
fn teams(reader: &mut Reader, key: &str) -> Vec<(String, String)> {
    let texts = reader.texts(key);
    let read = |text: &String| {
        let (group, team) = text.rsplit_once('=')?;
        let is_named = !group.is_empty() && !team.is_empty();
        is_named.then(|| (group.to_owned(), team.to_owned()))
    };
    let teams: Vec<_> = texts.iter().filter_map(read).collect();
    if teams.len() < texts.len() {
        reader.refuse(key, "\"<group>=<team>\" each");
    }
    teams
}

/// `<group>=<workspace>:<role>` each.
fn workspaces(reader: &mut Reader, key: &str) -> Vec<(String, WorkspaceSlug, Role)> {
    let texts = reader.texts(key);
    let read = |text: &String| {
        let (group, place) = text.rsplit_once('=')?;
        let (workspace, role) = place.split_once(':')?;
        let workspace = workspace.parse().ok()?;
        (!group.is_empty()).then_some((group.to_owned(), workspace, role.parse().ok()?))
    };
    let workspaces: Vec<_> = texts.iter().filter_map(read).collect();
    if workspaces.len() < texts.len() {
        reader.refuse(
            key,
            "\"<group>=<workspace>:<role>\" each, with the role viewer, analyst, editor or admin",
        );
    }
    workspaces
}

fn domains(reader: &mut Reader, key: &str) -> Vec<String> {
    let domains = reader.texts(key);
    if domains
        .iter()
        .any(|domain| domain.is_empty() || domain.contains(['@', '/', ' ', '*', ':']))
    {
        reader.refuse(key, "domains such as \"example.com\", without @ and *");
    }
    domains
        .into_iter()
        .map(|domain| domain.to_ascii_lowercase())
        .collect()
}
