//! `[sign_in]`: who may sign in, and how long it lasts.

use std::time::Duration;

use tidegate_types::{Role, SecretString, WorkspaceSlug};
use url::Url;

use crate::manager::ManagerSettings;
use crate::reader::Reader;

/// How people sign in to the pages. Counts only where there is a manager.
#[derive(Debug, Clone)]
pub struct SignInSettings {
    /// A browser session that is not used for so long ends.
    pub session_idle: Duration,
    /// A browser session ends after this, whatever happens.
    pub session_absolute: Duration,
    /// Whether accounts may have a password here.
    pub local_accounts: bool,
    /// Workspaces whose Superset's users sign in with the password that they have there.
    pub superset_accounts: Vec<WorkspaceSlug>,
    /// Providers of OpenID Connect.
    pub providers: Vec<ProviderSettings>,
}

/// `[sign_in.providers.<id>]`: a provider of OpenID Connect.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Stands in the URL of its callback.
    pub id: String,
    /// On its button.
    pub title: String,
    /// `iss`, from which its document is found.
    pub issuer: Url,
    /// This server there.
    pub client_id: String,
    /// `None`: a public client, by PKCE alone.
    pub client_secret: Option<SecretString>,
    /// What is asked for; `openid` among it.
    pub scopes: Vec<String>,
    /// Whether somebody new gets an account.
    pub create: bool,
    /// Domains of the addresses that may sign in, in lower case; empty: any.
    pub domains: Vec<String>,
    /// Domains whose addresses are the person's own even where the provider does not say `email_verified`.
    pub trusted_email_domains: Vec<String>,
    /// Claim of the user name.
    pub username_claim: String,
    /// Claim of the address.
    pub email_claim: String,
    /// Claim of the name to show.
    pub name_claim: String,
    /// Workspaces that a new account becomes a member of.
    pub workspaces: Vec<WorkspaceSlug>,
    /// As what.
    pub role: Role,
}

impl SignInSettings {
    pub(crate) fn read(reader: &mut Reader, manager: Option<&ManagerSettings>) -> Self {
        let settings = Self {
            session_idle: reader.secs("sign_in.session_idle_secs", 60, 30 * 86_400),
            session_absolute: reader.secs("sign_in.session_absolute_secs", 60, 90 * 86_400),
            local_accounts: reader.flag("sign_in.local_accounts"),
            superset_accounts: reader.workspace_list("sign_in.superset_accounts"),
            providers: providers(reader),
        };
        if settings.session_idle > settings.session_absolute {
            reader.refuse(
                "sign_in.session_idle_secs",
                "at most sign_in.session_absolute_secs",
            );
        }
        let has_way = settings.local_accounts
            || !settings.superset_accounts.is_empty()
            || !settings.providers.is_empty();
        if manager.is_some() && !has_way {
            reader.refuse(
                "sign_in.local_accounts",
                "true, or sign_in.superset_accounts, or a provider: nobody can sign in otherwise",
            );
        }
        settings
    }
}

fn providers(reader: &mut Reader) -> Vec<ProviderSettings> {
    let ids = reader.names_below("sign_in.providers");
    ids.into_iter()
        .filter_map(|id| provider(reader, id))
        .collect()
}

fn provider(reader: &mut Reader, id: String) -> Option<ProviderSettings> {
    let is_id = (1..=40).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !is_id {
        reader.refuse_name(
            &format!("sign_in.providers.{id}"),
            "1 to 40 of a-z, 0-9 and -, since it stands in a URL",
        );
    }
    let key = |key: &str| format!("sign_in.providers.{id}.{key}");
    let issuer = key("issuer");
    if reader.text(&issuer).is_empty() {
        reader.refuse(&issuer, "the provider's issuer, as in its tokens");
    }
    let issuer = reader.safe_url(&issuer, "since people's identity comes from there");
    let client_id = reader.text(&key("client_id"));
    if client_id.is_empty() {
        reader.refuse(&key("client_id"), "this server's client id at the provider");
    }
    let scopes = reader.texts(&key("scopes"));
    if !scopes.iter().any(|scope| scope == "openid") {
        reader.refuse(&key("scopes"), "a list with \"openid\" in it");
    }
    let mut claim = |name: &str| {
        let claim = reader.text(&key(name));
        if claim.is_empty() {
            reader.refuse(&key(name), "the name of a claim");
        }
        claim
    };
    let (username_claim, email_claim, name_claim) = (
        claim("username_claim"),
        claim("email_claim"),
        claim("name_claim"),
    );
    let role = reader.text(&key("role"));
    let role = role.parse().unwrap_or_else(|_| {
        reader.refuse(&key("role"), "viewer, analyst, editor or admin");
        Role::Viewer
    });
    let title = reader.text(&key("title"));
    Some(ProviderSettings {
        title: if title.is_empty() { id.clone() } else { title },
        issuer: issuer?,
        client_id,
        client_secret: reader.secret(&key("client_secret")),
        scopes,
        create: reader.flag(&key("create")),
        domains: domains(reader, &key("domains")),
        trusted_email_domains: domains(reader, &key("trusted_email_domains")),
        username_claim,
        email_claim,
        name_claim,
        workspaces: reader.workspace_list(&key("workspaces")),
        role,
        id,
    })
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
