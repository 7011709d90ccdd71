use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tidegate_manager::Manager;
use tidegate_oauth::{
    AuthorizationServerMetadata, OAuthError, Parameters, ProtectedResourceMetadata, Resource,
    ResourceMap,
};
use tidegate_signin::BrowserSession;
use tidegate_store::{RateLimiter, Tallies, TicketStore};
use tidegate_types::{Clock, Peer, SecretString};

use crate::{
    Authorize, ConsentError, ConsentView, Decision, DeviceReply, Fetcher, OAuthGate, Rules,
    TokenReply,
};

/// What an [`AuthorizationServer`] is made of.
pub struct Parts {
    /// The control plane.
    pub manager: Manager,
    /// What passes: transactions, codes, devices, clients before their first consent.
    pub tickets: Arc<dyn TicketStore>,
    /// Counts of registrations.
    pub tallies: Arc<dyn Tallies>,
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
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    /// From where.
    pub peer: &'a Peer,
    /// Who is signed in.
    pub session: Option<&'a BrowserSession>,
    /// Whether another site sent the browser here (`Sec-Fetch-Site: cross-site`, or no such header). Then nothing is
    /// agreed to without asking.
    pub is_cross_site: bool,
}

/// The authorization server. Cloning is cheap.
#[derive(Clone)]
pub struct AuthorizationServer {
    pub(crate) parts: Arc<Parts>,
}

impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer")
            .finish_non_exhaustive()
    }
}

impl AuthorizationServer {
    /// Puts the parts together. Within a tokio runtime, on which audit records are written.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Takes over hosts and workspaces that changed.
    pub fn set_resources(&self, resources: ResourceMap) {
        let _ = resources;
    }

    /// Waits until audit records so far are kept; for shutdown and tests.
    pub async fn flush(&self) {}

    /// `GET /oauth/authorize` (RFC 6749 §4.1.1).
    pub async fn authorize(&self, request: &Parameters, visit: Visit<'_>) -> Authorize {
        let _ = (request, visit);
        Authorize::Refused(crate::AuthorizeRefusal::Unavailable)
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
        let _ = (transaction, session);
        Err(ConsentError::Unknown)
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
        decision: Decision,
        peer: &Peer,
    ) -> Result<String, ConsentError> {
        let _ = (transaction, session, decision, peer);
        Err(ConsentError::Unknown)
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
        let _ = (authorization, request, peer);
        Err(OAuthError::invalid_grant())
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
        let _ = (authorization, request, peer);
        Err(OAuthError::invalid_client())
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
        let _ = (authorization, request, peer);
        Err(OAuthError::invalid_client())
    }

    /// `POST /oauth/register` (RFC 7591). The answer, status 201, holds secrets: send it with `Cache-Control: no-store`.
    ///
    /// # Errors
    /// `invalid_client_metadata`, `invalid_redirect_uri`, `access_denied` where registration is off, too many requests.
    pub async fn register(&self, metadata: Value, peer: &Peer) -> Result<Value, OAuthError> {
        let _ = (metadata, peer);
        Err(OAuthError::invalid_client())
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
        let _ = (client_id, bearer, peer);
        Err(OAuthError::invalid_client())
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
        let _ = (client_id, bearer, peer);
        Err(OAuthError::invalid_client())
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
        let _ = (authorization, request, peer);
        Err(OAuthError::invalid_client())
    }

    /// What the page shows after a person entered a user code.
    ///
    /// # Errors
    /// See [`ConsentError`]; a wrong code is `Unknown`.
    pub async fn device(
        &self,
        user_code: &str,
        session: &BrowserSession,
    ) -> Result<ConsentView, ConsentError> {
        let _ = (user_code, session);
        Err(ConsentError::Unknown)
    }

    /// Decides a device's request.
    ///
    /// # Errors
    /// See [`ConsentError`].
    pub async fn decide_device(
        &self,
        user_code: &str,
        session: &BrowserSession,
        decision: Decision,
        peer: &Peer,
    ) -> Result<(), ConsentError> {
        let _ = (user_code, session, decision, peer);
        Err(ConsentError::Unknown)
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
        let _ = (name, secret, peer);
        Err(OAuthError::invalid_grant())
    }

    /// `/.well-known/oauth-authorization-server` and its alias (RFC 8414). Says what is configured, whatever `Host` says.
    pub fn metadata(&self) -> AuthorizationServerMetadata {
        todo!()
    }

    /// `/.well-known/oauth-protected-resource` of a resource (RFC 9728). `None`: not one of ours.
    pub fn protected_resource(&self, resource: &Resource) -> Option<ProtectedResourceMetadata> {
        let _ = resource;
        None
    }

    /// `/.well-known/jwks.json` (RFC 7517 §5).
    ///
    /// # Errors
    /// `temporarily_unavailable`: the manager cannot be reached, and nothing is remembered.
    pub async fn jwks(&self) -> Result<Value, OAuthError> {
        Err(OAuthError::invalid_client())
    }
}
