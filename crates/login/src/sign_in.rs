use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;
use tidegate_control_plane::account::{Account, EndSessions, NoteSignIn};
use tidegate_control_plane::{Manager, ManagerError, Operation};
use tidegate_store::{Counters, TicketStore};
use tidegate_types::{Clock, Peer, WorkspaceSlug};

use crate::attempts::{Attempt, Attempts, NotAdmitted, Taken};
use crate::browser_sessions::BrowserSessions;
use crate::journal::{Entry, Journal};
use crate::known_places::{KnownPlaces, SessionValidity};
use crate::password::{Argon, Gate, LEAST_BYTES, WerkzeugMethod};
use crate::refusal::SignInRefusal;
use crate::upstream::Provider;
use crate::{
    BrowserSession, KnownBrowser, NewSession, SignInError, SignInSettings, SupersetAccounts,
};

/// The directory of local accounts, which is the first one.
pub(crate) const LOCAL: &str = "local";
pub(crate) const LOCAL_DIRECTORY: usize = 0;

/// Signs people in, and knows them again by their cookie. Cloning is cheap.
#[derive(Clone)]
pub struct SignIn {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) manager: Manager,
    pub(crate) tickets: Arc<dyn TicketStore>,
    pub(crate) counters: Arc<dyn Counters>,
    pub(crate) superset: Arc<dyn SupersetAccounts>,
    pub(crate) settings: SignInSettings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) attempts: Attempts,
    pub(crate) places: KnownPlaces,
    pub(crate) gate: Gate,
    pub(crate) argon: Argon,
    pub(crate) journal: Journal,
    pub(crate) sessions: BrowserSessions,
    pub(crate) providers: Vec<Provider>,
    /// How a workspace's Superset hashes, as its last user who came showed: nobody is checked like that there. One
    /// entry a configured workspace.
    pub(crate) superset_methods: Mutex<HashMap<WorkspaceSlug, WerkzeugMethod>>,
}

impl Parts {
    /// Asks the manager. Boxed, since the way to its database would be in every future of ours.
    pub(crate) fn call<O: Operation>(
        &self,
        operation: O,
    ) -> Pin<Box<dyn Future<Output = Result<O::Reply, ManagerError>> + Send + '_>> {
        Box::pin(self.manager.call(operation))
    }
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn")
    }
}

impl SignIn {
    /// Puts the parts together.
    pub fn new(
        manager: Manager,
        tickets: Arc<dyn TicketStore>,
        counters: Arc<dyn Counters>,
        superset: Arc<dyn SupersetAccounts>,
        settings: SignInSettings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let sessions = BrowserSessions::new(
            manager.clone(),
            Arc::clone(&tickets),
            Arc::clone(&clock),
            settings.session_idle,
            settings.session_lifetime,
        );
        let providers = settings
            .providers
            .iter()
            .map(|provider| {
                Provider::new(provider.clone(), &settings.public_url, Arc::clone(&clock))
            })
            .collect();
        let validity: Arc<dyn SessionValidity> = Arc::new(manager.clone());
        let places = KnownPlaces::new(Arc::clone(&tickets), validity);
        let parts = Parts {
            attempts: Attempts::new(Arc::clone(&counters), places.clone(), Arc::clone(&clock)),
            places,
            gate: Gate::new(),
            argon: Argon::new(settings.password_cost),
            journal: Journal::new(manager.clone(), Arc::clone(&clock)),
            superset_methods: Mutex::default(),
            sessions,
            providers,
            manager,
            tickets,
            counters,
            superset,
            settings,
            clock,
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Who holds the cookie, if anybody: the account is read again, and the session lives on.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn session(&self, cookie: &str) -> Result<Option<BrowserSession>, SignInError> {
        self.parts.sessions.find(cookie).await
    }

    /// Ends the session of a cookie, if there is one.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), SignInError> {
        if let Some(account) = self.parts.sessions.end_of(cookie).await? {
            let entry = Entry::new("sign_out", "ok").by(&account);
            self.parts.journal.note(entry).await;
        }
        Ok(())
    }

    /// Ends all sessions of the account, this one as well.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn sign_out_everywhere(&self, session: &BrowserSession) -> Result<(), SignInError> {
        let id = session.account.id.clone();
        self.parts.call(EndSessions { id }).await?;
        self.parts.sessions.end(&session.key).await?;
        let entry = Entry::new("sign_out.everywhere", "ok").by(&session.account.id);
        self.parts.journal.note(entry).await;
        Ok(())
    }

