//! What a person sees before they let a client in, and what comes of their decision.

use tidegate_control_plane::client::NoteClientUse;
use tidegate_control_plane::grant::{FindLatestWorkspace, Grant, GrantFilter, ListGrants};
use tidegate_control_plane::policy::{ClientVerdict, JudgeClient};
use tidegate_control_plane::workspace::{FindWorkspace, ListMemberships, Membership};
use tidegate_login::BrowserSession;
use tidegate_oauth_types::{RedirectKind, RedirectUri, Resource};
use tidegate_store::TicketKind;
use tidegate_types::{AccountId, ExposeSecret, GrantId, Peer, Scope, ScopeSet, WorkspaceSlug};

use crate::clients::{ClientProblem, ClientSource, FoundClient};
use crate::denied::{DenialReason, Denied};
use crate::server::Inner;
use crate::transaction::{Agreement, AuthorizationTransaction, transaction_key};
use crate::typed_tickets::Versioned;
use crate::{
    AnswerView, ClientView, Closed, ConsentDecision, ConsentError, ConsentView, ConsentWarning,
    Verified, WorkspaceChoice,
};

/// Workspaces that one page offers.
const MOST_CHOICES: usize = 200;
/// The widest scope that is chosen at first, whatever a client asks for: more is for the person to choose. Many clients ask for
/// all that metadata name.
const MOST_PRESELECTED: Scope = Scope::Query;
/// How often a ticket that others change is tried again.
const TRIES: usize = 4;

/// Why a consent cannot be shown or decided now, beside parts of ours that failed. The log shows the code as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConsentObstacle {
    #[error("client_document: the client's document cannot be fetched")]
    ClientDocument,
    #[error("contended: others changed the request at the same time")]
    Contended,
}

impl From<ConsentObstacle> for ConsentError {
    fn from(obstacle: ConsentObstacle) -> Self {
        Self::Unavailable(Box::new(obstacle))
    }
}

impl From<Denied> for ConsentError {
    fn from(denied: Denied) -> Self {
        match *denied.reason {
            DenialReason::Rate(_) => Self::TooMany,
            _ => Self::Unavailable(Box::new(denied)),
        }
    }
}

impl From<ClientProblem> for ConsentError {
    fn from(problem: ClientProblem) -> Self {
        match problem {
            ClientProblem::DocumentInvalid(fault) => {
                fault.log();
                Self::ClientGone
            }
            ClientProblem::Unknown | ClientProblem::DocumentHostRefused => Self::ClientGone,
            ClientProblem::HostUnreachable { .. } | ClientProblem::DocumentUnavailable => {
                ConsentObstacle::ClientDocument.into()
            }
            ClientProblem::TooMany => Self::TooMany,
            ClientProblem::Failed(denied) => denied.into(),
        }
    }
}

/// What the person may agree to, whatever asks.
pub(crate) struct Offer<'a> {
    pub(crate) found: &'a FoundClient,
    pub(crate) requested: ScopeSet,
    pub(crate) ignored_scopes: &'a [String],
    pub(crate) workspace: Option<&'a WorkspaceSlug>,
    pub(crate) answer: AnswerView,
    pub(crate) warnings: Vec<ConsentWarning>,
    pub(crate) other_account: Option<String>,
    pub(crate) expires_at: i64,
}

/// What the person decided on, checked.
pub(crate) struct Allowed {
    pub(crate) workspace: WorkspaceSlug,
    pub(crate) scopes: ScopeSet,
    pub(crate) offline: bool,
}

