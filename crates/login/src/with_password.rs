//! Signing in by name and password.
//!
//! Whatever the name, the same is done: the local account is looked up and one Argon2id hash is checked, its own or
//! nobody's; each configured workspace's users are looked up and one hash of werkzeug's is checked, the user's or
//! nobody's. Only then is decided. So the time does not tell who has an account.

use futures_util::future::join_all;
use tidegate_control_plane::account::{
    FindPassword, PasswordChange, PasswordOf, ReplacePasswordHash,
};
use tidegate_types::{AccountId, ExposeSecret, Peer, SecretString, WorkspaceSlug};

use crate::attempts::{Attempt, Taken};
use crate::journal::Entry;
use crate::known_places::Browser;
use crate::password::{Argon, MOST_BYTES, Verdict, WerkzeugHash};
use crate::refusal::SignInRefusal;
use crate::sign_in::{BY_PASSWORD, LOCAL, LOCAL_DIRECTORY};
use crate::{NewSession, SignIn, SignInError, SupersetAccount, SupersetSignIn, names};

/// A user of a workspace by the name that was typed.
struct Candidate {
    workspace: SupersetSignIn,
    user: Option<SupersetAccount>,
    /// The user's, or nobody's.
    hash: WerkzeugHash,
    /// Whether the hash is the user's.
    is_theirs: bool,
}

/// Who there is by a name.
struct Candidates {
    local: Option<PasswordOf>,
    users: Vec<Candidate>,
    /// A workspace that could not be asked.
    unanswered: Option<SignInError>,
}

/// What the hashes said, all of them computed.
struct Verdicts {
    local: Verdict,
    /// The password's hash with the parameters of today, where the stored one is outdated.
    renewed: Option<String>,
    users: Vec<bool>,
}

/// An attempt whose hashes were computed.
struct Tried {
    attempt: Attempt,
    taken: Taken,
    candidates: Candidates,
    verdicts: Verdicts,
}

/// What a name and a password open.
enum Opened<'a> {
    Local(&'a PasswordOf),
    /// And by which directory.
    User(&'a Candidate, &'a SupersetAccount, usize),
    Nothing {
        reason: SignInRefusal,
        account: Option<&'a AccountId>,
        workspace: Option<&'a WorkspaceSlug>,
    },
}

impl SignIn {
    /// Signs in by name and password: a local account, or a user of a configured workspace's Superset. `known_browser` is the
    /// cookie of an earlier sign-in ([`NewSession::known_browser`]), if the browser has one.
    ///
    /// # Errors
    /// `WrongCredentials`, `Locked`, `Busy`, `PasswordsOff`; `Unavailable`, `Internal`.
    pub async fn with_password(
        &self,
        name: &str,
        password: &SecretString,
        known_browser: Option<&str>,
        peer: &Peer,
    ) -> Result<NewSession, SignInError> {
        if !self.has_passwords() {
            return Err(SignInError::PasswordsOff);
        }
        let folded = names::typed(name);
        let browser = self.parts.places.browser(known_browser).await?;
        let mut attempt = self.attempt(folded.as_deref().unwrap_or_default(), browser, peer);
        self.look(&attempt, peer).await?;
        let is_possible = (1..=MOST_BYTES).contains(&password.expose_secret().len());
        let (Some(folded), true) = (folded, is_possible) else {
            self.take(&attempt, peer).await?;
            let entry =
                Entry::new("sign_in.failed", SignInRefusal::Impossible.audit_code()).from(peer);
            return Err(self.failed(entry).await);
        };
        let candidates = self.candidates(&folded, name.trim()).await?;
        let local = candidates.local.as_ref().map(|found| &found.account.id);
        attempt.leads_to(LOCAL_DIRECTORY, local);
        let place = self.parts.gate.enter().await?;
        let taken = self.take(&attempt, peer).await?;
        let (argon, password) = (self.parts.argon.clone(), password.clone());
        let work = move || {
            let verdicts = candidates.check(&argon, &password);
            (candidates, verdicts)
        };
        let (candidates, verdicts) = place.run(work).await?;
        let tried = Tried {
            attempt,
            taken,
            candidates,
            verdicts,
        };
        self.open(tried, peer).await
    }