    /// Whether there is a sign-in by password.
    pub fn has_passwords(&self) -> bool {
        self.parts.settings.allows_passwords
    }

    /// How many characters a password that somebody chooses has at the least.
    pub const fn least_password_length(&self) -> usize {
        LEAST_BYTES
    }

    /// Whether users of a Superset sign in by their password there.
    pub fn has_superset_accounts(&self) -> bool {
        self.has_passwords() && !self.parts.settings.superset.is_empty()
    }

    /// Begins the session of somebody whose credentials were checked. `how` is for the audit.
    pub(crate) async fn begin(
        &self,
        account: Account,
        how: &str,
        peer: &Peer,
    ) -> Result<NewSession, SignInError> {
        let id = account.id.clone();
        let by_password = how == BY_PASSWORD;
        let session = self.parts.sessions.begin(account, by_password).await?;
        let noted = self.parts.call(NoteSignIn { id: id.clone() }).await;
        if let Err(err) = noted {
            let err: &(dyn std::error::Error + 'static) = &err;
            tracing::warn!(error = err, "could not record the time of a sign-in");
        }
        let entry = Entry::new("sign_in.succeeded", "ok")
            .by(&id)
            .from(peer)
            .with(how);
        self.parts.journal.note(entry).await;
        Ok(session)
    }

    /// Knows the browser and the network from now on, from which somebody signed in by a name at a directory. That it cannot be kept
    /// keeps nobody out.
    pub(crate) async fn remember_place(
        &self,
        account: &Account,
        attempt: &Attempt,
        directory: usize,
        peer: &Peer,
    ) -> Option<KnownBrowser> {
        let name = attempt.name(directory)?;
        let mut names = vec![name.to_owned()];
        // Local accounts are signed in to by each of these.
        if directory == LOCAL_DIRECTORY {
            let address = account.email.as_ref().filter(|_| account.is_email_verified);
            let own = std::iter::once(&account.username).chain(address);
            names.extend(own.map(|own| Attempts::name_at(LOCAL, &own.to_lowercase())));
        }
        let places = &self.parts.places;
        let noted = async {
            places.note_network(account, name, &peer.network()).await?;
            places.note_browser(account, names, attempt.browser()).await
        };
        noted
            .await
            .inspect_err(|err| {
                let err: &(dyn std::error::Error + 'static) = err;
                tracing::warn!(
                    error = err,
                    "could not remember the browser and network of a sign-in"
                );
            })
            .ok()
    }

    /// Whether an attempt may be made; a lock is written down, now and then.
    pub(crate) async fn look(&self, attempt: &Attempt, peer: &Peer) -> Result<(), SignInError> {
        let looked = attempt.look().await;
        self.admitted(looked, peer).await
    }

    /// Takes an attempt, as [`Attempt::take`] says.
    pub(crate) async fn take(&self, attempt: &Attempt, peer: &Peer) -> Result<Taken, SignInError> {
        let taken = attempt.take().await;
        self.admitted(taken, peer).await
    }

    async fn admitted<T>(
        &self,
        outcome: Result<T, NotAdmitted>,
        peer: &Peer,
    ) -> Result<T, SignInError> {
        match outcome {
            Ok(admitted) => Ok(admitted),
            Err(NotAdmitted::Failed(err)) => Err(err),
            Err(NotAdmitted::Locked(locked)) => {
                if locked.is_noted {
                    let detail = format!("locked by {}", locked.by.as_str());
                    let entry = Entry::new("sign_in.failed", SignInRefusal::Locked.audit_code())
                        .from(peer)
                        .with(detail);
                    self.parts.journal.note(entry).await;
                }
                Err(SignInError::Locked {
                    retry_after: locked.retry_after,
                })
            }
        }
    }
}

/// How somebody signed in who entered the password of the account itself, for the audit.
pub(crate) const BY_PASSWORD: &str = "password";
