//! Which account somebody has whom a provider signed in.

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::account::{
    Account, AccountKey, AdmittedAccount, FindAccount, LinkUpstream, UpstreamIdentity,
};
use tidegate_control_plane::invitation::{AcceptInvitation, FindInvitation};
use tidegate_oauth_types::SecretHash;
use tidegate_types::Peer;

use super::identity::Identity;
use super::transaction::{Owner, Purpose};
use crate::accounts::Newcomer;
use crate::invitation::is_same_address;
use crate::journal::Entry;
use crate::names::{self, Derived};
use crate::refusal::{AdmissionRefusal, SignInRefusal};
use crate::{AccountCreation, ProviderSettings, SignIn, SignInError};

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
            let refusal = AdmissionRefusal::DomainNotAllowed;
            return Err(self.not_admitted(settings, refusal, None, peer).await);
        }
        let account = match (purpose.connects, self.known(settings, identity).await?) {
            (None, Some(account)) => {
                self.verify_again(settings, identity, &account).await;
                account
            }
            (None, None) => {
                self.find_or_make(settings, identity, purpose.invitation, peer)
                    .await?
            }
            (Some(owner), known) => self.connect(settings, identity, owner, known, peer).await?,
        };
        if let Some(reason) = SignInRefusal::of(&account) {
            let refusal = AdmissionRefusal::Account(reason);
            return Err(self
                .not_admitted(settings, refusal, Some(&account), peer)
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
            // Again, which proves the address by now, if the provider is trusted for it.
            Some(known) if known.id == account.id => {
                self.link_known(settings, identity, account, peer).await
            }
            Some(_) => {
                let refusal = AdmissionRefusal::IdentityTaken;
                Err(self
                    .not_admitted(settings, refusal, Some(&account), peer)
                    .await)
            }
        }
    }

    /// The provider proved the account's own address, which is not verified, such as one that an earlier version took for
    /// verified. That it cannot be noted keeps nobody out.
    async fn verify_again(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        account: &Account,
    ) {
        let proved = identity.trusted_email(settings).filter(|proved| {
            let own = account.email.as_deref().unwrap_or_default();
            !account.is_email_verified && is_same_address(own, proved)
        });
        let Some(proved) = proved else { return };
        let link = LinkUpstream {
            id: account.id.clone(),
            issuer: settings.issuer.clone(),
            subject: identity.subject.clone(),
            proved_email: Some(proved.to_owned()),
        };
        if let Err(err) = self.parts.call(link).await {
            let err: &(dyn std::error::Error + 'static) = &err;
            tracing::warn!(
                error = err,
                "could not record that an email address was verified"
            );
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

    async fn find_or_make(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        invitation: Option<SecretHash>,
        peer: &Peer,
    ) -> Result<Account, SignInError> {
        if let Some(email) = identity.trusted_email(settings)
            && let Some(account) = self.account_of_address(email).await?
        {
            if account.has_password {
                let refusal = AdmissionRefusal::AccountHasPassword;
                return Err(self
                    .not_admitted(settings, refusal, Some(&account), peer)
                    .await);
            }
            return self.link_known(settings, identity, account, peer).await;
        }
        if settings.creates_accounts != AccountCreation::Never
            && let Some(secret) = invitation
            && let Some(account) = self.accept_for(settings, identity, secret, peer).await?
        {
            return Ok(account);
        }
        if settings.creates_accounts != AccountCreation::Always {
            let refusal = AdmissionRefusal::NoAccount;
            return Err(self.not_admitted(settings, refusal, None, peer).await);
        }
        let trusted = identity.trusted_email(settings);
        let newcomer = Newcomer {
            identity: identity_of(settings, identity),
            display_name: shown(identity),
            name: derived(identity, trusted),
            email: identity.email.as_ref().map(|email| email.text.clone()),
            is_email_verified: trusted.is_some(),
            place: None,
        };
        let AdmittedAccount { account, is_new } = self.make_account(newcomer).await?;
        // Another tab or node may have been first.
        if is_new {
            let entry = Entry::new("account.created", "ok")
                .by(&account.id)
                .from(peer)
                .with(format!("provider:{}", settings.id));
            self.parts.journal.note(entry).await;
        }
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
        if let Some(reason) = SignInRefusal::of(&account) {
            let refusal = AdmissionRefusal::Account(reason);
            return Err(self
                .not_admitted(settings, refusal, Some(&account), peer)
                .await);
        }
        let link = LinkUpstream {
            id: account.id.clone(),
            issuer: settings.issuer.clone(),
            subject: identity.subject.clone(),
            proved_email: identity.trusted_email(settings).map(str::to_owned),
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

    /// Accepts an invitation for somebody new, whose provider says that it verified the invited address: whoever made the link
    /// has it, too, and must not become the invited one by it. The account has the address verified only where the provider is
    /// trusted for it. `None`: it is not for them, or not good.
    async fn accept_for(
        &self,
        settings: &ProviderSettings,
        identity: &Identity,
        secret: SecretHash,
        peer: &Peer,
    ) -> Result<Option<Account>, SignInError> {
        let Some(invitation) = self.parts.call(FindInvitation { secret }).await? else {
            // Another tab or node may have taken it for the same person.
            return self.known(settings, identity).await;
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
        let proved = identity.trusted_email(settings);
        let name = derived(identity, proved);
        let mut username = name.exact().map(str::to_owned);
        if let Some(exact) = &username
            && !self.may_be_called(exact, proved, &invitation).await?
        {
            username = None;
        }
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
                identity: Some(identity_of(settings, identity)),
                is_email_proved: proved.is_some(),
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
        self.known(settings, identity).await
    }

    async fn not_admitted(
        &self,
        settings: &ProviderSettings,
        refusal: AdmissionRefusal,
        account: Option<&Account>,
        peer: &Peer,
    ) -> SignInError {
        let mut entry = Entry::new("sign_in.failed", refusal.audit_code())
            .from(peer)
            .with(format!("provider:{}", settings.id));
        entry.account = account.map(|account| &account.id);
        self.parts.journal.note(entry).await;
        refusal.into()
    }
}

fn identity_of(settings: &ProviderSettings, identity: &Identity) -> UpstreamIdentity {
    UpstreamIdentity {
        issuer: settings.issuer.clone(),
        subject: identity.subject.clone(),
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
