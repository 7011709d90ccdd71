//! What the tests stand on: people, workspaces, clients, and the way from a request to tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_authorization_server::{
    AuthorizationServer, Authorize, AuthorizeRefusal, BrowserContext, ConsentDecision, FetchError,
    Fetched, Fetcher, OAuthGate, Parts, Rules, SwitchedOff, TokenReply,
};
use tidegate_control_plane::account::{Account, CreateAccount};
use tidegate_control_plane::audit::{AuditEvent, AuditFilter, ListEvents};
use tidegate_control_plane::grant::{GrantFilter, ListGrants};
use tidegate_control_plane::workspace::{DeclareWorkspaces, SetMembership, Workspace};
use tidegate_control_plane::{LocalManager, LocalSettings, Manager, Operation};
use tidegate_login::{BrowserSession, CsrfToken};
use tidegate_oauth_types::{
    AccessTokenClaims, CodeChallenge, ErrorCode, OAuthError, Parameters, ResourceMap, SecretHash,
    VerificationKeys,
};
use tidegate_store::SharedState;
use tidegate_store_memory::{MemoryLimits, memory_state};
use tidegate_types::{Clock, ExposeSecret, ManualClock, Peer, Role, ScopeSet, WorkspaceSlug};
use url::Url;

pub(crate) const ISSUER: &str = "https://tidegate.example";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const LOOPBACK: &str = "http://127.0.0.1:33418/callback";
pub(crate) const START: i64 = 1_795_000_000;

pub(crate) fn slug(text: &str) -> WorkspaceSlug {
    text.parse().unwrap()
}

pub(crate) fn scopes(text: &str) -> ScopeSet {
    text.parse().unwrap()
}

pub(crate) fn peer() -> Peer {
    peer_at("198.51.100.7")
}

pub(crate) fn peer_at(address: &str) -> Peer {
    Peer {
        address: address.parse().unwrap(),
        user_agent: Some("test".to_owned()),
    }
}

pub(crate) fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().copied().collect()
}

/// The web as the server sees it: documents by URL.
#[derive(Default)]
pub(crate) struct Web {
    pub(crate) documents: Mutex<BTreeMap<String, Result<Value, FetchError>>>,
    pub(crate) fetches: Mutex<Vec<String>>,
}

impl Web {
    pub(crate) fn serve(&self, url: &str, document: Value) {
        self.answer(url, Ok(document));
    }

    pub(crate) fn answer(&self, url: &str, answer: Result<Value, FetchError>) {
        self.documents
            .lock()
            .unwrap()
            .insert(url.to_owned(), answer);
    }

    pub(crate) fn fetches_of(&self, url: &str) -> usize {
        let fetches = self.fetches.lock().unwrap();
        fetches.iter().filter(|fetched| *fetched == url).count()
    }
}

#[async_trait::async_trait]
impl Fetcher for Web {
    async fn fetch(&self, url: &Url, most_bytes: usize) -> Result<Fetched, FetchError> {
        self.fetches.lock().unwrap().push(url.to_string());
        let documents = self.documents.lock().unwrap();
        let answer = documents.get(url.as_str()).cloned();
        let body = serde_json::to_vec(&answer.unwrap_or(Err(FetchError::Unreachable))?).unwrap();
        if body.len() > most_bytes {
            return Err(FetchError::TooLarge);
        }
        let body = Bytes::from(body);
        Ok(Fetched {
            body,
            fresh_for: None,
        })
    }
}

/// Flags that tests switch.
#[derive(Default)]
pub(crate) struct Switches {
    pub(crate) off: Mutex<Option<SwitchedOff>>,
    pub(crate) off_in: Mutex<BTreeSet<WorkspaceSlug>>,
}

#[async_trait::async_trait]
impl OAuthGate for Switches {
    async fn off(&self) -> Option<SwitchedOff> {
        *self.off.lock().unwrap()
    }

    async fn off_in(&self, workspace: &WorkspaceSlug) -> Option<SwitchedOff> {
        let is_off = self.off_in.lock().unwrap().contains(workspace);
        let own = is_off.then_some(SwitchedOff::OAuthInWorkspace);
        self.off().await.or(own)
    }
}

