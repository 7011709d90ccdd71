use askama::Template;
use tidegate_types::{Role, Scope, WorkspaceSlug};

use crate::scopes::{self, Words};
use crate::{Foreign, Moment, Person, Span, WebLink};

/// Who asks for what, and the decision.
///
/// Its form: `csrf`, `user_code` (devices only), `workspace` (slug), `scope` (one, with those that it includes),
/// `offline` ("yes" or absent), `decision` ("allow" or "deny"; "undecided" when Enter was pressed in a field, since browsers then
/// press the first button).
#[derive(Debug, Clone, Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    /// Path that the form is posted to.
    pub action: String,
    /// Token of the browser session, the same however often the page is loaded.
    pub csrf: String,
    /// What the client calls itself.
    pub client: Foreign,
    /// Its page, `https` only.
    pub client_page: Option<WebLink>,
    /// How much of that is known to be true.
    pub identity: Identity,
    /// Where the answer goes.
    pub destination: Destination,
    /// The gravest first.
    pub warnings: Vec<ConsentWarning>,
    /// Whoever is signed in.
    pub account: Person,
    /// Where to go on as somebody else.
    pub switch_account: Option<String>,
    /// Where the client may be let in. Empty: nowhere, and there is nothing to allow.
    pub workspaces: Vec<WorkspaceChoice>,
    /// The narrowest first.
    pub scopes: Vec<ScopeChoice>,
    /// What the client asked for and does not exist here.
    pub ignored_scopes: Vec<Foreign>,
    /// Whether the client may stay connected.
    pub offline: Option<OfflineChoice>,
    /// How long an access token lives.
    pub access: Span,
    /// Why the last attempt was refused.
    pub problem: Option<String>,
    /// Whether this person may join a workspace by themselves, where they are in none that this is for.
    pub may_join: bool,
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
    /// The app that opens a scheme: "cursor://".
    App(Foreign),
    /// A device that waits (RFC 8628).
    Device {
        /// What it shows: `XXXX-XXXX`.
        user_code: String,
        /// The address that it asked from.
        address: Foreign,
        /// When.
        asked_at: Moment,
    },
}

impl Destination {
    /// Large on the page.
    pub fn shown(&self) -> String {
        match self {
            Self::Web(place) | Self::ThisComputer(place) | Self::App(place) => place.to_string(),
            Self::Device { user_code, .. } => user_code.clone(),
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
    /// What the client has there already.
    pub granted: Option<Scope>,
    /// Why it cannot be chosen: half a sentence.
    pub closed: Option<&'static str>,
}

impl WorkspaceChoice {
    fn granted(&self) -> Option<&'static str> {
        self.granted.map(|scope| scopes::words(scope).title)
    }

    fn line(&self) -> String {
        let most = match scopes::widest(self.role.scopes()) {
            None | Some(Scope::Admin | Scope::Write) => "",
            Some(Scope::Query) => ": view and run SQL at the most",
            Some(Scope::Read) => ": view only",
        };
        let region = if self.region.is_empty() {
            String::new()
        } else {
            format!("{} · ", self.region)
        };
        format!("{region}you are {} there{most}", scopes::role(self.role))
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

/// What to warn of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentWarning {
    /// The client chose its name itself.
    Unverified,
    /// The answer goes to another host than the one that describes the client.
    OtherHost,
    /// The answer goes to whatever program listens on this computer.
    LocalProgram,
    /// The answer goes to whatever app took the scheme.
    PrivateScheme,
    /// Somebody may have sent the code.
    Device,
}

impl ConsentWarning {
    const fn title(self) -> &'static str {
        match self {
            Self::Unverified => "Nobody checked who this is.",
            Self::OtherHost => "The answer goes elsewhere.",
            Self::LocalProgram => "The answer goes to a program on this computer.",
            Self::PrivateScheme => "The answer goes to an app on this computer.",
            Self::Device => "Is this device in front of you?",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Unverified => {
                "Any program can use this name. Go on only if you have just asked it to connect."
            }
            Self::OtherHost => {
                "The address below is not the one that describes this application. Go on only if you trust both."
            }
            Self::LocalProgram => {
                "Which one cannot be checked from here. Go on only if you have just started it yourself."
            }
            Self::PrivateScheme => {
                "Which one cannot be checked from here. Go on only if you have just used it."
            }
            Self::Device => {
                "Go on only if it shows the code below. If somebody sent you the code or this link, deny."
            }
        }
    }
}

impl ConsentPage {
    fn can_allow(&self) -> bool {
        !self.scopes.is_empty()
            && self
                .workspaces
                .iter()
                .any(|workspace| workspace.closed.is_none())
    }

    fn user_code(&self) -> Option<&str> {
        match &self.destination {
            Destination::Device { user_code, .. } => Some(user_code),
            _ => None,
        }
    }
}
