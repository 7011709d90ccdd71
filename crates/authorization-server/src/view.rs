//! What pages show before somebody decides, and what they decide.

use std::time::Duration;

use tidegate_control_plane::UnixSecs;
use tidegate_control_plane::client::ClientKind;
use tidegate_oauth_types::RedirectKind;
use tidegate_types::{ClientId, Role, ScopeSet, WorkspaceSlug};

use crate::SwitchedOff;

/// Everything that a consent page shows (OWASP ASVS 5.0 V10.7.2). Text of clients is printable and without
/// bidirectional controls; escape it like any text.
#[derive(Debug, Clone)]
pub struct ConsentView {
    /// The client that asks.
    pub client: ClientView,
    /// How the answer gets back to the client.
    pub answer: AnswerView,
    /// The person's workspaces, by title; empty when they are in none that the request is for.
    pub workspaces: Vec<WorkspaceChoice>,
    /// Whether the request named the workspace, so that there is nothing to choose.
    pub is_workspace_given: bool,
    /// The workspace that is chosen at first; `None` leaves the choice to the person.
    pub preselected_workspace: Option<WorkspaceSlug>,
    /// What the client asks for, or the default when it asks for nothing by name.
    pub requested: ScopeSet,
    /// What is chosen at first: of what is asked for never more than reading and queries.
    pub preselected_scopes: ScopeSet,
    /// Scopes that the client asked for and that do not exist here; at most 20.
    pub ignored_scopes: Vec<String>,
    /// Whether the client can refresh, so that the person may say whether it may go on while they are away.
    pub offers_offline: bool,
    /// How long each access token is good.
    pub access_life: Duration,
    /// After how long without use the client is disconnected, when it may go on while the person is away.
    pub refresh_life: Duration,
    /// When it is disconnected whatever happens.
    pub grant_life: Duration,
    /// What to warn of, the gravest first.
    pub warnings: Vec<ConsentWarning>,
    /// Path and query that begin the request again, for another account. `None` for devices: entering the code again
    /// does the same.
    pub other_account: Option<String>,
    /// Until when it can be decided.
    pub expires_at: UnixSecs,
}

/// A client as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientView {
    /// Its id.
    pub id: ClientId,
    /// What it calls itself.
    pub name: String,
    /// Its page, `https` only.
    pub uri: Option<String>,
    /// Where it comes from.
    pub kind: ClientKind,
    /// Who says that it is what it says.
    pub verified: Verified,
}

/// Who says that a client is what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// Nobody: anybody could have chosen this name.
    No,
    /// The host that its metadata document was fetched from.
    ByHost(String),
    /// An administrator.
    ByAdministrator,
}

/// How the answer gets back to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerView {
    /// By a redirect.
    Redirect {
        /// The host, to be shown large; for a program on this computer with port and path, for a private scheme the
        /// scheme.
        host: String,
        /// Where that is.
        kind: RedirectKind,
    },
    /// To a device that waits for it (RFC 8628).
    Device {
        /// What the person compares with the device: `XXXX-XXXX`.
        user_code: String,
        /// The address that the device asked from.
        address: String,
        /// When it was asked for.
        asked_at: UnixSecs,
    },
}

/// A workspace that the person may choose, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceChoice {
    /// Its name.
    pub slug: WorkspaceSlug,
    /// What pages show.
    pub title: String,
    /// Where it runs; empty where there are no regions.
    pub region: String,
    /// As what the person is in it.
    pub role: Role,
    /// What can be agreed to here: what is asked for and what the client has already, within the role.
    pub scopes: ScopeSet,
    /// What the client has here already, by an earlier agreement of this person.
    pub granted: ScopeSet,
    /// Why it cannot be chosen.
    pub closed: Option<Closed>,
}

/// Why a workspace cannot be chosen for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// OAuth is off there.
    SwitchedOff(SwitchedOff),
    /// It sleeps.
    Hibernated,
    /// Its administrators block the client.
    ClientBlocked,
    /// Its administrators must approve the client first.
    ClientNeedsApproval,
    /// The client is for another workspace.
    NotForThisClient,
    /// The person's role there allows nothing of what the client asks for.
    NothingAllowed,
}

/// What to warn people of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentWarning {
    /// The client chose its name itself, and nobody checked it (consent phishing).
    Unverified,
    /// The answer goes to another host than the one that describes the client.
    OtherHost,
    /// The answer goes to whatever program listens on this machine.
    LocalProgram,
    /// The answer goes to whatever program took the scheme on this machine.
    PrivateScheme,
    /// It is a device that the person should have in front of them (RFC 8628 §5.4).
    Device,
}

/// What a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsentDecision {
    /// Let the client in.
    Allow {
        /// The workspace.
        workspace: WorkspaceSlug,
        /// For what; whatever is not in [`WorkspaceChoice::scopes`] is left out.
        scopes: ScopeSet,
        /// Whether it may go on while the person is away: refresh tokens.
        offline: bool,
    },
    /// Do not.
    Deny,
}

/// Why a request for consent cannot be shown or decided.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// No such request: it was never made, is over, or took more than 10 minutes.
    #[error(
        "this request is unknown or has expired: start again in the application that sent you here"
    )]
    Unknown,
    /// Another account opened it first.
    #[error(
        "this request was opened by another account: start again in the application that sent you here"
    )]
    OtherAccount,
    /// The client wants the person to sign in now (`prompt=login`, `select_account`), whoever is signed in.
    #[error("the application asks you to sign in again")]
    SignInAgain,
    /// The person is no member of the workspace.
    #[error("you are not a member of this workspace")]
    NotAMember,
    /// The workspace cannot be chosen.
    #[error("this workspace cannot be chosen for this application")]
    Closed(Closed),
    /// The client was made by another person, for themselves.
    #[error("this application belongs to another person")]
    NotYours,
    /// The client is gone, or its document changed so that the redirect is not its own any more.
    #[error(
        "this application is not registered any more: remove the connection in it, and connect again"
    )]
    ClientGone,
    /// OAuth is off.
    #[error(transparent)]
    SwitchedOff(SwitchedOff),
    /// Too many tries.
    #[error("too many requests: wait a minute")]
    TooMany,
    /// The manager or the shared store cannot be reached.
    #[error("this cannot be done at the moment: try again in a minute")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ConsentError {
    /// A stable code for pages, the audit and tests.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown_request",
            Self::OtherAccount => "other_account",
            Self::SignInAgain => "sign_in_again",
            Self::NotAMember => "not_a_member",
            Self::Closed(closed) => closed.code(),
            Self::NotYours => "not_yours",
            Self::ClientGone => "client_gone",
            Self::SwitchedOff(_) => "switched_off",
            Self::TooMany => "too_many_requests",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

impl Closed {
    /// A stable code for pages, the audit and tests.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SwitchedOff(_) => "workspace_switched_off",
            Self::Hibernated => "workspace_hibernated",
            Self::ClientBlocked => "client_blocked",
            Self::ClientNeedsApproval => "client_needs_approval",
            Self::NotForThisClient => "not_for_this_client",
            Self::NothingAllowed => "nothing_allowed",
        }
    }
}