impl Inner {
    pub(crate) async fn consent(
        &self,
        secret: &str,
        session: &BrowserSession,
    ) -> Result<ConsentView, ConsentError> {
        let transaction = self.open(secret, session).await?.value;
        if transaction.decided.is_some() {
            return Err(ConsentError::Unknown);
        }
        if let Some(off) = self.gate.off().await {
            return Err(ConsentError::SwitchedOff(off));
        }
        let found = self.client_of(&transaction).await?;
        check_owner(&found, &session.account.id)?;
        if matches!(found.source, ClientSource::Store { .. }) {
            self.keep_registration(&found.client).await;
        }
        let redirect = &transaction.redirect_uri;
        let offer = Offer {
            found: &found,
            requested: transaction.requested,
            ignored_scopes: &transaction.ignored_scopes,
            workspace: transaction.workspace.as_ref(),
            answer: AnswerView::Redirect {
                host: redirect.shown_place(),
                kind: redirect.kind(),
            },
            warnings: warnings(&found, redirect),
            other_account: Some(transaction.other_account()),
            expires_at: transaction.expires_at,
        };
        self.view(offer, &session.account.id).await
    }

    pub(crate) async fn view(
        &self,
        offer: Offer<'_>,
        account: &AccountId,
    ) -> Result<ConsentView, ConsentError> {
        let found = offer.found;
        let workspaces = self
            .choices(account, found, offer.requested, offer.workspace)
            .await?;
        let preselected = self.preselected(account, &workspaces).await?;
        Ok(ConsentView {
            client: ClientView {
                id: found.client.id.clone(),
                name: found.metadata().client_name.clone(),
                uri: found.metadata().client_uri.clone(),
                kind: found.client.kind,
                verified: found.verified(),
            },
            answer: offer.answer,
            workspaces,
            is_workspace_given: offer.workspace.is_some(),
            preselected_workspace: preselected,
            requested: offer.requested,
            preselected_scopes: offer.requested.narrowed_to(MOST_PRESELECTED.into()),
            ignored_scopes: offer.ignored_scopes.to_vec(),
            offers_offline: found.may_refresh(),
            access_life: self.rules.access_life,
            refresh_life: self.rules.refresh_life,
            grant_life: self.rules.grant_life,
            warnings: offer.warnings,
            other_account: offer.other_account,
            expires_at: offer.expires_at,
        })
    }

    /// The workspace that is chosen at first: the only one, or the one in which this person used a client last. Nobody lets a
    /// client into the first of many because of its name.
    async fn preselected(
        &self,
        account: &AccountId,
        choices: &[WorkspaceChoice],
    ) -> Result<Option<WorkspaceSlug>, Denied> {
        let is_open = |slug: &WorkspaceSlug| {
            choices
                .iter()
                .any(|choice| choice.closed.is_none() && choice.slug == *slug)
        };
        let last = match choices {
            [] => None,
            [only] => Some(only.slug.clone()),
            _ => {
                let account = account.clone();
                self.manager.call(FindLatestWorkspace { account }).await?
            }
        };
        Ok(last.filter(is_open))
    }

    pub(crate) async fn decide(
        &self,
        secret: &str,
        session: &BrowserSession,
        decision: ConsentDecision,
        peer: &Peer,
    ) -> Result<String, ConsentError> {
        for _ in 0..TRIES {
            let kept = self.open(secret, session).await?;
            // Whatever is decided now, the client hears what was decided first.
            if let Some(redirect) = kept.value.decided_redirect(secret) {
                return Ok(redirect);
            }
            let decided = match &decision {
                ConsentDecision::Deny => self.deny(secret, kept, session, peer).await?,
                ConsentDecision::Allow {
                    workspace,
                    scopes,
                    offline,
                } => {
                    let wish = Allowed {
                        workspace: workspace.clone(),
                        scopes: *scopes,
                        offline: *offline,
                    };
                    Box::pin(self.allow(secret, kept, session, wish, peer)).await?
                }
            };
            if let Some(redirect) = decided {
                return Ok(redirect);
            }
        }
        Err(ConsentObstacle::Contended.into())
    }