pub(crate) struct Bench {
    pub(crate) server: AuthorizationServer,
    pub(crate) manager: Manager,
    pub(crate) state: SharedState,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) web: Arc<Web>,
    pub(crate) switches: Arc<Switches>,
    pub(crate) rules: Rules,
    /// An editor of `acme`, and of nothing else.
    pub(crate) ana: Account,
    _folder: TempDir,
}

impl Bench {
    /// One node on SQLite and memory, with a clock that stands still.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let clock = Arc::new(ManualClock::at(DateTime::from_timestamp(START, 0).unwrap()));
        let state = memory_state(Arc::clone(&clock) as _, MemoryLimits::default());
        let folder = tempfile::tempdir().unwrap();
        let settings = LocalSettings::Sqlite {
            path: folder.path().join("manager.sqlite"),
            secret: None,
        };
        let manager = LocalManager::open(settings, Arc::clone(&clock) as _).await;
        let manager = Manager::Local(Arc::new(manager.unwrap()));
        let mut rules = Rules::default();
        change(&mut rules);
        Self::on(manager, state, clock, folder, rules).await
    }

    pub(crate) async fn on(
        manager: Manager,
        state: SharedState,
        clock: Arc<ManualClock>,
        folder: TempDir,
        rules: Rules,
    ) -> Self {
        let web = Arc::new(Web::default());
        let switches = Arc::new(Switches::default());
        declare(&manager, &["acme", "rival"]).await;
        let ana = person(&manager, "ana").await;
        join(&manager, "acme", &ana, Role::Editor).await;
        let server = node(&manager, &state, &clock, &web, &switches, &rules);
        Self {
            server,
            manager,
            state,
            clock,
            web,
            switches,
            rules,
            ana,
            _folder: folder,
        }
    }

    /// Another node of the same deployment.
    pub(crate) fn other_node(&self, state: &SharedState) -> AuthorizationServer {
        node(
            &self.manager,
            state,
            &self.clock,
            &self.web,
            &self.switches,
            &self.rules,
        )
    }

    pub(crate) async fn call<O: Operation>(&self, operation: O) -> O::Reply {
        self.manager.call(operation).await.unwrap()
    }

    pub(crate) async fn person(&self, name: &str) -> Account {
        person(&self.manager, name).await
    }

    pub(crate) async fn join(&self, workspace: &str, account: &Account, role: Role) {
        join(&self.manager, workspace, account, role).await;
    }

    /// A browser session of somebody who signed in just now.
    pub(crate) fn session(&self, account: &Account) -> BrowserSession {
        BrowserSession {
            account: account.clone(),
            csrf: CsrfToken::of_cookie(account.id.as_str()),
            signed_in_at: self.clock.unix_secs(),
            password_entered_at: None,
            must_change_password: false,
            key: SecretHash::of(account.id.as_str()),
        }
    }

    pub(crate) fn ana(&self) -> BrowserSession {
        self.session(&self.ana)
    }

    pub(crate) async fn register(&self, metadata: Value) -> Value {
        self.server.register(metadata, &peer()).await.unwrap()
    }

    /// How many live grants a client has.
    pub(crate) async fn grants(&self, client: &str) -> usize {
        let filter = GrantFilter {
            client: Some(client.parse().unwrap()),
            ..GrantFilter::default()
        };
        self.call(ListGrants { filter }).await.len()
    }

    /// The id of a public client on the person's machine.
    pub(crate) async fn public_client(&self) -> String {
        text(&self.register(public_metadata(LOOPBACK)).await, "client_id")
    }

    /// Requests authorization as a client without session would, and expects to be asked for consent.
    pub(crate) async fn begin(&self, client: &str, changes: &[(&str, &str)]) -> String {
        match self.authorize(client, changes).await {
            Authorize::Consent { transaction } => transaction,
            other => panic!("expected consent, got {other:?}"),
        }
    }

    pub(crate) async fn authorize(&self, client: &str, changes: &[(&str, &str)]) -> Authorize {
        let peer = peer();
        let browser = BrowserContext {
            peer: &peer,
            session: None,
            is_cross_site: true,
        };
        let request = authorization_request(client, changes);
        self.server.authorize(&request, browser).await
    }

    pub(crate) async fn authorize_as(
        &self,
        session: &BrowserSession,
        is_cross_site: bool,
        client: &str,
        changes: &[(&str, &str)],
    ) -> Authorize {
        let peer = peer();
        let browser = BrowserContext {
            peer: &peer,
            session: Some(session),
            is_cross_site,
        };
        let request = authorization_request(client, changes);
        self.server.authorize(&request, browser).await
    }

    pub(crate) async fn refused(&self, client: &str, changes: &[(&str, &str)]) -> AuthorizeRefusal {
        match self.authorize(client, changes).await {
            Authorize::Refused(refusal) => refusal,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    /// The `error` of a redirect that must have it, `iss` and `state` once each.
    pub(crate) async fn redirect_error(&self, client: &str, changes: &[(&str, &str)]) -> String {
        match self.authorize(client, changes).await {
            Authorize::Redirect(redirect) => error_of(&redirect),
            other => panic!("expected a redirect, got {other:?}"),
        }
    }

    pub(crate) async fn allow(&self, transaction: &str, asked: &str) -> String {
        let decision = allow("acme", asked);
        self.server
            .decide(transaction, &self.ana(), decision, &peer())
            .await
            .unwrap()
    }

    /// A code that Ana agreed to.
    pub(crate) async fn code(&self, client: &str, changes: &[(&str, &str)]) -> String {
        let transaction = self.begin(client, changes).await;
        code_of(&self.allow(&transaction, "mcp:admin").await)
    }

    pub(crate) async fn token(
        &self,
        client: &str,
        pairs: &[(&str, &str)],
    ) -> Result<TokenReply, OAuthError> {
        token_at(&self.server, client, pairs).await
    }

    pub(crate) async fn exchange(
        &self,
        client: &str,
        code: &str,
    ) -> Result<TokenReply, OAuthError> {
        self.token(client, &code_request(code)).await
    }

    /// Tokens that Ana agreed to, for a new public client.
    pub(crate) async fn connected(&self) -> (String, TokenReply) {
        let client = self.public_client().await;
        let code = self.code(&client, &[]).await;
        let reply = self.exchange(&client, &code).await.unwrap();
        (client, reply)
    }

    pub(crate) async fn refresh(
        &self,
        client: &str,
        token: &str,
        changes: &[(&str, &str)],
    ) -> Result<TokenReply, OAuthError> {
        let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        pairs.extend(changes);
        self.token(client, &pairs).await
    }

    pub(crate) async fn claims(&self, reply: &TokenReply) -> AccessTokenClaims {
        self.claims_of(reply.access_token.expose_secret()).await
    }

    pub(crate) async fn claims_of(&self, token: &str) -> AccessTokenClaims {
        let jwks = self.server.jwks().await.unwrap();
        let keys = VerificationKeys::from_jwks(jwks["keys"].as_array().unwrap());
        let now = self.clock.unix_secs();
        keys.verify(token, ISSUER, now, Duration::ZERO).unwrap()
    }

    /// Outcomes of the audit for actions that begin so, oldest first.
    pub(crate) async fn outcomes(&self, action: &str) -> Vec<String> {
        let events = self.events(action).await;
        events.into_iter().map(|event| event.outcome).collect()
    }

    pub(crate) async fn events(&self, action: &str) -> Vec<AuditEvent> {
        self.server.flush().await;
        let filter = AuditFilter {
            action: (!action.is_empty()).then(|| action.to_owned()),
            ..AuditFilter::default()
        };
        let list = ListEvents {
            filter,
            limit: 1000,
            offset: 0,
        };
        let mut events = self.call(list).await;
        events.reverse();
        events
    }
}

pub(crate) fn node(
    manager: &Manager,
    state: &SharedState,
    clock: &Arc<ManualClock>,
    web: &Arc<Web>,
    switches: &Arc<Switches>,
    rules: &Rules,
) -> AuthorizationServer {
    let hosts = [("rival.example".to_owned(), slug("rival"))];
    AuthorizationServer::new(Parts {
        manager: manager.clone(),
        tickets: Arc::clone(&state.tickets),
        counters: Arc::clone(&state.counters),
        limits: Arc::clone(&state.limits),
        resources: ResourceMap::new(&Url::parse(ISSUER).unwrap(), hosts, None),
        rules: rules.clone(),
        clock: Arc::clone(clock) as _,
        fetcher: Arc::clone(web) as _,
        gate: Arc::clone(switches) as _,
    })
}

async fn declare(manager: &Manager, slugs: &[&str]) {
    let workspaces = slugs
        .iter()
        .map(|name| Workspace {
            slug: slug(name),
            title: name.to_uppercase(),
            region: "eu".to_owned(),
            hosts: Vec::new(),
            public_url: None,
            is_declared: true,
            is_hibernated: false,
            created_at: START,
        })
        .collect();
    let declare = DeclareWorkspaces { workspaces };
    manager.call(declare).await.unwrap();
}

async fn person(manager: &Manager, name: &str) -> Account {
    let create = CreateAccount {
        username: name.to_owned(),
        email: Some(format!("{name}@people.example")),
        is_email_verified: true,
        display_name: name.to_owned(),
        password_hash: None,
        must_change_password: false,
        is_administrator: false,
    };
    manager.call(create).await.unwrap()
}

async fn join(manager: &Manager, workspace: &str, account: &Account, role: Role) {
    let membership = SetMembership {
        workspace: slug(workspace),
        account: account.id.clone(),
        role,
        superset_username: None,
    };
    manager.call(membership).await.unwrap();
}

pub(crate) fn allow(workspace: &str, asked: &str) -> ConsentDecision {
    ConsentDecision::Allow {
        workspace: slug(workspace),
        scopes: scopes(asked),
        offline: true,
    }
}

pub(crate) fn public_metadata(redirect: &str) -> Value {
    json!({
        "client_name": "Claude Code (tidegate)",
        "redirect_uris": [redirect],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
    })
}

/// A good request, with changes; an empty value takes a parameter away.
pub(crate) fn authorization_request(client: &str, changes: &[(&str, &str)]) -> Parameters {
    let challenge = CodeChallenge::of_verifier(VERIFIER).to_string();
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", LOOPBACK),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("state", "af0ifjsldkj"),
    ];
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes);
    parameters(&pairs)
}

