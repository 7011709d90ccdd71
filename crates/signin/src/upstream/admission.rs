//! Which account somebody has whom a provider signed in.

use tidegate_manager::ManagerError;
use tidegate_manager::account::{Account, AccountKey, FindAccount, LinkUpstream};
use tidegate_manager::invitation::{AcceptInvitation, FindInvitation};
use tidegate_oauth::SecretHash;
use tidegate_types::Peer;

use super::identity::Identity;
use super::transaction::{Owner, Purpose};
use crate::accounts::Newcomer;
use crate::invitation::is_same_address;
use crate::journal::Entry;
use crate::names::{self, Derived};
use crate::sign_in::refusal_of;
use crate::{AccountCreation, ProviderRefusal, ProviderSettings, SignIn, SignInError};

impl SignIn {
    /// The account, found by issuer and subject; else by an address that the provider is believed for; else made, where that
    /// is allowed. Its groups are brought up to date.
    pub(super) async fn admit(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        purpose: Purpose,
        peer: &Peer,
    ) -> Result<Account, SignInError> {
        if !identity.is_allowed(settings) {
            let shown = SignInError::Provider(ProviderRefusal::DomainNotAllowed);
            return Err(self
                .not_admitted(settings, "domain_not_allowed", None, shown, peer)
                .await);
        }
        let account = match (purpose.connects, self.known(settings, identity).await?) {
            (None, Some(account)) => account,
            (None, None) => {
                self.admit_newcomer(settings, identity, purpose.invitation, peer)
                    .await?
            }
            (Some(owner), known) => self.connect(settings, identity, owner, known, peer).await?,
        };
        if let Some(reason) = refusal_of(&account) {
            let shown = SignInError::WrongCredentials;
            return Err(self
                .not_admitted(settings, reason, Some(&account), shown, peer)
                .await);
        }
        self.bring_groups(settings, identity, &account).await?;
        Ok(account)
    }

    /// Ties an identity to the account of whoever was signed in when they left for the provider, and still would be.
    async fn connect(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        owner: Owner,
        known: Option<Account>,
        peer: &Peer,
    ) -> Result<Account, SignInError> {
        let key = AccountKey::Id(owner.account);
        let account = self.parts.call(FindAccount { key }).await?;
        let account = account
            .filter(|account| account.sessions_valid_from == owner.standing)
            .ok_or(SignInError::SignedOut)?;
        match known {
            None => self.link_known(settings, identity, account, peer).await,
            Some(known) if known.id == account.id => Ok(account),
            Some(_) => {
                let shown = SignInError::IdentityTaken;
                Err(self
                    .not_admitted(settings, "identity_taken", Some(&account), shown, peer)
                    .await)
            }
        }
    }

    async fn known(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
    ) -> Result<Option<Account>, SignInError> {
        let key = AccountKey::Upstream {
            issuer: settings.issuer.clone(),
            subject: identity.subject.clone(),
        };
        Ok(self.parts.call(FindAccount { key }).await?)
    }

    async fn admit_newcomer(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        invitation: Option<SecretHash>,
        peer: &Peer,
    ) -> Result<Account, SignInError> {
        let turn = format!("{} {}", settings.issuer, identity.subject);
        let turn = self.parts.turns.begin(&turn).await?;
        let admitted = self
            .find_or_make(settings, identity, invitation, peer)
            .await;
        self.parts.turns.end(turn).await?;
        admitted
    }

    async fn find_or_make(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        invitation: Option<SecretHash>,
        peer: &Peer,
    ) -> Result<Account, SignInError> {
        // Another tab or node may have been first.
        if let Some(account) = self.known(settings, identity).await? {
            return Ok(account);
        }
        if let Some(email) = identity.trusted_email(settings)
            && let Some(account) = self.account_of_address(email).await?
        {
            if account.has_password {
                let shown = SignInError::AccountHasPassword;
                let reason = "account_has_password";
                return Err(self
                    .not_admitted(settings, reason, Some(&account), shown, peer)
                    .await);
            }
            return self.link_known(settings, identity, account, peer).await;
        }
        if settings.creates_accounts != AccountCreation::Never
            && let Some(secret) = invitation
            && let Some(account) = self.accept_for(settings, identity, secret, peer).await?
        {
            return self
                .link(account, &settings.issuer, &identity.subject)
                .await;
        }
        if settings.creates_accounts != AccountCreation::Always {
            let shown = SignInError::NoAccount;
            return Err(self
                .not_admitted(settings, "no_account", None, shown, peer)
                .await);
        }
        let trusted = identity.trusted_email(settings);
        let name = derived(identity, trusted);
        let email = identity.email.as_ref().map(|email| email.text.clone());
        let newcomer = Newcomer {
            display_name: shown(identity),
            name,
            email,
            is_email_verified: trusted.is_some(),
        };
        let account = self.make_account(&newcomer).await?;
        let account = self
            .link(account, &settings.issuer, &identity.subject)
            .await?;
        let entry = Entry::new("account.created", "ok")
            .by(&account.id)
            .from(peer)
            .with(format!("provider:{}", settings.id));
        self.parts.journal.note(entry).await;
        Ok(account)
    }