    async fn deny(
        &self,
        secret: &str,
        kept: Versioned<AuthorizationTransaction>,
        session: &BrowserSession,
        peer: &Peer,
    ) -> Result<Option<String>, ConsentError> {
        let redirect = kept.value.refusal(
            &self.issuer(),
            "access_denied",
            "the person did not let the client in",
        );
        let client = kept.value.client.clone();
        if !self.close(secret, kept, &redirect).await? {
            return Ok(None);
        }
        let about = crate::denied::About {
            account: Some(session.account.id.clone()),
            client: Some(client),
            workspace: None,
        };
        self.recorder
            .record("consent.denied", "ok", about, peer, None);
        Ok(Some(redirect))
    }

    /// `None`: somebody decided meanwhile.
    async fn allow(
        &self,
        secret: &str,
        kept: Versioned<AuthorizationTransaction>,
        session: &BrowserSession,
        wish: Allowed,
        peer: &Peer,
    ) -> Result<Option<String>, ConsentError> {
        if let Some(off) = self.gate.off().await {
            return Err(ConsentError::SwitchedOff(off));
        }
        let transaction = &kept.value;
        let account = &session.account.id;
        let found = self.client_of(transaction).await?;
        check_owner(&found, account)?;
        let allowed = self
            .check_wish(
                account,
                &found,
                transaction.requested,
                transaction.workspace.as_ref(),
                wish,
            )
            .await?;
        let agreement = Agreement {
            grant: GrantId::new(),
            client: found.client.id.clone(),
            account: account.clone(),
            workspace: allowed.workspace,
            resource: transaction.resource.clone(),
            scopes: allowed.scopes,
            offline: allowed.offline,
            address: Some(peer.address.to_string()),
        };
        let about = agreement.about();
        let detail = describe(&agreement);
        self.settle(&found).await?;
        let code = self.issue_code(transaction, agreement).await?;
        let redirect = code.redirect.expose_secret().to_owned();
        if !self.close(secret, kept, &redirect).await? {
            self.withdraw_code(&code).await;
            return Ok(None);
        }
        let id = found.client.id.clone();
        let _ = self.manager.call(NoteClientUse { id }).await;
        self.recorder
            .record("consent.allowed", "ok", about, peer, Some(detail));
        Ok(Some(redirect))
    }

    /// What is left of a person's wish: a workspace of theirs that the request and the rules allow, and scopes that
    /// were offered there.
    pub(crate) async fn check_wish(
        &self,
        account: &AccountId,
        found: &FoundClient,
        requested: ScopeSet,
        given: Option<&WorkspaceSlug>,
        wish: Allowed,
    ) -> Result<Allowed, ConsentError> {
        if given.is_some_and(|given| *given != wish.workspace) {
            return Err(ConsentError::Closed(Closed::NotForThisClient));
        }
        let choices = self
            .choices(account, found, requested, Some(&wish.workspace))
            .await?;
        let choice = choices.first().ok_or(ConsentError::NotAMember)?;
        if let Some(closed) = choice.closed {
            return Err(ConsentError::Closed(closed));
        }
        let scopes = wish.scopes.narrowed_to(choice.scopes);
        if scopes.is_empty() {
            return Err(ConsentError::Closed(Closed::NothingAllowed));
        }
        Ok(Allowed {
            workspace: wish.workspace,
            scopes,
            offline: wish.offline && found.may_refresh(),
        })
    }

    /// The transaction, once it is certain that this person may see it. The first who opens it keeps it.
    async fn open(
        &self,
        secret: &str,
        session: &BrowserSession,
    ) -> Result<Versioned<AuthorizationTransaction>, ConsentError> {
        let key = transaction_key(secret).ok_or(ConsentError::Unknown)?;
        let account = &session.account.id;
        for _ in 0..TRIES {
            let kept = self
                .tickets
                .get::<AuthorizationTransaction>(TicketKind::Transaction, &key)
                .await
                .map_err(Denied::from)?
                .ok_or(ConsentError::Unknown)?;
            let transaction = &kept.value;
            let is_over = transaction.expires_at <= self.clock.unix_secs();
            if is_over {
                return Err(ConsentError::Unknown);
            }
            if transaction
                .account
                .as_ref()
                .is_some_and(|owner| owner != account)
            {
                return Err(ConsentError::OtherAccount);
            }
            let is_stale = transaction
                .signed_in_since
                .is_some_and(|since| session.signed_in_at < since);
            if is_stale || session.must_change_password {
                return Err(ConsentError::SignInAgain);
            }
            if transaction.account.is_some() {
                return Ok(kept);
            }
            let mut bound = transaction.clone();
            bound.account = Some(account.clone());
            // Read again afterwards, so that what is returned is what lies there.
            self.swap(&key, &kept, &bound).await?;
        }
        Err(ConsentObstacle::Contended.into())
    }

