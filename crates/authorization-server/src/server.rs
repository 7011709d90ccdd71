use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde_json::Value;
use tidegate_control_plane::Manager;
use tidegate_login::BrowserSession;
use tidegate_oauth_types::{
    AuthorizationServerMetadata, OAuthError, Parameters, ProtectedResourceMetadata, Resource,
    ResourceMap,
};
use tidegate_store::{Counters, RateLimiter, TicketStore};
use tidegate_types::{AccountId, Clock, Peer, ScopeSet, SecretString, WorkspaceSlug};
use url::Url;

use crate::denied::{About, Denied};
use crate::fetch::Documents;
use crate::keys::KeyRing;
use crate::recorder::Recorder;
use crate::typed_tickets::TypedTickets;
use crate::{
    Authorize, ConsentDecision, ConsentError, ConsentView, DeviceReply, Fetcher, OAuthGate, Rules,
    TokenReply,
};

/// What an [`AuthorizationServer`] is made of.
pub struct Parts {
    /// The control plane.
    pub manager: Manager,
    /// What passes: transactions, codes, devices, clients before their first consent.
    pub tickets: Arc<dyn TicketStore>,
    /// Counts of registrations.
    pub counters: Arc<dyn Counters>,
    /// Rate limits, on the control plane.
    pub limits: Arc<dyn RateLimiter>,
    /// Issuer and resources; later ones by [`AuthorizationServer::set_resources`].
    pub resources: ResourceMap,
    /// Lifetimes and limits.
    pub rules: Rules,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fetches documents and keys of clients.
    pub fetcher: Arc<dyn Fetcher>,
    /// Flags.
    pub gate: Arc<dyn OAuthGate>,
}

/// Who stands at the browser when an authorization request comes in.
#[derive(Debug, Clone, Copy)]
pub struct BrowserContext<'a> {
    /// The address that the request came from.
    pub peer: &'a Peer,
    /// Who is signed in.
    pub session: Option<&'a BrowserSession>,
    /// Whether another site sent the browser here: `Sec-Fetch-Site` is anything but `none`, `same-origin` and
    /// `same-site`, or absent. Then nothing is agreed to without asking.
    pub is_cross_site: bool,
}

/// A request that a resource refused.
#[derive(Debug)]
pub struct RefusedRequest<'a> {
    /// A stable code.
    pub reason: &'static str,
    /// Whose it was, if that is known.
    pub account: Option<&'a AccountId>,
    /// For which workspace, as far as it exists or was named.
    pub workspace: Option<&'a WorkspaceSlug>,
    /// More, without secrets.
    pub detail: Option<String>,
    /// The address that the request came from.
    pub peer: &'a Peer,
}

/// The authorization server. Cloning is cheap.
#[derive(Clone)]
pub struct AuthorizationServer(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) manager: Manager,
    pub(crate) tickets: TypedTickets,
    pub(crate) counters: Arc<dyn Counters>,
    pub(crate) limits: Arc<dyn RateLimiter>,
    pub(crate) resources: ArcSwap<ResourceMap>,
    pub(crate) rules: Rules,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) documents: Documents,
    pub(crate) gate: Arc<dyn OAuthGate>,
    pub(crate) recorder: Recorder,
    pub(crate) keys: KeyRing,
}

impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer")
            .field("issuer", &self.0.issuer())
            .finish_non_exhaustive()
    }
}

impl AuthorizationServer {
    /// How long an access token is good.
    pub fn access_life(&self) -> Duration {
        self.0.rules.access_life
    }

    /// Puts the parts together. Within a tokio runtime, on which audit records are written.
    pub fn new(parts: Parts) -> Self {
        let keys = KeyRing::new(
            parts.manager.clone(),
            Arc::clone(&parts.clock),
            &parts.rules,
        );
        Self(Arc::new(Inner {
            tickets: TypedTickets::new(parts.tickets),
            counters: parts.counters,
            limits: parts.limits,
            resources: ArcSwap::from_pointee(parts.resources),
            rules: parts.rules,
            documents: Documents::new(parts.fetcher, Arc::clone(&parts.clock)),
            gate: parts.gate,
            recorder: Recorder::start(parts.manager.clone(), Arc::clone(&parts.clock)),
            keys,
            clock: parts.clock,
            manager: parts.manager,
        }))
    }

    /// Takes over hosts and workspaces that changed.
    pub fn set_resources(&self, resources: ResourceMap) {
        self.0.resources.store(Arc::new(resources));
    }

    /// Asks the manager for the signing keys the next time: to be called when its change log says that they changed.
    pub fn forget_keys(&self) {
        self.0.keys.forget();
    }

