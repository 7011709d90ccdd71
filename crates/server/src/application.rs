//! Putting the parts together.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tidegate_authorization_server::AuthorizationServer;
use tidegate_config::{AuthMethod, JsonLines, Settings, ToolList};
use tidegate_engines::{SourceFactories, SourceFactory};
use tidegate_login::FirstAdministrator;
use tidegate_protocol::LogLevel;
use tidegate_runtime::{
    ClientTtl, ControlPlane, Node, NodeParts, NodeSettings, StartError, WorkspaceError,
};
use tidegate_store::{Retention, SessionLimits, StoreError};
use tidegate_telemetry::{AuditQueue, AuditSink, AuditTask, JsonLinesSink, Metrics};
use tidegate_token_verifier::{Authenticator, CombinedAuthenticator, SetupError};
use tidegate_tools::{
    CatalogueBuilder, CatalogueError, NOT_HERE_YET, SEARCHING_TOOLS, SizeBudget, builtin,
};
use tidegate_types::{Clock, Scope, ScopeSet, SystemClock};
use tidegate_web::{
    Backlog, BindError, Connections, ControlPlaneAccess, Directory, Edge, Entry, ExternalIssuer,
    UnknownProxies,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::access::{self, AccessError, Managed, Surroundings};
use crate::audit_log::MetastoreAudit;
use crate::late_node::LateNode;
use crate::state;
use crate::workspaces::{self, KnownWorkspaces};

/// What models are told about the server at the beginning of a conversation.
const INSTRUCTIONS: &str = "Tidegate gives access to dashboards, charts, datasets and databases of an Apache \
Superset workspace, with the rights of the person who asks. Begin with get_instance_info, or list_dashboards, \
list_charts, list_datasets and list_databases; get_schema tells which columns the lists can filter, sort and \
select. Read a dataset with get_dataset_info before you write SQL for execute_sql. What a tool does not answer \
is not known: say so, and do not make it up.";

/// How long clients may keep lists and reads: they are told of changes as well.
const CLIENT_TTL: ClientTtl = ClientTtl {
    lists: Duration::from_mins(5),
    reads: Duration::from_mins(1),
};

/// How long a call may wait for its client's answers.
const ASK_LIMIT: Duration = Duration::from_mins(5);

/// How long a connection may still bring a request when the node was told to stop. A client that uses its connection
/// learns by an answer that it is the last one there; one that is cut off may have sent a request that nobody reads.
const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// How long the last audit records may take.
const AUDIT_GRACE: Duration = Duration::from_secs(5);

/// How soon a workspace that could not be opened at the start is tried again: at first, and at the most.
const OPEN_AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// An application that could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Tools.
    #[error("the catalogue cannot be served")]
    Catalogue(#[from] CatalogueError),
    /// Authentication.
    #[error("authentication cannot be set up")]
    Auth(#[from] SetupError),
    /// The manager, or signing in.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Where people reach the server is no URL.
    #[error("{0:?} is not a URL that people can reach the server by")]
    PublicUrl(String),
    /// Shared state.
    #[error("the shared state cannot be set up")]
    State(#[from] StoreError),
    /// Audit.
    #[error("audit.json_lines: {} cannot be opened", path.display())]
    Audit {
        /// As the setting has it.
        path: PathBuf,
        /// What went wrong below.
        #[source]
        source: std::io::Error,
    },
    /// Actors.
    #[error("the node cannot start")]
    Node(#[from] StartError),
    /// HTTP.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A workspace of the configuration.
    #[error("workspace {slug} cannot be opened")]
    Workspace {
        /// The workspace.
        slug: tidegate_types::WorkspaceSlug,
        /// What went wrong below.
        #[source]
        source: WorkspaceError,
    },
}

/// Builds an [`Application`], with parts of your own where you have them.
pub struct ApplicationBuilder {
    settings: Settings,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    authenticator: Option<Arc<dyn Authenticator>>,
    extend: Vec<Box<dyn FnOnce(CatalogueBuilder) -> CatalogueBuilder>>,
    audit_sinks: Vec<Arc<dyn AuditSink>>,
    sources: SourceFactories,
}

/// Entry point: [`Application::builder`].
pub struct Application;

impl Application {
    /// Starts to put an application together.
    pub fn builder(settings: Settings) -> ApplicationBuilder {
        ApplicationBuilder {
            settings,
            metrics: Metrics::detached(),
            clock: Arc::new(SystemClock),
            authenticator: None,
            extend: Vec::new(),
            audit_sinks: Vec::new(),
            sources: SourceFactories::default(),
        }
    }
}

impl ApplicationBuilder {
    /// Counts into these metrics.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Tells who calls in your own way; takes precedence over the configuration, as Superset's
    /// `MCP_AUTH_FACTORY` does.
    #[must_use]
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticator = Some(authenticator);
        self
    }

    /// Adds tools, resources and prompts to the built-in ones.
    #[must_use]
    pub fn extend(
        mut self,
        extend: impl FnOnce(CatalogueBuilder) -> CatalogueBuilder + 'static,
    ) -> Self {
        self.extend.push(Box::new(extend));
        self
    }

    /// Sends audit records somewhere else as well.
    #[must_use]
    pub fn audit_sink(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.audit_sinks.push(sink);
        self
    }

    /// Opens databases whose URI begins with `scheme` by this factory: other kinds than SQLite and PostgreSQL, or these in
    /// your own way.
    #[must_use]
    pub fn source(mut self, scheme: &str, factory: Arc<dyn SourceFactory>) -> Self {
        self.sources.insert(scheme, factory);
        self
    }

    /// Starts everything. Must be called inside an actix system.
    ///
    /// # Errors
    /// See [`BuildError`]; nothing is left running then but threads without work.
    pub async fn start(self) -> Result<RunningNode, BuildError> {
        let Self {
            settings,
            metrics,
            clock,
            authenticator,
            extend,
            mut audit_sinks,
            sources,
        } = self;
        let tools = configured_tools(&settings, &clock);
        let tools = extend
            .into_iter()
            .fold(tools, |tools, extend| extend(tools));
        let catalogue = tools.build()?;
        let scopes = catalogue.scopes();
        let shared = state::build(&settings, &clock, &metrics).await?;

        let late_node = LateNode::default();
        audit_sinks.extend(configured_sinks(&settings, &late_node)?);
        let (audit, audit_task) = AuditQueue::start(&settings.audit, audit_sinks, metrics.clone());

        let listener = tidegate_web::bind(&settings.server.listen)?;
        let public_url = public_url(&settings, listener.local_addr().ok());
        let issuer = Url::parse(&public_url).map_err(|_| BuildError::PublicUrl(public_url))?;
        let directory = Directory::new(workspaces::names(&settings, [], &issuer));
        let managed = match &settings.manager {
            Some(manager) => {
                Some(Managed::open(&settings, manager, &directory, &late_node, &clock).await?)
            }
            None => None,
        };
        let configured = || configured_authenticator(&settings, managed.as_ref(), &clock);
        let authenticator = authenticator.map_or_else(configured, Ok)?;
        let opener = opener(&settings, managed.as_ref(), sources, &clock);
        let control = managed
            .as_ref()
            .map_or_else(ControlPlane::default, Managed::control_plane);
        let parts = NodeParts {
            node_id: settings.server.node_id.clone(),
            catalogue,
            state: shared.clone(),
            opener: Arc::new(opener),
            authenticator,
            settings: node_settings(&settings),
            sealer: state::sealer(&settings),
            clock: Arc::clone(&clock),
            metrics: metrics.clone(),
            audit,
            sql_literals: settings.audit.sql_literals,
        };
        let node = Node::start_with(parts, control)?;
        late_node.join(Arc::clone(&node));
        let opening = warm_up(&node, &settings).await?;
        let around = Surroundings {
            settings: &settings,
            issuer: &issuer,
            directory: &directory,
            state: &shared,
            node: &late_node,
            clock: &clock,
            scopes,
        };
        let (access, first_administrator) = begin(managed.as_ref(), &around).await?;
        let tidying = managed
            .map(|managed| AbortOnDrop(actix_rt::spawn(access::tidy_hourly(managed.manager))));
        let authorization = access.as_ref().map(|access| access.authorization.clone());
        let watching_documents = watch_documents(&settings, authorization.as_ref());
        let sign_in = sign_in_place(&issuer, &settings, access.is_some());
        let edge = Arc::new(Edge {
            node: Arc::clone(&node),
            directory,
            serves_metrics: settings.telemetry.prometheus,
            challenge_scope: challenge_scope(&settings.auth.method, access.is_some(), scopes),
            external_issuer: external_issuer(&settings.auth.method),
            entry: entry(&settings),
            unknown_proxies: UnknownProxies::default(),
            access,
            settings: settings.server.clone(),
            metrics: metrics.clone(),
        });
        let server = tidegate_web::start(edge, listener)?;
        Ok(RunningNode {
            serving: actix_rt::spawn(server.running),
            handle: server.handle,
            connections: server.connections,
            backlog: server.backlog,
            addresses: server.addresses,
            node,
            authorization,
            first_administrator,
            sign_in,
            _tidying: tidying,
            _watching_documents: watching_documents,
            _opening: opening,
            audit: audit_task,
            grace: settings.server.shutdown_grace,
            notices: settings.notices,
            is_development: matches!(settings.auth.method, AuthMethod::Development(_)),
        })
    }
}

/// Opens workspaces, those that the manager knows as well.
fn opener(
    settings: &Settings,
    managed: Option<&Managed>,
    sources: SourceFactories,
    clock: &Arc<dyn Clock>,
) -> KnownWorkspaces {
    KnownWorkspaces::new(
        settings,
        managed.map(|managed| managed.manager.clone()),
        managed.map(Managed::features),
        sources,
        Arc::clone(clock),
    )
}

/// Tells who calls, as the settings want it.
fn configured_authenticator(
    settings: &Settings,
    managed: Option<&Managed>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Authenticator>, SetupError> {
    let own = managed.map(|managed| managed.own_tokens(settings, clock));
    CombinedAuthenticator::from_settings(&settings.auth, own, Arc::clone(clock))
}

/// What people sign in by, where there is a manager, and whoever is the first of them.
async fn begin(
    managed: Option<&Managed>,
    around: &Surroundings<'_>,
) -> Result<(Option<ControlPlaneAccess>, Option<FirstAdministrator>), AccessError> {
    let Some(managed) = managed else {
        return Ok((None, None));
    };
    let (access, first) = managed.begin(around).await?;
    Ok((Some(access), first))
}

/// Our own tools, as the settings want them.
fn configured_tools(settings: &Settings, clock: &Arc<dyn Clock>) -> CatalogueBuilder {
    let disabled = settings.tools.disabled.iter().map(String::as_str);
    let disabled: Vec<&str> = disabled
        .filter(|name| !NOT_HERE_YET.contains(name))
        .collect();
    builtin(clock)
        .structured_content(settings.tools.structured_content)
        .disable(&disabled)
}

/// Where the settings want audit records.
fn configured_sinks(
    settings: &Settings,
    node: &LateNode,
) -> Result<Vec<Arc<dyn AuditSink>>, BuildError> {
    let mut sinks: Vec<Arc<dyn AuditSink>> = Vec::new();
    if settings.audit.metastore {
        sinks.push(Arc::new(MetastoreAudit(node.clone())));
    }
    let lines = JsonLinesSink::from_settings(&settings.audit.json_lines);
    let lines = lines.map_err(|source| BuildError::Audit {
        path: match &settings.audit.json_lines {
            JsonLines::File(path) => path.clone(),
            JsonLines::Off | JsonLines::Stdout => PathBuf::new(),
        },
        source,
    });
    if let Some(sink) = lines? {
        sinks.push(Arc::new(sink));
    }
    Ok(sinks)
}

/// Opens the configuration's workspaces before anybody asks for them. Those whose server is away are tried again and
/// again, since the node is not ready before, so that nobody may ask.
async fn warm_up(node: &Arc<Node>, settings: &Settings) -> Result<Option<AbortOnDrop>, BuildError> {
    let openings = workspaces::enabled(settings).map(async |workspace| {
        match node.warm_up(&workspace.slug).await {
            // A file of our own that cannot be opened is for the operator; a server that is away may come.
            Err(source) if workspace.metastore.is_node_local() => Err(BuildError::Workspace {
                slug: workspace.slug.clone(),
                source,
            }),
            // It is in the log already, with its cause.
            Ok(()) | Err(_) => Ok(()),
        }
    });
    futures_util::future::try_join_all(openings).await?;
    let unopened = node.unopened();
    if unopened.is_empty() {
        return Ok(None);
    }
    tracing::warn!(
        workspaces = %unopened.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        "workspaces could not be opened yet: the node is not ready, and tries again"
    );
    Ok(Some(AbortOnDrop(actix_rt::spawn(keep_opening(
        Arc::clone(node),
    )))))
}

/// Tries to open what was not opened yet, more and more seldom.
async fn keep_opening(node: Arc<Node>) {
    let mut pause = OPEN_AGAIN.0;
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(OPEN_AGAIN.1);
        let unopened = node.unopened();
        if unopened.is_empty() {
            tracing::info!("all workspaces are open");
            return;
        }
        // All at once: one that hangs holds up no other. What goes wrong is in the log already.
        futures_util::future::join_all(unopened.iter().map(|slug| node.warm_up(slug))).await;
    }
}

/// Where people reach the server, if nothing says so: the address that it listens on.
fn public_url(settings: &Settings, bound: Option<SocketAddr>) -> String {
    if let Some(url) = &settings.server.public_url {
        return url.as_str().to_owned();
    }
    let mut listen = settings.server.listen.clone();
    if let Some(bound) = bound {
        listen.port = bound.port();
    }
    format!("http://{listen}")
}

fn node_settings(settings: &Settings) -> NodeSettings {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    NodeSettings {
        sessions: SessionLimits {
            idle: settings.sessions.idle,
            per_user: settings.sessions.per_user,
        },
        max_live_sessions: settings.sessions.max_per_node,
        streams_per_user: settings.server.streams_per_user,
        retention: Retention {
            max_events: settings.state.event_store_max_events,
            ttl: settings.state.event_store_ttl,
        },
        call_limit: settings.executor.call_deadline,
        ask_limit: ASK_LIMIT,
        sse_after: settings.server.sse_after,
        running: settings
            .executor
            .slots
            .map_or(cores * 16, std::num::NonZero::get),
        waiting: settings.executor.max_waiting,
        wait_timeout: settings.executor.wait_timeout,
        watchdog: settings.executor.watchdog,
        workspace_idle: settings.executor.workspace_idle,
        limits: settings.limits.clone(),
        cache: settings.cache.clone(),
        size: settings.response_size.as_ref().map(|size| SizeBudget {
            token_limit: size.token_limit,
            warn_threshold_pct: size.warn_threshold_pct,
            max_bytes: size.max_bytes,
            excluded_tools: size.excluded_tools.iter().cloned().collect(),
        }),
        client_ttl: CLIENT_TTL,
        default_log_level: LogLevel::Info,
        instructions: INSTRUCTIONS.to_owned(),
        pinned_tools: pinned_tools(&settings.tools.list),
    }
}

/// The tools that are listed where the others are found by searching, the search itself among them.
fn pinned_tools(list: &ToolList) -> Option<BTreeSet<String>> {
    match list {
        ToolList::All => None,
        ToolList::Search { pinned } => Some(
            pinned
                .iter()
                .cloned()
                .chain(SEARCHING_TOOLS.map(str::to_owned))
                .collect(),
        ),
    }
}

/// How clients get in, as the first page tells it.
fn entry(settings: &Settings) -> Entry {
    match &settings.auth.method {
        AuthMethod::Development(user) => Entry::Open {
            user: user.username.clone(),
            workspaces: workspaces::enabled(settings)
                .map(|workspace| workspace.slug.clone())
                .collect(),
        },
        AuthMethod::Jwt(jwt) if settings.manager.is_none() => Entry::Token {
            issuer: jwt.issuer.clone(),
        },
        AuthMethod::Jwt(_) | AuthMethod::OwnTokens => Entry::SignIn,
    }
}

/// What a client without a token is told to ask for, of what tools need. People are asked once for what reads, so that
/// they are seldom asked again; what another issuer knows is the operator's to say, since a scope that it does not know
/// would end the sign-in there.
fn challenge_scope(method: &AuthMethod, is_own_issuer: bool, needed: ScopeSet) -> Option<String> {
    let at_most = |most: Scope| {
        let scopes = needed.narrowed_to(most.into());
        (!scopes.is_empty()).then(|| scopes.to_string())
    };
    match method {
        _ if is_own_issuer => at_most(Scope::Query),
        AuthMethod::Jwt(jwt) if !jwt.client_scopes.challenged.is_empty() => {
            Some(jwt.client_scopes.challenged.join(" "))
        }
        AuthMethod::Jwt(jwt) if jwt.issuer.is_some() => None,
        // Who makes the tokens is not known, and nobody goes there by themselves.
        AuthMethod::Jwt(_) | AuthMethod::Development(_) | AuthMethod::OwnTokens => {
            at_most(Scope::Read)
        }
    }
}

fn sign_in_place(issuer: &Url, settings: &Settings, has_pages: bool) -> Option<SignInPlace> {
    let sign_in = &settings.sign_in;
    has_pages.then(|| SignInPlace {
        url: format!("{}/sign-in", issuer.as_str().trim_end_matches('/')),
        is_open_to_others: !sign_in.superset_accounts.is_empty() || !sign_in.providers.is_empty(),
    })
}

/// Where people sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInPlace {
    /// The page to open.
    pub url: String,
    /// Whether there are ways in besides accounts of this deployment: a Superset's users, providers.
    pub is_open_to_others: bool,
}

/// Where clients get the tokens of another issuer, if that is known.
fn external_issuer(method: &AuthMethod) -> Option<ExternalIssuer> {
    let AuthMethod::Jwt(jwt) = method else {
        return None;
    };
    Some(ExternalIssuer {
        issuer: jwt.issuer.clone()?,
        scopes_supported: jwt.client_scopes.supported.clone(),
    })
}

/// Finds out whether documents of clients can be fetched, beside the start and not before it.
fn watch_documents(
    settings: &Settings,
    authorization: Option<&AuthorizationServer>,
) -> Option<AbortOnDrop> {
    let documents = settings.oauth.client_documents.as_ref()?;
    let (authorization, url) = (authorization?.clone(), documents.check_url.clone());
    let watching = async move { authorization.watch_documents(url).await };
    Some(AbortOnDrop(actix_rt::spawn(watching)))
}

/// A task that ends with its owner.
struct AbortOnDrop(actix_rt::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A running application.
pub struct RunningNode {
    serving: actix_rt::task::JoinHandle<std::io::Result<()>>,
    handle: tidegate_web::ServerHandle,
    connections: Connections,
    backlog: Backlog,
    addresses: Vec<SocketAddr>,
    node: Arc<Node>,
    authorization: Option<AuthorizationServer>,
    first_administrator: Option<FirstAdministrator>,
    sign_in: Option<SignInPlace>,
    _tidying: Option<AbortOnDrop>,
    _watching_documents: Option<AbortOnDrop>,
    _opening: Option<AbortOnDrop>,
    audit: AuditTask,
    grace: Duration,
    notices: Vec<String>,
    is_development: bool,
}

impl RunningNode {
    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What the operator should know, though nothing is wrong.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Who signs in first, where nobody could yet. It is told once: whoever starts the application shows it to the
    /// operator, and keeps it nowhere.
    pub fn take_first_administrator(&mut self) -> Option<FirstAdministrator> {
        self.first_administrator.take()
    }

    /// Where people sign in, if they do.
    pub fn sign_in(&self) -> Option<&SignInPlace> {
        self.sign_in.as_ref()
    }

    /// Whether everybody acts as the development user.
    pub fn is_development(&self) -> bool {
        self.is_development
    }

    /// Fires when the node lost something that it cannot do without.
    pub fn ends(&self) -> CancellationToken {
        self.node.ends().clone()
    }

    /// Stops in order: readiness off and change streams ended, no new connections (those that had come are accepted),
    /// requests are answered and each answer closes its connection, connections without a request are closed, actors
    /// stop, the audit is written. Takes at most the configured grace and a few seconds.
    pub async fn stop(self) {
        self.node.begin_drain();
        self.backlog.empty().await;
        // Listening ends with this call; its end comes up to a second after that of the last connection.
        let closed = self.handle.stop(true);
        let answered = async {
            let none = self.connections.none();
            if tokio::time::timeout(LAST_REQUESTS, none).await.is_err() {
                self.connections.close_idle();
                self.connections.none().await;
            }
        };
        let all = async {
            tokio::select! {
                () = closed => {}
                () = answered => {}
            }
        };
        let is_answered = tokio::time::timeout(self.grace, all).await.is_ok();
        let rest = if is_answered {
            self.grace
        } else {
            Duration::ZERO
        };
        let cut_off = self.node.drain(rest).await;
        if cut_off > 0 {
            tracing::warn!(calls = cut_off, "calls were cut off by the shutdown");
        }
        if let Some(authorization) = &self.authorization {
            // What it has to record is in memory until then.
            let _ = tokio::time::timeout(AUDIT_GRACE, authorization.flush()).await;
        }
        // Its connections to the metastores are the node's.
        self.audit.shut_down(AUDIT_GRACE).await;
        self.node.stop();
        self.serving.abort();
    }

    /// Waits until the server ends by itself, which it does only when something is wrong.
    ///
    /// # Errors
    /// What was wrong.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        (&mut self.serving).await.unwrap_or(Ok(()))
    }
}
