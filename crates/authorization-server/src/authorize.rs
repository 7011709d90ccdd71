//! The authorization endpoint: what is answered on a page, what by a redirect, and what a person is asked.

use tidegate_control_plane::client::ClientKind;
use tidegate_login::BrowserSession;
use tidegate_oauth_types::{
    AuthorizationParameters, AuthorizationRequest, GrantType, OAuthError, Parameters, RedirectKind,
    RedirectUri, Resource, Target, UnanswerableRequest,
};
use tidegate_store::LimitedEndpoint;
use tidegate_types::{ExposeSecret, GrantId, ScopeSet, WorkspaceSlug};

use crate::clients::{ClientProblem, FoundClient, host_of};
use crate::denied::{About, Denied, GrantTypeDenial, PromptDenial, ScopeDenial, TargetDenial};
use crate::server::Inner;
use crate::transaction::{Agreement, AuthorizationTransaction, refusal};
use crate::{Authorize, AuthorizeRefusal, BrowserContext, Verified, Withheld};

/// A request whose client and redirect URI are good, so that it may be answered by a redirect.
struct Answerable {
    found: FoundClient,
    redirect_uri: RedirectUri,
    is_redirect_given: bool,
    state: Option<String>,
}

/// What may be known of a resource before a person is.
pub(crate) struct Audience {
    pub(crate) resource: Resource,
    pub(crate) workspace: Option<WorkspaceSlug>,
}

impl Inner {
    pub(crate) async fn authorize(
        &self,
        parameters: &Parameters,
        browser: BrowserContext<'_>,
    ) -> Authorize {
        let request = match AuthorizationRequest::parse(parameters) {
            Ok(request) => request,
            Err(problem) => return self.refuse(unanswerable(&problem), About::default(), browser),
        };
        let about = About {
            client: Some(request.client_id.clone()),
            account: browser.session.map(|session| session.account.id.clone()),
            workspace: None,
        };
        let answerable = match self.check_client(&request, browser).await {
            Ok(answerable) => answerable,
            Err(refusal) => return self.refuse(refusal, about, browser),
        };
        let answered = self
            .answer(&answerable, request.asked, parameters, browser)
            .await;
        answered.unwrap_or_else(|denied| {
            denied.log();
            let audit_code = denied.audit_code();
            self.recorder
                .refused("authorize.refused", audit_code, about, browser.peer, None);
            self.tell(&answerable, denied.client_error())
        })
    }

    /// The client is told by the browser, which goes to a web site that nobody vouches for by a click only.
    fn tell(&self, answerable: &Answerable, error: OAuthError) -> Authorize {
        let OAuthError { code, description } = error;
        let to = &answerable.redirect_uri;
        let redirect = refusal(
            to,
            answerable.state.as_deref(),
            &self.issuer(),
            code.as_str(),
            &description,
        );
        if to.kind() != RedirectKind::Https || is_assured(&answerable.found, to) {
            return Authorize::Redirect(redirect);
        }
        Authorize::Withheld(Withheld {
            description: description.into_owned(),
            code: code.as_str(),
            host: to.shown_host(),
            redirect,
        })
    }

    fn refuse(
        &self,
        refusal: AuthorizeRefusal,
        about: About,
        browser: BrowserContext<'_>,
    ) -> Authorize {
        self.recorder.refused(
            "authorize.refused",
            refusal.code(),
            about,
            browser.peer,
            None,
        );
        Authorize::Refused(refusal)
    }

    /// Everything that must be right before the browser is sent anywhere.
    async fn check_client(
        &self,
        request: &AuthorizationRequest,
        browser: BrowserContext<'_>,
    ) -> Result<Answerable, AuthorizeRefusal> {
        let rate = self.rules.limits.authorize;
        self.admit_address(LimitedEndpoint::Authorize, rate, browser.peer)
            .await
            .map_err(|_| AuthorizeRefusal::TooMany)?;
        if let Some(off) = self.gate.off().await {
            return Err(AuthorizeRefusal::SwitchedOff(off));
        }
        let found = self
            .find_client(&request.client_id, Some(browser.peer))
            .await
            .map_err(of_problem)?;
        if found.client.kind == ClientKind::Machine {
            return Err(AuthorizeRefusal::NotForPeople);
        }
        let redirect_uri = match &request.redirect_uri {
            Some(requested) if found.metadata().allows_redirect(requested) => requested.clone(),
            Some(_) => return Err(AuthorizeRefusal::RedirectUriMismatch),
            None => only_redirect(&found).ok_or(AuthorizeRefusal::NoRedirectUri)?,
        };
        Ok(Answerable {
            found,
            redirect_uri,
            is_redirect_given: request.redirect_uri.is_some(),
            state: request.state.clone(),
        })
    }