    /// Ties a new identity to an account.
    async fn link_known(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        account: Account,
        peer: &Peer,
    ) -> Result<Account, SignInError> {
        if let Some(reason) = refusal_of(&account) {
            let shown = SignInError::WrongCredentials;
            return Err(self
                .not_admitted(settings, reason, Some(&account), shown, peer)
                .await);
        }
        let link = LinkUpstream {
            id: account.id.clone(),
            issuer: settings.issuer.clone(),
            subject: identity.subject.clone(),
        };
        match self.parts.call(link).await {
            Ok(()) => {}
            // Since the look above.
            Err(ManagerError::Conflict(_)) => return Err(SignInError::IdentityTaken),
            Err(err) => return Err(err.into()),
        }
        let entry = Entry::new("account.linked", "ok")
            .by(&account.id)
            .from(peer)
            .with(format!("provider:{}", settings.id));
        self.parts.journal.note(entry).await;
        Ok(account)
    }

    /// Accepts an invitation for somebody new, whose provider proved the invited address: whoever made the link has it, too,
    /// and must not become the invited one by it. `None`: it is not for them, or not good.
    async fn accept_for(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        secret: SecretHash,
        peer: &Peer,
    ) -> Result<Option<Account>, SignInError> {
        let Some(invitation) = self.parts.call(FindInvitation { secret }).await? else {
            return Ok(None);
        };
        let is_theirs = identity.email.as_ref().is_some_and(|email| {
            email.is_verified && is_same_address(&email.text, &invitation.email)
        });
        // An existing account is its owner's, who is not signed in here yet.
        if !is_theirs || self.account_of_address(&invitation.email).await?.is_some() {
            let not_theirs = Err(SignInError::InvitationForAnother);
            self.note_acceptance(&invitation, &not_theirs, peer).await;
            return Ok(None);
        }
        let name = derived(identity, Some(&invitation.email));
        let mut username = name.exact().map(str::to_owned);
        for _ in 0..3 {
            let Some(username) = username.take().or_else(|| name.with_suffix()) else {
                break;
            };
            let accept = AcceptInvitation {
                secret,
                signed_in_as: None,
                username,
                display_name: shown(identity),
                password_hash: None,
            };
            match self.parts.call(accept).await {
                Ok(account) => {
                    let accepted = Ok(account);
                    self.note_acceptance(&invitation, &accepted, peer).await;
                    return accepted.map(Some);
                }
                // The name is taken, or the address was given away meanwhile: then the next one fails as well.
                Err(ManagerError::Conflict(_)) => {}
                Err(ManagerError::NotFound { .. }) => break,
                Err(err) => return Err(err.into()),
            }
        }
        tracing::debug!(provider = %settings.id, "an invitation was not accepted");
        Ok(None)
    }

    async fn not_admitted(
        &self,
        settings: &ProviderSettings,
        reason: &str,
        account: Option<&Account>,
        shown: SignInError,
        peer: &Peer,
    ) -> SignInError {
        let mut entry = Entry::new("sign_in.failed", reason)
            .from(peer)
            .with(format!("provider:{}", settings.id));
        entry.account = account.map(|account| &account.id);
        self.parts.journal.note(entry).await;
        shown
    }
}

/// What they are called here: what the provider calls them, else by their address.
fn derived(identity: &Identity, owned: Option<&str>) -> Derived {
    let address = identity.email.as_ref().map(|email| email.text.as_str());
    let wanted = identity.username.as_deref().or(address);
    Derived::from(wanted.unwrap_or_default(), owned)
}

fn shown(identity: &Identity) -> String {
    let address = identity.email.as_ref().map(|email| email.text.as_str());
    let otherwise = identity.username.as_deref().or(address).unwrap_or("?");
    names::shown(identity.name.as_deref(), otherwise)
}