    /// Notes where the browser was sent. `false`: somebody decided meanwhile.
    async fn close(
        &self,
        secret: &str,
        kept: Versioned<AuthorizationTransaction>,
        redirect: &str,
    ) -> Result<bool, ConsentError> {
        let key = transaction_key(secret).ok_or(ConsentError::Unknown)?;
        let mut decided = kept.value.clone();
        decided.decide(secret, redirect);
        self.swap(&key, &kept, &decided).await
    }

    async fn swap(
        &self,
        key: &str,
        old: &Versioned<AuthorizationTransaction>,
        new: &AuthorizationTransaction,
    ) -> Result<bool, ConsentError> {
        let rest = self.rest_of(new);
        let swapped = self
            .tickets
            .replace(TicketKind::Transaction, key, &old.raw, new, rest)
            .await
            .map_err(Denied::from)?;
        Ok(swapped)
    }

    /// The client as it is now; its redirect URI must still be its own.
    async fn client_of(
        &self,
        transaction: &AuthorizationTransaction,
    ) -> Result<FoundClient, ConsentError> {
        let found = self.find_client(&transaction.client, None).await?;
        if found.metadata().allows_redirect(&transaction.redirect_uri) {
            Ok(found)
        } else {
            Err(ConsentError::ClientGone)
        }
    }

    /// The person's workspaces, or the given one if it is theirs, with what can be agreed to in each.
    pub(crate) async fn choices(
        &self,
        account: &AccountId,
        found: &FoundClient,
        requested: ScopeSet,
        given: Option<&WorkspaceSlug>,
    ) -> Result<Vec<WorkspaceChoice>, Denied> {
        let memberships = self
            .manager
            .call(ListMemberships {
                account: account.clone(),
            })
            .await?;
        let memberships = memberships
            .into_iter()
            .filter(|place| given.is_none_or(|given| *given == place.workspace))
            .take(MOST_CHOICES);
        let grants = self.live_grants(account, found).await?;
        let mut choices = Vec::new();
        for membership in memberships {
            choices.extend(self.choice(found, requested, membership, &grants).await?);
        }
        choices.sort_by(|a, b| (&a.title, &a.slug).cmp(&(&b.title, &b.slug)));
        Ok(choices)
    }

    async fn choice(
        &self,
        found: &FoundClient,
        requested: ScopeSet,
        membership: Membership,
        grants: &[Grant],
    ) -> Result<Option<WorkspaceChoice>, Denied> {
        let slug = membership.workspace.clone();
        let Some(workspace) = self
            .manager
            .call(FindWorkspace { slug: slug.clone() })
            .await?
        else {
            return Ok(None);
        };
        let granted: ScopeSet = grants
            .iter()
            .filter(|grant| grant.workspace == slug)
            .flat_map(|grant| grant.scopes.expanded().iter().collect::<Vec<_>>())
            .collect();
        // A client that asks for more adds to what it has (C34); the person still chooses.
        let wanted: ScopeSet = requested.iter().chain(granted.iter()).collect();
        let scopes = wanted
            .narrowed_to(membership.role.scopes())
            .narrowed_to(found.client.scopes)
            .narrowed_to(self.rules.offered_scopes);
        let closed = self
            .closed(found, &membership, workspace.is_hibernated, scopes)
            .await?;
        Ok(Some(WorkspaceChoice {
            slug,
            title: workspace.title,
            region: workspace.region,
            role: membership.role,
            scopes,
            granted: granted.narrowed_to(scopes),
            closed,
        }))
    }