    /// Everything that is told to the client by a redirect.
    async fn answer(
        &self,
        answerable: &Answerable,
        asked: Result<AuthorizationParameters, OAuthError>,
        parameters: &Parameters,
        browser: BrowserContext<'_>,
    ) -> Result<Authorize, Denied> {
        let asked = asked?;
        let found = &answerable.found;
        if !found
            .metadata()
            .grant_types
            .contains(&GrantType::AuthorizationCode)
        {
            return Err(GrantTypeDenial::AuthorizationCode.into());
        }
        let audience = self.audience(asked.resource.as_ref())?;
        if let Some(workspace) = &audience.workspace
            && let Some(off) = self.gate.off_in(workspace).await
        {
            return Err(off.into());
        }
        let requested = self.requested_scopes(found, &asked.scope);
        if requested.is_empty() {
            return Err(ScopeDenial::NoneLeft.into());
        }
        let now = self.clock.unix_secs();
        let text = |name: &str| parameters.get(name).map(str::to_owned);
        let wants_sign_in = asked.prompt.login || asked.prompt.select_account;
        let mut transaction = AuthorizationTransaction {
            client: found.client.id.clone(),
            redirect_uri: answerable.redirect_uri.clone(),
            is_redirect_given: answerable.is_redirect_given,
            state: answerable.state.clone(),
            challenge: asked.challenge,
            requested,
            ignored_scopes: asked.scope.ignored,
            scope_text: text("scope"),
            resource_text: text("resource"),
            resource: audience.resource,
            workspace: audience.workspace,
            signed_in_since: wants_sign_in.then_some(now),
            account: None,
            expires_at: now.saturating_add(secs(self.rules.transaction_life)),
            decided: None,
        };
        let may_be_silent = !(wants_sign_in || asked.prompt.consent || browser.is_cross_site);
        if may_be_silent
            && let Some(session) = browser.session
            && let Some(redirect) = self
                .agree_again(&transaction, found, session, browser)
                .await?
        {
            return Ok(Authorize::Redirect(redirect));
        }
        if asked.prompt.none {
            return Err(match browser.session {
                Some(_) => PromptDenial::ConsentRequired.into(),
                None => PromptDenial::LoginRequired.into(),
            });
        }
        if !wants_sign_in {
            transaction.account = browser.session.map(|session| session.account.id.clone());
        }
        let secret = self.begin(&transaction).await?;
        Ok(Authorize::Consent {
            transaction: secret.expose_secret().to_owned(),
        })
    }

    /// The resource that tokens will be for. One that is not ours is refused; none stands for the generic one, since
    /// real clients leave it out (C31).
    pub(crate) fn audience(&self, resource: Option<&Resource>) -> Result<Audience, Denied> {
        let resources = self.resources.load();
        let resource = resource.map_or_else(
            || resources.generic(),
            |asked| endpoint_of(asked, &resources),
        );
        match resources.find(&resource) {
            Some(Target::Generic) => Ok(Audience {
                resource,
                workspace: None,
            }),
            Some(Target::Workspace(workspace)) => Ok(Audience {
                resource,
                workspace: Some(workspace),
            }),
            None => Err(TargetDenial::Unknown.into()),
        }
    }

    /// What is asked for, or the client's or our default; within what the client may have.
    pub(crate) fn requested_scopes(
        &self,
        found: &FoundClient,
        asked: &tidegate_oauth_types::ScopeRequest,
    ) -> ScopeSet {
        let of_client = found.metadata().scope.as_deref().unwrap_or_default();
        let of_client = tidegate_oauth_types::ScopeRequest::parse(of_client);
        let default = of_client.narrowed(self.rules.default_scopes, ScopeSet::all());
        asked
            .narrowed(default, found.client.scopes)
            .narrowed_to(self.rules.offered_scopes)
    }

