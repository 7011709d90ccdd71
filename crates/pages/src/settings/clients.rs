use askama::Template;
use tidegate_types::{ClientId, Scope, ScopeSet};

use crate::scopes;
use crate::{AdminLayout, Timestamp, UntrustedText};

use super::SecretLine;

/// One's own OAuth clients. Forms: `POST /settings/clients` with `name`, `redirect_uris` (one a line), `scope`,
/// `confidential` ("yes" or absent), and with `preset` where that is to fill the form in and nothing is to be made yet; `POST /settings/clients/<id>/secret` with `overlap` ("yes" or absent);
/// `POST /settings/clients/<id>/remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/clients.html")]
pub struct ClientsPage {
    /// Frame.
    pub layout: AdminLayout,
    /// The newest first.
    pub clients: Vec<OwnClient>,
    /// How many there may be.
    pub most: usize,
    /// Known programs.
    pub presets: Vec<PresetLink>,
    /// Scopes to choose from: those that some tool needs.
    pub offered: ScopeSet,
    /// What the form begins with.
    pub draft: ClientDraft,
    /// Clients without an owner, the newest first; for whoever manages the deployment.
    pub by_command: Vec<CommandClient>,
}

/// A client that was made by a command for nobody in particular.
#[derive(Debug, Clone)]
pub struct CommandClient {
    /// Its id.
    pub id: ClientId,
    /// What it is called.
    pub name: UntrustedText,
    /// Whether it is a machine's.
    pub is_machine: bool,
    /// The one workspace that it is for.
    pub workspace: Option<UntrustedText>,
    /// The most that it may ask for.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last use.
    pub last_used_at: Option<Timestamp>,
}

impl CommandClient {
    fn may(&self) -> &'static str {
        scopes::words(self.scope).title
    }
}

/// A client of one's own.
#[derive(Debug, Clone)]
pub struct OwnClient {
    /// Its id.
    pub id: ClientId,
    /// What it is called.
    pub name: UntrustedText,
    /// Where codes may be sent.
    pub redirect_uris: Vec<UntrustedText>,
    /// The most that it may ask for.
    pub scope: Scope,
    /// Its live secrets; none for a public one.
    pub secrets: Vec<SecretLine>,
    /// Whether it has secrets at all.
    pub is_confidential: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last use.
    pub last_used_at: Option<Timestamp>,
}

impl OwnClient {
    fn may(&self) -> &'static str {
        scopes::words(self.scope).title
    }
}

/// A program that is known, with what its client needs.
#[derive(Debug, Clone)]
pub struct PresetLink {
    /// What the form sends.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Whether the form has its data now.
    pub is_chosen: bool,
}

/// What the form of a new client holds.
#[derive(Debug, Clone)]
pub struct ClientDraft {
    /// Name.
    pub name: String,
    /// One a line.
    pub redirect_uris: String,
    /// The most that it may ask for.
    pub scope: Scope,
    /// Whether it can keep a secret.
    pub is_confidential: bool,
}
