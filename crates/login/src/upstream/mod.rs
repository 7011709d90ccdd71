//! Signing in by an upstream OpenID provider: authorization code with state, nonce and PKCE (OpenID Connect Core §3.1,
//! RFC 9700 §2.1).

mod admission;
mod discovery;
mod groups;
mod http;
mod id_token;
mod identity;
mod provider;
mod refusal;
mod transaction;

use std::time::Duration;

use tidegate_oauth_types::{IssuedSecret, Parameters, SecretHash, SecretKind};
use tidegate_types::{Peer, SecretString};

use self::identity::Identity;
pub(crate) use self::provider::Provider;
use self::refusal::UpstreamRefusal;
use self::transaction::{Owner, Purpose, UpstreamTransaction};
use crate::journal::Entry;
use crate::{BrowserSession, NewSession, ReturnTo, SignIn, SignInError};

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

/// Sign-ins that a network may begin in a minute: each is kept for ten.
const MOST_BEGUN: u64 = 60;
const MINUTE: Duration = Duration::from_mins(1);

impl SignIn {
    /// The upstream providers, in the order of their buttons.
    pub fn providers(&self) -> Vec<ProviderInfo> {
        self.parts
            .providers
            .iter()
            .map(|provider| ProviderInfo {
                id: provider.settings.id.clone(),
                title: provider.settings.title.clone(),
            })
            .collect()
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
        let invitation = invitation
            .and_then(|secret| SecretHash::of_presented(SecretKind::Invitation, secret).ok());
        let purpose = Purpose {
            return_to: return_to.as_str().to_owned(),
            invitation,
            connects: None,
        };
        self.go_upstream(provider, purpose, peer).await
    }

    /// Begins to connect a provider to the account that is signed in, for accounts that have a password. It ends with
    /// [`SignIn::finish_upstream`] as well, and from then on the provider opens this account.
    ///
    /// # Errors
    /// As [`SignIn::begin_upstream`].
    pub async fn connect_upstream(
        &self,
        session: &BrowserSession,
        provider: &str,
        return_to: &ReturnTo,
        peer: &Peer,
    ) -> Result<Upstream, SignInError> {
        let owner = Owner {
            account: session.account.id.clone(),
            standing: session.account.sessions_valid_from,
        };
        let purpose = Purpose {
            return_to: return_to.as_str().to_owned(),
            invitation: None,
            connects: Some(owner),
        };
        self.go_upstream(provider, purpose, peer).await
    }

    async fn go_upstream(
        &self,
        provider: &str,
        purpose: Purpose,
        peer: &Peer,
    ) -> Result<Upstream, SignInError> {
        let provider = self.provider(provider)?;
        self.count_begun(peer).await?;
        let departure = match provider.depart().await {
            Ok(departure) => departure,
            Err(refused) => return Err(self.refused(provider, refused, peer).await),
        };
        let binding = IssuedSecret::draw(SecretKind::Transaction);
        let transaction = UpstreamTransaction::new(
            provider.settings.id.clone(),
            departure.nonce,
            departure.verifier,
            binding.hash,
            purpose,
        );
        transaction
            .keep(&self.parts.tickets, &departure.state)
            .await?;
        Ok(Upstream {
            redirect: departure.url.into(),
            binding: binding.text,
        })
    }

    /// Ends a sign-in at a provider: what came to its callback, and the binding cookie. Also gives where the browser
    /// goes now.
    ///
    /// # Errors
    /// `UnknownProvider`, `NotBegunHere`, `Provider`, `NoAccount`, `AccountHasPassword`, `IdentityTaken`,
    /// `WrongCredentials` (the account is switched off), `SignedOut`, `Busy`;
    /// `Unavailable`, `Internal`.
    pub async fn finish_upstream(
        &self,
        provider: &str,
        parameters: &Parameters,
        binding: &str,
        peer: &Peer,
    ) -> Result<(NewSession, ReturnTo), SignInError> {
        let provider = self.provider(provider)?;
        let (transaction, identity) = match self.identify(provider, parameters, binding).await? {
            Ok(identified) => identified,
            Err(Some(refused)) => return Err(self.refused(provider, refused, peer).await),
            Err(None) => {
                let entry = Entry::new("sign_in.failed", "not_begun_here").from(peer);
                self.parts
                    .journal
                    .note(entry.with(&*provider.settings.id))
                    .await;
                return Err(SignInError::NotBegunHere);
            }
        };
        let purpose = transaction.purpose;
        // It was checked before it was kept, and is checked again: others could write to the store.
        let return_to = ReturnTo::parse(Some(&purpose.return_to));
        let account = self
            .admit(&provider.settings, &identity, purpose, peer)
            .await?;
        let how = format!("provider:{}", provider.settings.id);
        let session = self.begin(account, &how, peer).await?;
        Ok((session, return_to))
    }