    /// A code without asking, where the same person agreed to as much before, for a client whose identity is assured,
    /// and the answer goes to where only it can read it (OWASP ASVS 5.0 V10.7.1).
    async fn agree_again(
        &self,
        transaction: &AuthorizationTransaction,
        found: &FoundClient,
        session: &BrowserSession,
        browser: BrowserContext<'_>,
    ) -> Result<Option<String>, Denied> {
        if session.must_change_password || !is_assured(found, &transaction.redirect_uri) {
            return Ok(None);
        }
        let account = &session.account.id;
        let choices = self
            .choices(
                account,
                found,
                transaction.requested,
                transaction.workspace.as_ref(),
            )
            .await?;
        // With several workspaces there is something to choose.
        let mut open = choices.iter().filter(|choice| choice.closed.is_none());
        let (Some(choice), None) = (open.next(), open.next()) else {
            return Ok(None);
        };
        let wanted = transaction.requested;
        let is_agreed = wanted.narrowed_to(choice.granted) == wanted
            && wanted.narrowed_to(choice.scopes) == wanted;
        let Some(earlier) = self
            .earlier_grant(account, found, &choice.slug, &transaction.resource)
            .await?
            .filter(|_| is_agreed)
        else {
            return Ok(None);
        };
        let agreement = Agreement {
            grant: GrantId::new(),
            client: found.client.id.clone(),
            account: account.clone(),
            workspace: choice.slug.clone(),
            resource: transaction.resource.clone(),
            scopes: wanted,
            offline: earlier.is_offline && found.may_refresh(),
            address: Some(browser.peer.address.to_string()),
        };
        let about = agreement.about();
        self.settle(found).await?;
        let code = self.issue_code(transaction, agreement).await?;
        self.recorder
            .record("consent.remembered", "ok", about, browser.peer, None);
        Ok(Some(code.redirect.expose_secret().to_owned()))
    }
}

/// The bare origin stands for its endpoint; tokens name the endpoint.
fn endpoint_of(asked: &Resource, resources: &tidegate_oauth_types::ResourceMap) -> Resource {
    let text = asked.as_str();
    let has_path = text
        .split_once("://")
        .is_some_and(|(_, rest)| rest.contains('/'));
    if has_path || resources.find(asked).is_none() {
        return asked.clone();
    }
    Resource::parse(&format!("{text}/mcp")).unwrap_or_else(|_| asked.clone())
}

/// A client's only redirect URI, unless any program of the machine could take its port.
fn only_redirect(found: &FoundClient) -> Option<RedirectUri> {
    let [only] = found.metadata().redirect_uris.as_slice() else {
        return None;
    };
    let only = RedirectUri::parse(only).ok()?;
    (only.kind() != RedirectKind::Loopback).then_some(only)
}

/// Whether it is certain who gets the answer: a client that an administrator or its own host vouches for, and a web
/// site of that host.
fn is_assured(found: &FoundClient, redirect_uri: &RedirectUri) -> bool {
    if redirect_uri.kind() != RedirectKind::Https {
        return false;
    }
    match found.verified() {
        Verified::No => false,
        Verified::ByAdministrator => true,
        Verified::ByHost(_) => host_of(&found.client.id) == Some(redirect_uri.shown_host()),
    }
}

fn unanswerable(problem: &UnanswerableRequest) -> AuthorizeRefusal {
    match problem {
        UnanswerableRequest::Malformed(_) => AuthorizeRefusal::Malformed,
        UnanswerableRequest::Client => AuthorizeRefusal::NoClient,
        UnanswerableRequest::Redirect(_) => AuthorizeRefusal::RedirectUriMismatch,
    }
}

/// Ends what a failure tells: the page says no more than that it failed.
fn of_problem(problem: ClientProblem) -> AuthorizeRefusal {
    match problem {
        ClientProblem::Unknown => AuthorizeRefusal::UnknownClient,
        ClientProblem::HostUnreachable { host } => AuthorizeRefusal::DocumentUnreachable { host },
        ClientProblem::DocumentUnavailable => AuthorizeRefusal::DocumentUnavailable,
        ClientProblem::DocumentInvalid(fault) => {
            fault.log();
            AuthorizeRefusal::DocumentInvalid
        }
        ClientProblem::DocumentHostRefused => AuthorizeRefusal::DocumentHostRefused,
        ClientProblem::TooMany => AuthorizeRefusal::TooMany,
        ClientProblem::Failed(denied) => {
            denied.log();
            AuthorizeRefusal::Unavailable
        }
    }
}

pub(crate) fn secs(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 4)
}