    /// Finds out by a URL whether documents of clients can be fetched, for as long as the node lives. Until that is known,
    /// and while they cannot, they are not offered to clients that could register instead. To be spawned: with a URL it
    /// never ends. Without one they are offered.
    pub async fn watch_documents(&self, url: Option<Url>) {
        self.0.documents.watch_reach(url).await;
    }

    /// Waits until the audit records so far are kept, or were given up; for shutdown and tests.
    pub async fn flush(&self) {
        self.0.recorder.flush().await;
    }

    /// `GET /oauth/authorize` (RFC 6749 §4.1.1).
    pub async fn authorize(&self, request: &Parameters, browser: BrowserContext<'_>) -> Authorize {
        self.0.authorize(request, browser).await
    }

    /// What the consent page of a transaction shows. The first account that opens it is the only one that may decide.
    ///
    /// # Errors
    /// See [`ConsentError`]; `SignInAgain` wants the sign-in page first.
    pub async fn consent(
        &self,
        transaction: &str,
        session: &BrowserSession,
    ) -> Result<ConsentView, ConsentError> {
        self.0.consent(transaction, session).await
    }

    /// Decides a transaction and returns where the browser goes. Deciding again, however, returns the same as the first
    /// time (browser extensions send forms twice).
    ///
    /// # Errors
    /// See [`ConsentError`].
    pub async fn decide(
        &self,
        transaction: &str,
        session: &BrowserSession,
        decision: ConsentDecision,
        peer: &Peer,
    ) -> Result<String, ConsentError> {
        let decided = self.0.decide(transaction, session, decision, peer).await;
        self.0
            .note_consent("consent.refused", decided, session, peer)
    }

    /// `POST /oauth/token` (RFC 6749 §3.2) with its `Authorization` header.
    ///
    /// # Errors
    /// What the client is to be told; the true reason is in the audit.
    pub async fn token(
        &self,
        authorization: Option<&str>,
        request: &Parameters,
        peer: &Peer,
    ) -> Result<TokenReply, OAuthError> {
        let reply = self.0.token(authorization, request, peer).await;
        self.0.note("token.refused", reply, peer)
    }

    /// `POST /oauth/revoke` (RFC 7009): ends the grant of the client's own token. An unknown token is no error.
    ///
    /// # Errors
    /// The client did not prove itself, `token` is missing, too many requests.
    pub async fn revoke(
        &self,
        authorization: Option<&str>,
        request: &Parameters,
        peer: &Peer,
    ) -> Result<(), OAuthError> {
        let done = self.0.revoke(authorization, request, peer).await;
        self.0.note("token.revocation_refused", done, peer)
    }

    /// `POST /oauth/introspect` (RFC 7662), for confidential clients about their own tokens and for administrators'
    /// API tokens (`Authorization: Bearer tg_pat_…`) about any. What is not active is `{"active": false}` and no more.
    ///
    /// # Errors
    /// The caller did not prove itself, `token` is missing, too many requests.
    pub async fn introspect(
        &self,
        authorization: Option<&str>,
        request: &Parameters,
        peer: &Peer,
    ) -> Result<Value, OAuthError> {
        let reply = self.0.introspect(authorization, request, peer).await;
        self.0.note("token.introspection_refused", reply, peer)
    }

    /// `POST /oauth/register` (RFC 7591). The answer, status 201, holds secrets: send it with `Cache-Control: no-store`.
    ///
    /// # Errors
    /// `invalid_client_metadata`, `invalid_redirect_uri`, `access_denied` where registration is off, too many requests.
    pub async fn register(&self, metadata: Value, peer: &Peer) -> Result<Value, OAuthError> {
        let reply = self.0.register(metadata, peer).await;
        self.0.note("client.registration_refused", reply, peer)
    }

    /// `GET /oauth/register/<client_id>` (RFC 7592 §2.1) with the token of its `Authorization: Bearer`.
    ///
    /// # Errors
    /// `invalid_token` (401), for an unknown client as well.
    pub async fn registration(
        &self,
        client_id: &str,
        bearer: Option<&str>,
        peer: &Peer,
    ) -> Result<Value, OAuthError> {
        let reply = self.0.registration(client_id, bearer, peer).await;
        self.0.note("client.registration_refused", reply, peer)
    }

    /// `DELETE /oauth/register/<client_id>` (RFC 7592 §2.3): status 204. A client that others registered as well goes on
    /// for them.
    ///
    /// # Errors
    /// `invalid_token` (401), for an unknown client as well.
    pub async fn unregister(
        &self,
        client_id: &str,
        bearer: Option<&str>,
        peer: &Peer,
    ) -> Result<(), OAuthError> {
        let done = self.0.unregister(client_id, bearer, peer).await;
        self.0.note("client.registration_refused", done, peer)
    }