    /// The directories are the local accounts, then the configured workspaces in their order.
    fn attempt(&self, name: &str, browser: Option<Browser>, peer: &Peer) -> Attempt {
        let workspaces = self.parts.settings.superset.iter();
        let directories: Vec<String> = std::iter::once(LOCAL.to_owned())
            .chain(workspaces.map(|workspace| format!("superset:{}", workspace.workspace)))
            .collect();
        let directories: Vec<&str> = directories.iter().map(String::as_str).collect();
        self.parts.attempts.at(name, &directories, browser, peer)
    }

    async fn open(&self, tried: Tried, peer: &Peer) -> Result<NewSession, SignInError> {
        let attempt = &tried.attempt;
        let (account, how, directory) = match tried.decide() {
            Opened::Local(found) => {
                self.renew(found, tried.verdicts.renewed.clone()).await;
                (
                    found.account.clone(),
                    BY_PASSWORD.to_owned(),
                    LOCAL_DIRECTORY,
                )
            }
            Opened::User(candidate, user, directory) => {
                let workspace = &candidate.workspace;
                let account = self.account_of_user(workspace, user, peer).await?;
                let account = account.and_then(|account| match SignInRefusal::of(&account) {
                    None => Ok(account),
                    Some(reason) => Err((reason, Some(account.id))),
                });
                match account {
                    Ok(account) => {
                        let how = format!("superset:{}", workspace.workspace);
                        (account, how, directory)
                    }
                    Err((reason, id)) => {
                        let mut entry = Entry::new("sign_in.failed", reason.audit_code())
                            .at(&workspace.workspace)
                            .from(peer);
                        entry.account = id.as_ref();
                        return Err(self.failed(entry).await);
                    }
                }
            }
            Opened::Nothing {
                reason,
                account,
                workspace,
            } => {
                let mut entry = Entry::new("sign_in.failed", reason.audit_code()).from(peer);
                entry.account = account;
                entry.workspace = workspace;
                let wrong = self.failed(entry).await;
                return Err(tried.refusal(wrong));
            }
        };
        attempt.opened(&tried.taken, directory).await?;
        let known_browser = self
            .remember_place(&account, attempt, directory, peer)
            .await;
        let session = self.begin(account, &how, peer).await?;
        Ok(NewSession {
            known_browser,
            ..session
        })
    }

    /// Records a failure, and says the same of all of them. It was counted when the attempt was taken.
    async fn failed(&self, entry: Entry<'_>) -> SignInError {
        self.parts.journal.note(entry).await;
        SignInError::WrongCredentials
    }

