use askama::Template;
use tidegate_types::{Role, Scope, WorkspaceSlug};

use crate::scopes::{self, Words};
use crate::{Foreign, Person, Span};

/// Who asks for what, and the decision.
///
/// Its form: `csrf`, `workspace` (slug), `scope` (one, with those that it includes), `offline` ("yes" or absent),
/// `decision` ("allow" or "deny"). Enter in the form does nothing: a decision is a button that was pressed.
#[derive(Debug, Clone, Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    /// The transaction, a part of the form's path.
    pub transaction: String,
    /// Token of the transaction.
    pub csrf: String,
    /// What the client calls itself.
    pub client: Foreign,
    /// How much of that is known to be true.
    pub identity: Identity,
    /// Where the code will be sent.
    pub destination: Destination,
    /// Whoever is signed in.
    pub account: Person,
    /// Where to sign in as somebody else.
    pub switch_account: String,
    /// At least one.
    pub workspaces: Vec<WorkspaceChoice>,
    /// At least one, the narrowest first.
    pub scopes: Vec<ScopeChoice>,
    /// Whether the client may stay connected.
    pub offline: Option<OfflineChoice>,
    /// How long an access token lives.
    pub access: Span,
    /// Why the last attempt was refused.
    pub problem: Option<String>,
}

/// How much is known about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// An administrator said that it is what it says.
    Approved,
    /// Its id is a document on this host, which was fetched from there.
    VerifiedDomain(Foreign),
    /// It registered itself.
    Unverified,
}

/// Where a code is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A host of the web.
    Web(Foreign),
    /// A program that listens on this computer: "localhost:3118".
    ThisComputer(Foreign),
    /// The app that opens a scheme: "cursor".
    App(Foreign),
}

impl Destination {
    /// Large on the page.
    pub fn shown(&self) -> String {
        match self {
            Self::Web(host) | Self::ThisComputer(host) => host.to_string(),
            Self::App(scheme) => format!("{scheme}:"),
        }
    }
}

/// A workspace that may be chosen.
#[derive(Debug, Clone)]
pub struct WorkspaceChoice {
    /// What the form sends.
    pub slug: WorkspaceSlug,
    /// What it is called.
    pub title: Foreign,
    /// Where it runs; empty where there are no regions.
    pub region: Foreign,
    /// As what the account is in it.
    pub role: Role,
    /// Whether it is chosen at first.
    pub is_chosen: bool,
}

impl WorkspaceChoice {
    fn line(&self) -> String {
        let widest = Scope::ALL
            .into_iter()
            .rfind(|scope| self.role.scopes().allows(*scope));
        let most = match widest {
            None | Some(Scope::Admin | Scope::Write) => "",
            Some(Scope::Query) => ": view and run SQL at the most",
            Some(Scope::Read) => ": view only",
        };
        let region = if self.region.is_empty() {
            String::new()
        } else {
            format!("{} · ", self.region)
        };
        format!("{region}you are {} there{most}", article(self.role))
    }
}

const fn article(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Analyst => "an analyst",
        Role::Editor => "an editor",
        Role::Admin => "an administrator",
    }
}

/// How far a client may go.
#[derive(Debug, Clone)]
pub struct ScopeChoice {
    /// The widest scope.
    pub scope: Scope,
    /// Whether it is chosen at first.
    pub is_chosen: bool,
}

impl ScopeChoice {
    fn words(&self) -> Words {
        scopes::words(self.scope)
    }
}

/// How long a client may stay connected.
#[derive(Debug, Clone)]
pub struct OfflineChoice {
    /// After its last use.
    pub idle: Span,
    /// In all.
    pub longest: Span,
    /// Whether it is chosen at first.
    pub is_chosen: bool,
}

struct Warning {
    title: &'static str,
    text: &'static str,
}

impl ConsentPage {
    fn warning(&self) -> Option<Warning> {
        let (title, text) = match (&self.identity, &self.destination) {
            (Identity::Unverified, Destination::Web(_)) => (
                "Nobody checked who this is.",
                "Any program can use this name. Go on only if you have just asked for it, and the address below is one that you trust.",
            ),
            (Identity::Unverified, Destination::ThisComputer(_) | Destination::App(_)) => (
                "Nobody checked who this is.",
                "Any program on your computer can use this name. Go on only if you have just started it yourself.",
            ),
            (_, Destination::ThisComputer(_)) => (
                "This goes to a program on your computer.",
                "Which one cannot be checked from here. Go on only if you have just started it yourself.",
            ),
            (_, Destination::App(_)) => (
                "This goes to an app on your computer.",
                "Which one cannot be checked from here. Go on only if you have just asked for it.",
            ),
            (Identity::Approved | Identity::VerifiedDomain(_), Destination::Web(_)) => return None,
        };
        Some(Warning { title, text })
    }
}