    /// Who the provider's answer is about; `Err(None)` when it is not an answer to this browser.
    async fn identify(
        &self,
        provider: &Provider,
        parameters: &Parameters,
        binding: &str,
    ) -> Result<Result<(UpstreamTransaction, Identity), Option<UpstreamRefusal>>, SignInError> {
        let state = parameters.get("state").unwrap_or_default();
        let id = &provider.settings.id;
        let transaction =
            UpstreamTransaction::take(&self.parts.tickets, state, id, binding).await?;
        let Some(transaction) = transaction else {
            return Ok(Err(None));
        };
        let identified = identify_by(provider, parameters, &transaction).await;
        Ok(match identified {
            Ok(identity) => Ok((transaction, identity)),
            Err(refused) => Err(Some(refused)),
        })
    }

    fn provider(&self, id: &str) -> Result<&Provider, SignInError> {
        self.parts
            .providers
            .iter()
            .find(|provider| provider.settings.id == id)
            .ok_or(SignInError::UnknownProvider)
    }

    async fn count_begun(&self, peer: &Peer) -> Result<(), SignInError> {
        let seconds = i64::try_from(MINUTE.as_secs()).unwrap_or(i64::MAX);
        let now = self.parts.clock.unix_secs();
        let name = format!("signin:begun:{}:{}", peer.network(), now / seconds);
        if self.parts.counters.add(&name, MINUTE).await? <= MOST_BEGUN {
            return Ok(());
        }
        let left = seconds - now.rem_euclid(seconds);
        Err(SignInError::Locked {
            retry_after: Duration::from_secs(u64::try_from(left).unwrap_or(60)),
        })
    }

    /// Records the true reason, and says what may be said.
    async fn refused(
        &self,
        provider: &Provider,
        refusal: UpstreamRefusal,
        peer: &Peer,
    ) -> SignInError {
        log(provider, &refusal);
        let entry = Entry::new("sign_in.failed", refusal.audit_code()).from(peer);
        self.parts
            .journal
            .note(entry.with(&*provider.settings.id))
            .await;
        SignInError::Provider(refusal.shown())
    }
}

async fn identify_by(
    provider: &Provider,
    parameters: &Parameters,
    transaction: &UpstreamTransaction,
) -> Result<Identity, UpstreamRefusal> {
    // Before anything that the answer says is believed or sent anywhere.
    if !provider.is_answer_of(parameters.get("iss")).await? {
        return Err(UpstreamRefusal::OtherIssuer);
    }
    if let Some(error) = parameters.get("error") {
        return Err(refusal_of_answer(error));
    }
    let code = parameters.get("code").ok_or(UpstreamRefusal::NoCode)?;
    let claims = provider
        .claims(code, transaction.verifier.clone(), &transaction.nonce)
        .await?;
    Identity::read(&claims, &provider.settings.claims).ok_or(UpstreamRefusal::NoSubject)
}

/// What a provider's error means (OpenID Connect Core §3.1.2.6). Its own words are not shown to anybody: whoever makes a link
/// writes them.
fn refusal_of_answer(error: &str) -> UpstreamRefusal {
    match error {
        "access_denied" => UpstreamRefusal::Denied,
        "login_required"
        | "interaction_required"
        | "account_selection_required"
        | "consent_required" => UpstreamRefusal::WantsInteraction,
        "temporarily_unavailable" => UpstreamRefusal::Unavailable,
        _ => UpstreamRefusal::Error,
    }
}

/// What an operator needs beside the audit: why a provider could not be asked.
fn log(provider: &Provider, refusal: &UpstreamRefusal) {
    let id = &provider.settings.id;
    match refusal {
        UpstreamRefusal::Http(err) => {
            let error: &(dyn std::error::Error + 'static) = err;
            tracing::warn!(error, provider = %id, "could not ask a provider");
        }
        UpstreamRefusal::Discovery(err) => {
            let error: &(dyn std::error::Error + 'static) = err;
            tracing::warn!(error, provider = %id, "could not discover a provider");
        }
        _ => {}
    }
}
