//! Accepting invitations.

use tidegate_manager::ManagerError;
use tidegate_manager::account::{Account, AccountKey, FindAccount};
use tidegate_manager::invitation::{AcceptInvitation, FindInvitation, Invitation};
use tidegate_oauth::{SecretHash, SecretKind};
use tidegate_types::{ExposeSecret, Peer, Role, SecretString, WorkspaceSlug};

use crate::journal::Entry;
use crate::password::is_good_choice;
use crate::{BrowserSession, NewSession, SignIn, SignInError, UnixSecs, names};

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
        self.begin(accepted?, "invitation", peer).await
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
        let (hash, invitation) = self
            .find_invitation(secret)
            .await?
            .ok_or(SignInError::InvitationGone)?;
        let account = &session.account;
        let joined = if has_verified(account, &invitation.email) {
            let accept = AcceptInvitation {
                secret: hash,
                signed_in_as: Some(account.id.clone()),
                username: account.username.clone(),
                display_name: account.display_name.clone(),
                password_hash: None,
            };
            match self.parts.call(accept).await {
                Ok(account) => Ok(account),
                Err(ManagerError::NotFound { .. }) => Err(SignInError::InvitationGone),
                Err(ManagerError::Conflict(_)) => Err(SignInError::InvitationForAnother),
                Err(err) => Err(err.into()),
            }
        } else {
            Err(SignInError::InvitationForAnother)
        };
        self.note_acceptance(&invitation, &joined, peer).await;
        joined.map(|_| invitation.workspace)
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
            let password = password.expose_secret();
            let related: Vec<&str> = related.iter().map(String::as_str).collect();
            is_good_choice(password, &related).map_err(SignInError::WeakPassword)?;
            argon.hash(password.as_bytes())
        };
        let password_hash = place.run(work).await??;
        let accept = AcceptInvitation {
            secret: hash,
            signed_in_as: None,
            username: username.clone(),
            display_name: shown,
            password_hash: Some(password_hash),
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

    /// A name that an invited person chose. A member acts in a workspace as the Superset user of the same name, so
    /// nobody may choose the name of a user there who has another address.
    async fn free_name(
        &self,
        invitation: &Invitation,
        chosen: &str,
    ) -> Result<String, SignInError> {
        let username = names::typed(chosen).ok_or_else(|| {
            SignInError::InvalidName("a name has 1 to 64 of a-z, 0-9, ., _, - and +".to_owned())
        })?;
        if username.contains('@') && !is_same_address(&username, &invitation.email) {
            return Err(SignInError::InvalidName(
                "an address is a name only if it is the invited one".to_owned(),
            ));
        }
        let found = self
            .parts
            .superset
            .find(&invitation.workspace, &username)
            .await
            .map_err(|err| SignInError::Unavailable(Box::new(err)))?;
        let is_somebody_elses = found.is_some_and(|user| {
            let address = user.email.unwrap_or_default();
            !is_same_address(&address, &invitation.email)
        });
        if is_somebody_elses {
            return Err(SignInError::NameTaken(username));
        }
        Ok(username)
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