    async fn closed(
        &self,
        found: &FoundClient,
        membership: &Membership,
        is_hibernated: bool,
        scopes: ScopeSet,
    ) -> Result<Option<Closed>, Denied> {
        let slug = &membership.workspace;
        if let Some(off) = self.gate.off_in(slug).await {
            return Ok(Some(Closed::SwitchedOff(off)));
        }
        if is_hibernated {
            return Ok(Some(Closed::Hibernated));
        }
        let only = found.client.workspace.as_ref();
        if only.is_some_and(|only| only != slug) {
            return Ok(Some(Closed::NotForThisClient));
        }
        let verdict = self
            .manager
            .call(JudgeClient {
                workspace: slug.clone(),
                account: membership.account.clone(),
                client: found.client.id.clone(),
                hosts: found.hosts(),
            })
            .await?;
        Ok(match verdict {
            ClientVerdict::Blocked => Some(Closed::ClientBlocked),
            ClientVerdict::NeedsApproval => Some(Closed::ClientNeedsApproval),
            ClientVerdict::Approved | ClientVerdict::Allowed => {
                scopes.is_empty().then_some(Closed::NothingAllowed)
            }
        })
    }

    async fn live_grants(
        &self,
        account: &AccountId,
        found: &FoundClient,
    ) -> Result<Vec<Grant>, Denied> {
        if matches!(found.source, ClientSource::Store { .. } | ClientSource::Web) {
            return Ok(Vec::new());
        }
        let filter = GrantFilter {
            account: Some(account.clone()),
            client: Some(found.client.id.clone()),
            ..GrantFilter::default()
        };
        let listed = self.manager.call(ListGrants { filter }).await?;
        let now = self.clock.unix_secs();
        Ok(listed
            .into_iter()
            .map(|summary| summary.grant)
            .filter(|grant| grant.ended.is_none() && grant.expires_at > now)
            .collect())
    }

    /// The newest live grant of the same account, client, workspace and resource.
    pub(crate) async fn earlier_grant(
        &self,
        account: &AccountId,
        found: &FoundClient,
        workspace: &WorkspaceSlug,
        resource: &Resource,
    ) -> Result<Option<Grant>, Denied> {
        let grants = self.live_grants(account, found).await?;
        Ok(grants
            .into_iter()
            .find(|grant| grant.workspace == *workspace && grant.resource == resource.as_str()))
    }
}

/// A client that a person made for themselves asks nobody else: its name is that person's invention.
pub(crate) fn check_owner(found: &FoundClient, account: &AccountId) -> Result<(), ConsentError> {
    match &found.client.owner {
        Some(owner) if owner != account => Err(ConsentError::NotYours),
        _ => Ok(()),
    }
}

fn warnings(found: &FoundClient, redirect: &RedirectUri) -> Vec<ConsentWarning> {
    let verified = found.verified();
    let mut warnings = Vec::new();
    if verified == Verified::No {
        warnings.push(ConsentWarning::Unverified);
    }
    match (redirect.kind(), verified) {
        (RedirectKind::Https, Verified::ByHost(host)) => {
            let target = redirect.shown_host();
            let is_same = target == host || target.ends_with(&format!(".{host}"));
            if !is_same {
                warnings.push(ConsentWarning::OtherHost);
            }
        }
        (RedirectKind::Https, _) => {}
        (RedirectKind::Loopback, _) => warnings.push(ConsentWarning::LocalProgram),
        (RedirectKind::PrivateScheme, _) => warnings.push(ConsentWarning::PrivateScheme),
    }
    warnings
}

/// For the audit.
pub(crate) fn describe(agreement: &Agreement) -> String {
    let offline = if agreement.offline { ", offline" } else { "" };
    format!(
        "grant {}: {}{offline}, for {}",
        agreement.grant, agreement.scopes, agreement.resource
    )
}
