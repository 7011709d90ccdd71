//! Accepting invitations.

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::account::{Account, AccountKey, FindAccount};
use tidegate_control_plane::invitation::{AcceptInvitation, FindInvitation, Invitation};
use tidegate_control_plane::workspace::FindMember;
use tidegate_oauth_types::{SecretHash, SecretKind};
use tidegate_types::{ExposeSecret, Peer, Role, SecretString, WorkspaceSlug};

use crate::journal::Entry;
use crate::password::is_good_choice;
use crate::sign_in::{LOCAL, LOCAL_DIRECTORY};
use crate::{BrowserSession, NewSession, SignIn, SignInError, SupersetAccount, UnixSecs, names};

/// What an invitation's page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationView {
    /// The address of the invited person.
    pub email: String,
    /// Into which workspace.
    pub workspace: WorkspaceSlug,
    /// The role.
    pub role: Role,
    /// The time of expiry.
    pub expires_at: UnixSecs,
    /// Whether an account has the address verified: its owner, signed in, is the only one who may accept.
    pub has_account: bool,
}

fn no_name() -> SignInError {
    SignInError::InvalidName("a name has 1 to 64 of a-z, 0-9, ., _, - and +".to_owned())
}

/// Checks a password that an invited person chose; `related` is what others know of them.
fn is_good(password: &SecretString, related: &[String]) -> Result<(), SignInError> {
    let related: Vec<&str> = related.iter().map(String::as_str).collect();
    is_good_choice(password.expose_secret(), &related).map_err(SignInError::WeakPassword)
}