pub(crate) fn code_request(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ]
}

pub(crate) async fn token_at(
    server: &AuthorizationServer,
    client: &str,
    pairs: &[(&str, &str)],
) -> Result<TokenReply, OAuthError> {
    let mut all = vec![("client_id", client)];
    all.extend(pairs);
    server.token(None, &parameters(&all), &peer()).await
}

pub(crate) fn refresh_token(reply: &TokenReply) -> String {
    let token = reply.refresh_token.as_ref().expect("a refresh token");
    token.expose_secret().to_owned()
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    let text = value[name].as_str();
    text.unwrap_or_else(|| panic!("{name} in {value}"))
        .to_owned()
}

/// The parameters of a redirect, each of which must stand there once.
pub(crate) fn answer(redirect: &str) -> BTreeMap<String, String> {
    let url = Url::parse(redirect).unwrap();
    let mut answer = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        let before = answer.insert(name.to_string(), value.to_string());
        assert_eq!(None, before, "{name} stands twice in {redirect}");
    }
    answer
}

pub(crate) fn code_of(redirect: &str) -> String {
    let answer = answer(redirect);
    assert_eq!(Some(ISSUER), answer.get("iss").map(String::as_str));
    assert_eq!(None, answer.get("error"));
    answer["code"].clone()
}

pub(crate) fn error_of(redirect: &str) -> String {
    let answer = answer(redirect);
    assert_eq!(Some(ISSUER), answer.get("iss").map(String::as_str));
    assert_eq!(None, answer.get("code"));
    answer["error"].clone()
}

pub(crate) fn error<T: std::fmt::Debug>(refused: Result<T, OAuthError>) -> ErrorCode {
    refused.unwrap_err().code
}
