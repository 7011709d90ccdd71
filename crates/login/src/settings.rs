use std::time::Duration;

use tidegate_types::{Role, SecretString, WorkspaceSlug};
use url::Url;

/// How people sign in. Checked where it is read; nothing here is checked again.
#[derive(Debug, Clone)]
pub struct SignInSettings {
    /// The origin that browsers use, which upstream providers send them back to.
    pub public_url: Url,
    /// Whether local accounts and a Superset's accounts sign in by password. Where it is off, providers do it all.
    pub allows_passwords: bool,
    /// How long a browser session lives without being used. 12 hours.
    pub session_idle: Duration,
    /// How long it lives at most. 7 days.
    pub session_lifetime: Duration,
    /// What a password costs to check.
    pub password_cost: PasswordCost,
    /// Workspaces whose own users sign in by their Superset password, asked in this order. Each costs every sign-in
    /// a password check, so that nobody sees from outside who has an account where.
    pub superset: Vec<SupersetSignIn>,
    /// Upstream providers, in the order of their buttons.
    pub providers: Vec<ProviderSettings>,
}

impl SignInSettings {
    /// The defaults: passwords, no Superset's users, no providers.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            allows_passwords: true,
            session_idle: Duration::from_hours(12),
            session_lifetime: Duration::from_hours(7 * 24),
            password_cost: PasswordCost::default(),
            superset: Vec::new(),
            providers: Vec::new(),
        }
    }
}

/// The parameters of Argon2id (RFC 9106 §3.1). A stored hash of other ones is replaced when its owner signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB; two checks run at once. 8 to 262,144.
    pub memory_kib: u32,
    /// Passes over it. 1 to 16.
    pub passes: u32,
    /// Lanes. 1 to 8; they run one after the other.
    pub lanes: u32,
}

/// The first of OWASP's equivalent choices (Password Storage Cheat Sheet): about 50 ms of a core, so that two cores
/// take a thousand sign-ins a minute and have half of their time left.
impl Default for PasswordCost {
    fn default() -> Self {
        Self {
            memory_kib: 47_104,
            passes: 1,
            lanes: 1,
        }
    }
}

/// A workspace whose own users sign in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupersetSignIn {
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// As what they join the workspace when they sign in for the first time; `None`: by their rights there.
    pub role: Option<Role>,
}

/// An upstream OpenID provider (OpenID Connect Core 1.0).
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// What it goes by in paths: 1 to 32 of a-z, 0-9 and -.
    pub id: String,
    /// What its button says.
    pub title: String,
    /// Its `iss`, exactly as it writes it; the discovery document is below it. `https`, or `http` on a loopback address.
    pub issuer: String,
    /// What it knows us as.
    pub client_id: String,
    /// Without one we are a public client, and PKCE alone protects the code.
    pub client_secret: Option<SecretString>,
    /// Asked for besides `openid`: "profile", "email", "groups".
    pub scopes: Vec<String>,
    /// Which claims say what.
    pub claims: ClaimNames,
    /// Domains whose verified addresses are believed: an account with that verified address is linked to whoever
    /// this provider says it is. Lower case. Empty: nobody is linked by address.
    pub trusted_domains: Vec<String>,
    /// When not empty, only people with a verified address of these domains sign in. Lower case.
    pub allowed_domains: Vec<String>,
    /// Whether people without an account get one.
    pub creates_accounts: AccountCreation,
    /// What the provider's groups give.
    pub groups: Vec<GroupGrant>,
    /// The most that a request to the provider may take. 10 s.
    pub timeout: Duration,
}

impl ProviderSettings {
    /// A provider with the defaults: known people only, `openid profile email`, nobody linked by address.
    pub fn new(id: &str, issuer: &str, client_id: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: id.to_owned(),
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: None,
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            claims: ClaimNames::default(),
            trusted_domains: Vec::new(),
            allowed_domains: Vec::new(),
            creates_accounts: AccountCreation::Never,
            groups: Vec::new(),
            timeout: Duration::from_secs(10),
        }
    }
}

/// Which claims of the ID token or of `userinfo` say what. A name is looked up as it stands, then as a path with dots
/// ("realm_access.roles").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// What a new account is called. Superset's users are found by this name unless a membership says otherwise: take
    /// a claim that people cannot change by themselves.
    pub username: String,
    /// Address.
    pub email: String,
    /// Whether the provider proved the address: "email_verified"; Entra has "xms_edov".
    pub email_verified: String,
    /// What pages show.
    pub name: String,
    /// A list of group names.
    pub groups: Option<String>,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            username: "preferred_username".to_owned(),
            email: "email".to_owned(),
            email_verified: "email_verified".to_owned(),
            name: "name".to_owned(),
            groups: None,
        }
    }
}

/// Whether a provider's people without an account get one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountCreation {
    /// No: an administrator makes accounts.
    Never,
    /// Only those who came by an invitation.
    Invited,
    /// Everybody whom the provider signs in, within `allowed_domains`.
    Always,
}

/// What a group of the provider gives. What the provider says at a sign-in stands: whoever is in none of the groups that
/// give a team or a workspace loses it, whoever gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupGrant {
    /// Membership in a team.
    Team {
        /// The provider's group.
        group: String,
        /// The team, which exists.
        team: String,
    },
    /// Membership in a workspace; the widest role of all groups counts.
    Workspace {
        /// The provider's group.
        group: String,
        /// The workspace.
        workspace: WorkspaceSlug,
        /// The role.
        role: Role,
    },
}