impl SignIn {
    /// What the page of an invitation's link shows; `None` when it is not good.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn invitation(&self, secret: &str) -> Result<Option<InvitationView>, SignInError> {
        let Some((_, invitation)) = self.find_invitation(secret).await? else {
            return Ok(None);
        };
        let has_account = self.account_of_address(&invitation.email).await?.is_some();
        Ok(Some(InvitationView {
            email: invitation.email,
            workspace: invitation.workspace,
            role: invitation.role,
            expires_at: invitation.expires_at,
            has_account,
        }))
    }

    /// Accepts an invitation with a new account, and signs in. Where the address has an account, nothing happens: the link
    /// is known to whoever made it as well, and opens nobody's account.
    ///
    /// # Errors
    /// `InvitationGone`, `InvitationNeedsSignIn`, `InvalidName`, `NameTaken`, `WeakPassword`, `PasswordsOff`, `Busy`;
    /// `Unavailable`, `Internal`.
    pub async fn accept_invitation(
        &self,
        secret: &str,
        username: &str,
        display_name: &str,
        password: &SecretString,
        peer: &Peer,
    ) -> Result<NewSession, SignInError> {
        if !self.has_passwords() {
            return Err(SignInError::PasswordsOff);
        }
        let (hash, invitation) = self
            .find_invitation(secret)
            .await?
            .ok_or(SignInError::InvitationGone)?;
        let accepted = self
            .accept_with_password(hash, &invitation, username, display_name, password)
            .await;
        self.note_acceptance(&invitation, &accepted, peer).await;
        let account = accepted?;
        let own = self
            .parts
            .attempts
            .at(&account.username, &[LOCAL], None, peer);
        let known_browser = self
            .remember_place(&account, &own, LOCAL_DIRECTORY, peer)
            .await;
        let session = self.begin(account, "invitation", peer).await?;
        Ok(NewSession {
            known_browser,
            ..session
        })
    }

    /// All that keeps somebody from accepting an invitation with a new account, so that they are not told one after the
    /// other. Nothing is changed.
    ///
    /// # Errors
    /// `InvitationGone`, `Busy`; `Unavailable`, `Internal`.
    pub async fn faults_of_acceptance(
        &self,
        secret: &str,
        username: &str,
        display_name: &str,
        password: &SecretString,
    ) -> Result<Vec<SignInError>, SignInError> {
        let (_, invitation) = self
            .find_invitation(secret)
            .await?
            .ok_or(SignInError::InvitationGone)?;
        let mut faults = Vec::new();
        match self.free_name(&invitation, username).await {
            Ok(name) if !names::is_account_name(&name) => faults.push(no_name()),
            Ok(name) => {
                let key = AccountKey::Username(name.clone());
                if self.parts.call(FindAccount { key }).await?.is_some() {
                    faults.push(SignInError::NameTaken(name));
                }
            }
            Err(err @ (SignInError::InvalidName(_) | SignInError::NameTaken(_))) => {
                faults.push(err);
            }
            Err(err) => return Err(err),
        }
        let username = names::typed(username).unwrap_or_default();
        let shown = names::shown(Some(display_name), &username);
        let related = [username, shown, invitation.email];
        let place = self.parts.gate.enter().await?;
        let password = password.clone();
        let checked = place.run(move || is_good(&password, &related)).await?;
        faults.extend(checked.err());
        Ok(faults)
    }

    /// Accepts an invitation with the account that is signed in. Where an account has the invited address verified, it must be
    /// that one.
    ///
    /// # Errors
    /// `InvitationGone`, `InvitationForAnother`, `SupersetUserOfAnother`; `Unavailable`, `Internal`.
    pub async fn join_by_invitation(
        &self,
        session: &BrowserSession,
        secret: &str,
        peer: &Peer,
    ) -> Result<WorkspaceSlug, SignInError> {
        let (hash, invitation) = self
            .find_invitation(secret)
            .await?
            .ok_or(SignInError::InvitationGone)?;
        let joined = self.join(&session.account, hash, &invitation).await;
        self.note_acceptance(&invitation, &joined, peer).await;
        joined.map(|_| invitation.workspace)
    }

    async fn join(
        &self,
        account: &Account,
        hash: SecretHash,
        invitation: &Invitation,
    ) -> Result<Account, SignInError> {
        let is_owner = has_verified(account, &invitation.email);
        if !is_owner && self.account_of_address(&invitation.email).await?.is_some() {
            return Err(SignInError::InvitationForAnother);
        }
        self.check_whom_they_act_as(account, invitation).await?;
        let accept = AcceptInvitation {
            secret: hash,
            signed_in_as: Some(account.id.clone()),
            username: account.username.clone(),
            display_name: account.display_name.clone(),
            password_hash: None,
            identity: None,
            is_email_proved: false,
        };
        match self.parts.call(accept).await {
            Ok(account) => Ok(account),
            Err(ManagerError::NotFound { .. }) => Err(SignInError::InvitationGone),
            Err(ManagerError::Conflict(_)) => Err(SignInError::InvitationForAnother),
            Err(err) => Err(err.into()),
        }
    }

    /// A member acts in a workspace as the user of its Superset with the account's name. Accounts get their names without
    /// anybody asking that Superset, so that the user's address must be the account's verified one, or somebody who may say
    /// whom members act as must have invited them.
    async fn check_whom_they_act_as(
        &self,
        account: &Account,
        invitation: &Invitation,
    ) -> Result<(), SignInError> {
        let place = FindMember {
            workspace: invitation.workspace.clone(),
            account: account.id.clone(),
        };
        if self.parts.call(place).await?.is_some() {
            return Ok(());
        }
        let found = self.user_called(invitation, &account.username).await?;
        let Some(user) = found.filter(|user| user.username == account.username) else {
            return Ok(());
        };
        let proved = (account.email.as_deref()).filter(|_| account.is_email_verified);
        if user.is_made_here || self.is_theirs(&user, proved, invitation).await? {
            return Ok(());
        }
        Err(SignInError::SupersetUserOfAnother(user.username))
    }

    async fn user_called(
        &self,
        invitation: &Invitation,
        name: &str,
    ) -> Result<Option<SupersetAccount>, SignInError> {
        let workspace = &invitation.workspace;
        let found = self.parts.superset.find(workspace, name).await;
        found.map_err(|err| SignInError::Unavailable(Box::new(err)))
    }

    /// Whether a user of the invited workspace's Superset is the invited person: by an address that was proved, or by the
    /// invited one if an administrator of the deployment invited, who may let anybody act as anybody.
    async fn is_theirs(
        &self,
        user: &SupersetAccount,
        proved: Option<&str>,
        invitation: &Invitation,
    ) -> Result<bool, SignInError> {
        let address = user.email.as_deref().unwrap_or_default();
        if proved.is_some_and(|proved| is_same_address(address, proved)) {
            return Ok(true);
        }
        Ok(is_same_address(address, &invitation.email) && self.is_vouched_for(invitation).await?)
    }

    /// Whether an administrator of the deployment invited.
    async fn is_vouched_for(&self, invitation: &Invitation) -> Result<bool, SignInError> {
        let key = AccountKey::Id(invitation.invited_by.clone());
        let inviter = self.parts.call(FindAccount { key }).await?;
        Ok(inviter.is_some_and(|inviter| inviter.is_active && inviter.is_administrator))
    }

    /// Whether somebody whose address a provider proved may be called what a user of the workspace's Superset is called.
    pub(crate) async fn may_be_called(
        &self,
        name: &str,
        proved: Option<&str>,
        invitation: &Invitation,
    ) -> Result<bool, SignInError> {
        match self.user_called(invitation, name).await? {
            None => Ok(true),
            Some(user) => self.is_theirs(&user, proved, invitation).await,
        }
    }

    async fn accept_with_password(
        &self,
        hash: SecretHash,
        invitation: &Invitation,
        username: &str,
        display_name: &str,
        password: &SecretString,
    ) -> Result<Account, SignInError> {
        if self.account_of_address(&invitation.email).await?.is_some() {
            return Err(SignInError::InvitationNeedsSignIn);
        }
        let username = self.free_name(invitation, username).await?;
        let shown = names::shown(Some(display_name), &username);
        let place = self.parts.gate.enter().await?;
        let (argon, password) = (self.parts.argon.clone(), password.clone());
        let related = [username.clone(), shown.clone(), invitation.email.clone()];
        let work = move || {
            is_good(&password, &related)?;
            argon.hash(password.expose_secret().as_bytes())
        };
        let password_hash = place.run(work).await??;
        let accept = AcceptInvitation {
            secret: hash,
            signed_in_as: None,
            username: username.clone(),
            display_name: shown,
            password_hash: Some(password_hash),
            identity: None,
            is_email_proved: false,
        };
        match self.parts.call(accept).await {
            Ok(account) => Ok(account),
            Err(ManagerError::NotFound { .. }) => Err(SignInError::InvitationGone),
            Err(ManagerError::Invalid(text)) => Err(SignInError::InvalidName(text)),
            // Somebody got the address since the look above, or the name.
            Err(ManagerError::Conflict(_)) => {
                match self.account_of_address(&invitation.email).await? {
                    Some(_) => Err(SignInError::InvitationNeedsSignIn),
                    None => Err(SignInError::NameTaken(username)),
                }
            }
            Err(err) => Err(err.into()),
        }
    }

    /// A name that an invited person chose. They have shown a link, which its sender has as well, and nothing else: so they
    /// are called neither what a user of that workspace's Superset is called, whom they would act as, nor an address, which
    /// others are called by theirs. Unless an administrator of the deployment invited them.
    async fn free_name(
        &self,
        invitation: &Invitation,
        chosen: &str,
    ) -> Result<String, SignInError> {
        let username = names::typed(chosen).ok_or_else(no_name)?;
        if username.contains('@') {
            let is_invited = is_same_address(&username, &invitation.email);
            if !is_invited || !self.is_vouched_for(invitation).await? {
                return Err(SignInError::InvalidName(
                    "an address cannot be a name here: use a-z, 0-9, ., _, - and +".to_owned(),
                ));
            }
        }
        if self.may_be_called(&username, None, invitation).await? {
            Ok(username)
        } else {
            Err(SignInError::NameTaken(username))
        }
    }

    pub(crate) async fn find_invitation(
        &self,
        secret: &str,
    ) -> Result<Option<(SecretHash, Invitation)>, SignInError> {
        let Ok(hash) = SecretHash::of_presented(SecretKind::Invitation, secret) else {
            return Ok(None);
        };
        let found = self.parts.call(FindInvitation { secret: hash }).await?;
        Ok(found.map(|invitation| (hash, invitation)))
    }

    pub(crate) async fn account_of_address(
        &self,
        email: &str,
    ) -> Result<Option<Account>, SignInError> {
        let key = AccountKey::VerifiedEmail(email.to_owned());
        Ok(self.parts.call(FindAccount { key }).await?)
    }

    pub(crate) async fn note_acceptance(
        &self,
        invitation: &Invitation,
        accepted: &Result<Account, SignInError>,
        peer: &Peer,
    ) {
        let (action, outcome) = match accepted {
            Ok(_) => ("invitation.accepted", "ok"),
            Err(err) => ("invitation.failed", err.code()),
        };
        let mut entry = Entry::new(action, outcome)
            .at(&invitation.workspace)
            .from(peer)
            .with(format!("invitation {}", invitation.id));
        entry.account = accepted.as_ref().ok().map(|account| &account.id);
        self.parts.journal.note(entry).await;
    }
}

fn has_verified(account: &Account, email: &str) -> bool {
    account.is_email_verified
        && account
            .email
            .as_deref()
            .is_some_and(|own| is_same_address(own, email))
}

/// Whether two addresses are one, in any case.
pub(crate) fn is_same_address(one: &str, other: &str) -> bool {
    !one.is_empty() && one.to_lowercase() == other.to_lowercase()
}