    /// Looks everybody up, whether the first is found or not.
    async fn candidates(&self, folded: &str, typed: &str) -> Result<Candidates, SignInError> {
        let username = folded.to_owned();
        let local = self.parts.call(FindPassword { username }).await?;
        let mut users = Vec::new();
        let mut unanswered = None;
        // All at once: of several that hang, people wait for one.
        let all = self.parts.settings.superset.iter().map(async |workspace| {
            let found = self.parts.superset.find(&workspace.workspace, typed).await;
            (workspace, found)
        });
        for (workspace, found) in join_all(all).await {
            let user = found.unwrap_or_else(|err| {
                let shown: &(dyn std::error::Error + 'static) = &err;
                tracing::warn!(error = shown, workspace = %workspace.workspace, "could not ask a Superset for its users");
                unanswered = Some(SignInError::Unavailable(Box::new(err)));
                None
            });
            users.push(self.candidate(workspace, user));
        }
        Ok(Candidates {
            local,
            users,
            unanswered,
        })
    }

    fn candidate(&self, workspace: &SupersetSignIn, user: Option<SupersetAccount>) -> Candidate {
        let theirs = user
            .as_ref()
            .and_then(|user| user.password_hash.as_deref())
            .and_then(WerkzeugHash::parse);
        let mut methods = self.parts.superset_methods.lock();
        let method = methods.entry(workspace.workspace.clone()).or_default();
        if let Some(theirs) = &theirs {
            *method = theirs.method();
        }
        Candidate {
            workspace: workspace.clone(),
            user,
            is_theirs: theirs.is_some(),
            hash: theirs.unwrap_or_else(|| WerkzeugHash::of_nobody(*method)),
        }
    }

    /// Replaces a hash of other parameters than today's by one of the same password, unless it was changed since it was read.
    /// Whatever comes of it, the sign-in goes on: its session rests on the account as it was read, and is none when the
    /// password was changed meanwhile.
    async fn renew(&self, found: &PasswordOf, renewed: Option<String>) {
        let (Some(password_hash), Some(replaces)) = (renewed, found.password_hash.clone()) else {
            return;
        };
        let replace = ReplacePasswordHash {
            id: found.account.id.clone(),
            replaces,
            password_hash,
            change: PasswordChange::SamePassword,
        };
        if let Err(err) = self.parts.call(replace).await {
            let err: &(dyn std::error::Error + 'static) = &err;
            tracing::warn!(error = err, "could not replace the hash of a password");
        }
    }
}

impl Candidates {
    /// All hashes, one after the other, whatever the first ones say.
    fn check(&self, argon: &Argon, password: &SecretString) -> Verdicts {
        let password = password.expose_secret().as_bytes();
        let stored = self
            .local
            .as_ref()
            .and_then(|found| found.password_hash.as_deref());
        let local = argon.check(stored, password);
        let renewed = match local {
            Verdict::Right { is_outdated: true } => argon.hash(password).ok(),
            _ => None,
        };
        let users = self
            .users
            .iter()
            .map(|candidate| candidate.hash.is_of(password))
            .collect();
        Verdicts {
            local,
            renewed,
            users,
        }
    }
}

impl Tried {
    /// What is opened of the directories that are tried.
    fn decide(&self) -> Opened<'_> {
        let local = self.candidates.local.as_ref();
        let is_open = |directory: usize| self.taken.is_open(directory);
        let nothing = |reason| Opened::Nothing {
            reason,
            account: local.map(|found| &found.account.id),
            workspace: None,
        };
        if let (Some(found), Verdict::Right { .. }, true) =
            (local, self.verdicts.local, is_open(LOCAL_DIRECTORY))
        {
            return match SignInRefusal::of(&found.account) {
                None => Opened::Local(found),
                Some(reason) => nothing(reason),
            };
        }
        let users = self.candidates.users.iter().zip(&self.verdicts.users);
        let right = users
            .enumerate()
            .map(|(place, (candidate, is_right))| (place + 1, candidate, *is_right))
            .find(|(directory, candidate, is_right)| {
                candidate.is_theirs && *is_right && is_open(*directory)
            });
        if let Some((directory, candidate, _)) = right
            && let Some(user) = &candidate.user
        {
            return if user.is_active {
                Opened::User(candidate, user, directory)
            } else {
                Opened::Nothing {
                    reason: SignInRefusal::SupersetUserOff,
                    account: None,
                    workspace: Some(&candidate.workspace.workspace),
                }
            };
        }
        let mut users = self.candidates.users.iter();
        match (local, self.verdicts.local) {
            _ if self.taken.closed_for.is_some() => nothing(SignInRefusal::Locked),
            (Some(_), Verdict::Unreadable) => nothing(SignInRefusal::UnreadableHash),
            (Some(found), _) if found.password_hash.is_some() => {
                nothing(SignInRefusal::WrongPassword)
            }
            _ if users.any(|candidate| candidate.user.is_some()) => {
                nothing(SignInRefusal::WrongSupersetPassword)
            }
            (Some(_), _) => nothing(SignInRefusal::NoPassword),
            (None, _) => nothing(SignInRefusal::UnknownName),
        }
    }

    /// What is said when nothing was opened: it may have been right at a directory that was not tried.
    fn refusal(self, wrong: SignInError) -> SignInError {
        match self.taken.closed_for {
            Some(retry_after) => SignInError::Locked { retry_after },
            None => self.candidates.unanswered.unwrap_or(wrong),
        }
    }
}