    /// `POST /oauth/device_authorization` (RFC 8628 §3.1).
    ///
    /// # Errors
    /// What the client is to be told.
    pub async fn authorize_device(
        &self,
        authorization: Option<&str>,
        request: &Parameters,
        peer: &Peer,
    ) -> Result<DeviceReply, OAuthError> {
        let reply = self.0.authorize_device(authorization, request, peer).await;
        self.0.note("device.refused", reply, peer)
    }

    /// What the page shows after a person entered a user code.
    ///
    /// # Errors
    /// See [`ConsentError`]; a wrong code is `Unknown`.
    pub async fn device(
        &self,
        user_code: &str,
        session: &BrowserSession,
        peer: &Peer,
    ) -> Result<ConsentView, ConsentError> {
        let view = self.0.device(user_code, session).await;
        self.0.note_consent("device.refused", view, session, peer)
    }

    /// Decides a device's request.
    ///
    /// # Errors
    /// See [`ConsentError`].
    pub async fn decide_device(
        &self,
        user_code: &str,
        session: &BrowserSession,
        decision: ConsentDecision,
        peer: &Peer,
    ) -> Result<(), ConsentError> {
        let done = self
            .0
            .decide_device(user_code, session, decision, peer)
            .await;
        self.0.note_consent("device.refused", done, session, peer)
    }

    /// `POST /v1/auth/`: a short-lived access token for an API token's id (`name`) and `secret`.
    ///
    /// # Errors
    /// `invalid_grant` (401 there): not a live API token, or not under that name.
    pub async fn exchange_api_token(
        &self,
        name: &str,
        secret: &SecretString,
        peer: &Peer,
    ) -> Result<SecretString, OAuthError> {
        let token = self.0.exchange_api_token(name, secret, peer).await;
        self.0.note("api_token.exchange_refused", token, peer)
    }

    /// Keeps in the audit that a request to a resource was refused before anything was done for it; of many that are alike, few.
    pub fn note_refused_request(&self, refused: RefusedRequest<'_>) {
        let about = About {
            account: refused.account.cloned(),
            client: None,
            workspace: refused.workspace.cloned(),
        };
        self.0.recorder.refused(
            "mcp.refused",
            refused.reason,
            about,
            refused.peer,
            refused.detail,
        );
    }

    /// Scopes that some tool needs: the others are rights to nothing, and are offered nowhere.
    pub fn offered_scopes(&self) -> ScopeSet {
        self.0.rules.offered_scopes
    }

    /// `/.well-known/oauth-authorization-server` and its alias (RFC 8414). Says what is configured, whatever `Host` says.
    pub fn metadata(&self) -> AuthorizationServerMetadata {
        self.0.metadata()
    }

    /// `/.well-known/oauth-protected-resource` of a resource (RFC 9728). `None`: not one of ours.
    pub fn protected_resource(&self, resource: &Resource) -> Option<ProtectedResourceMetadata> {
        self.0.protected_resource(resource)
    }

    /// `/.well-known/jwks.json` (RFC 7517 §5).
    ///
    /// # Errors
    /// `temporarily_unavailable`: the manager cannot be reached, and nothing is remembered.
    pub async fn jwks(&self) -> Result<Value, OAuthError> {
        let keys = self.0.keys.current().await;
        keys.map(|keys| keys.jwks.clone()).map_err(|denied| {
            denied.log();
            denied.client_error()
        })
    }
}

impl Inner {
    pub(crate) fn issuer(&self) -> String {
        self.resources.load().issuer().to_owned()
    }

    /// Keeps the true reason of a refusal, and tells the public one.
    fn note<T>(
        &self,
        action: &'static str,
        outcome: Result<T, Denied>,
        peer: &Peer,
    ) -> Result<T, OAuthError> {
        outcome.map_err(|denied| {
            denied.log();
            let error = denied.client_error();
            // A device that waits asks every five seconds.
            if !denied.reason.is_waiting() {
                self.recorder
                    .refused(action, denied.audit_code(), denied.about, peer, None);
            }
            error
        })
    }

    fn note_consent<T>(
        &self,
        action: &'static str,
        outcome: Result<T, ConsentError>,
        session: &BrowserSession,
        peer: &Peer,
    ) -> Result<T, ConsentError> {
        outcome.inspect_err(|err| {
            let about = About {
                account: Some(session.account.id.clone()),
                ..About::default()
            };
            self.recorder.record(action, err.code(), about, peer, None);
        })
    }
}
