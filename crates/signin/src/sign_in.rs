use std::sync::Arc;

use tidegate_manager::Manager;
use tidegate_store::{Tallies, TicketStore};
use tidegate_types::{Clock, Peer, Role, SecretString, WorkspaceSlug};

use crate::{
    BrowserSession, FirstAdministrator, NewSession, ReturnTo, SignInError, SignInSettings,
    SupersetAccounts, UnixSecs,
};

/// Signs people in, and knows them again by their cookie. Cloning is cheap.
#[derive(Clone)]
pub struct SignIn {
    #[expect(dead_code, reason = "the use cases follow")]
    parts: Arc<Parts>,
}

#[expect(dead_code, reason = "the use cases follow")]
struct Parts {
    manager: Manager,
    tickets: Arc<dyn TicketStore>,
    tallies: Arc<dyn Tallies>,
    superset: Arc<dyn SupersetAccounts>,
    settings: SignInSettings,
    clock: Arc<dyn Clock>,
}

/// An upstream provider, for the sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderInfo {
    /// What it goes by in paths.
    pub id: String,
    /// What its button says.
    pub title: String,
}

/// A sign-in that goes on at an upstream provider.
#[derive(Debug)]
pub struct Upstream {
    /// Where the browser is sent.
    pub redirect: String,
    /// The value of a cookie that only this browser gets; [`SignIn::finish_upstream`] wants it back. Good for 10
    /// minutes.
    pub binding: SecretString,
}

/// What an invitation's page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationView {
    /// For whom.
    pub email: String,
    /// Into which workspace.
    pub workspace: WorkspaceSlug,
    /// As what.
    pub role: Role,
    /// Until when.
    pub expires_at: UnixSecs,
    /// Whether the address has an account, whose owner signs in and then accepts.
    pub has_account: bool,
}

impl SignIn {
    /// Puts the parts together.
    pub fn new(
        manager: Manager,
        tickets: Arc<dyn TicketStore>,
        tallies: Arc<dyn Tallies>,
        superset: Arc<dyn SupersetAccounts>,
        settings: SignInSettings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let parts = Parts {
            manager,
            tickets,
            tallies,
            superset,
            settings,
            clock,
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Signs in by name and password: a local account, or a user of a configured workspace's Superset.
    ///
    /// # Errors
    /// `WrongCredentials`, `Locked`, `Busy`, `PasswordsOff`; `Unavailable`, `Internal`.
    pub async fn with_password(
        &self,
        name: &str,
        password: &SecretString,
        peer: &Peer,
    ) -> Result<NewSession, SignInError> {
        let _ = (name, password, peer);
        Err(unfinished())
    }

    /// Who holds the cookie, if anybody: the account is read again, and the session lives on.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn session(&self, cookie: &str) -> Result<Option<BrowserSession>, SignInError> {
        let _ = cookie;
        Err(unfinished())
    }

    /// Ends the session of a cookie, if there is one.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), SignInError> {
        let _ = cookie;
        Err(unfinished())
    }

    /// Ends all sessions of the account, this one as well.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn sign_out_everywhere(&self, session: &BrowserSession) -> Result<(), SignInError> {
        let _ = session;
        Err(unfinished())
    }

    /// Changes the password, ends all sessions of the account and begins a new one.
    ///
    /// # Errors
    /// `WrongPassword`, `WeakPassword`, `NoPassword`, `Locked`, `Busy`; `Unavailable`, `Internal`.
    pub async fn change_password(
        &self,
        session: &BrowserSession,
        current: &SecretString,
        new: &SecretString,
        peer: &Peer,
    ) -> Result<NewSession, SignInError> {
        let _ = (session, current, new, peer);
        Err(unfinished())
    }

    /// The upstream providers, in the order of their buttons.
    pub fn providers(&self) -> Vec<ProviderInfo> {
        Vec::new()
    }

    /// Whether there is a sign-in by password.
    pub fn has_passwords(&self) -> bool {
        true
    }

    /// Begins a sign-in at a provider. `invitation` is the secret of the link that the person came by, if any.
    ///
    /// # Errors
    /// `UnknownProvider`, `Provider(Unreachable | Failed)`, `Locked`; `Unavailable`, `Internal`.
    pub async fn begin_upstream(
        &self,
        provider: &str,
        return_to: &ReturnTo,
        invitation: Option<&str>,
        peer: &Peer,
    ) -> Result<Upstream, SignInError> {
        let _ = (provider, return_to, invitation, peer);
        Err(unfinished())
    }

    /// What the page of an invitation's link shows; `None` when it is not good.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn invitation(&self, secret: &str) -> Result<Option<InvitationView>, SignInError> {
        let _ = secret;
        Err(unfinished())
    }

    /// Accepts an invitation with a new account, and signs in.
    ///
    /// # Errors
    /// `InvitationGone`, `InvitationNeedsSignIn`, `InvalidName`, `NameTaken`, `WeakPassword`, `Locked`, `Busy`; `Unavailable`,
    /// `Internal`.
    pub async fn accept_invitation(
        &self,
        secret: &str,
        username: &str,
        display_name: &str,
        password: &SecretString,
        peer: &Peer,
    ) -> Result<NewSession, SignInError> {
        let _ = (secret, username, display_name, password, peer);
        Err(unfinished())
    }

    /// Accepts an invitation with the account that is signed in, which has the invited address, verified.
    ///
    /// # Errors
    /// `InvitationGone`, `InvitationForAnother`; `Unavailable`, `Internal`.
    pub async fn join_by_invitation(
        &self,
        session: &BrowserSession,
        secret: &str,
        peer: &Peer,
    ) -> Result<WorkspaceSlug, SignInError> {
        let _ = (session, secret, peer);
        Err(unfinished())
    }

    /// Makes the first administrator when there are no people yet. `None`: there are, or another node was first.
    ///
    /// # Errors
    /// `Busy`, `Unavailable`, `Internal`.
    pub async fn first_start(&self) -> Result<Option<FirstAdministrator>, SignInError> {
        Err(unfinished())
    }
}

fn unfinished() -> SignInError {
    SignInError::Unavailable("signing in is not finished".into())
}
