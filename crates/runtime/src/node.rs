//! Everything that one node is: what the edge calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use actix_rt::{Arbiter, ArbiterHandle};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tidegate_config::SqlLiterals;
use tidegate_metastore::Metastore;
use tidegate_protocol::classification::{Params, RequestMeta};
use tidegate_protocol::message::{Incoming, Request};
use tidegate_protocol::reply::ServerInfo;
use tidegate_protocol::state::StateSealer;
use tidegate_protocol::{ProtocolVersion, RpcError};
use tidegate_store::{Circuit, SharedState};
use tidegate_telemetry::{AuditQueue, Level, Metrics};
use tidegate_token_verifier::Authenticator;
use tidegate_tools::Catalogue;
use tidegate_types::{Clock, NodeId, Principal, SessionId, WorkspaceSlug};
use tokio_util::sync::CancellationToken;

use crate::access_guard::{AccessGuard, Admitted};
use crate::answer::Answer;
use crate::control::{CacheValidity, ChangeWatcher, ControlPlane, FeatureFlags, UseCounter};
use crate::executor::{Executors, Limits};
use crate::identity::{IdentifyError, Identity};
use crate::relay::EventRelay;
use crate::service::{self, Caller, Core, LegacyPost, ModernPost, TraceParent};
use crate::session::SessionRegistry;
use crate::settings::NodeSettings;
use crate::supervise::supervise;
use crate::unknown_user::UnknownUsers;
use crate::workspace::{OpenWorkspace, WorkspaceError, WorkspaceRegistry};

/// Change streams that one node keeps open at most.
const MAX_STREAMS: usize = 20_000;

/// How long session validation leaves the shared store alone after it failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Metastores that a probe of readiness asks at the most.
const MAX_PINGED: usize = 16;

/// How often levels are measured.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

/// What a node is made of.
pub struct NodeParts {
    /// Its name.
    pub node_id: NodeId,
    /// What can be called.
    pub catalogue: Catalogue,
    /// The shared state.
    pub state: SharedState,
    /// Opens workspaces.
    pub opener: Arc<dyn OpenWorkspace>,
    /// Tells who calls.
    pub authenticator: Arc<dyn Authenticator>,
    /// The settings.
    pub settings: NodeSettings,
    /// Seals `requestState`; nodes of a deployment share its key.
    pub sealer: StateSealer,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Counts.
    pub metrics: Metrics,
    /// Records calls.
    pub audit: AuditQueue,
    /// How SQL stands in audit records.
    pub sql_literals: SqlLiterals,
}

/// A node that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No threads.
    #[error("the threads for tools could not be started")]
    Threads(#[source] std::io::Error),
    /// The store's signals are taken by somebody else.
    #[error("the shared state already serves another node of this process")]
    RelayTaken,
}

/// A running node.
pub struct Node {
    core: Arc<Core>,
    workspaces: Arc<WorkspaceRegistry>,
    access_guard: Arc<AccessGuard>,
    arbiters: Vec<Arbiter>,
    ends: CancellationToken,
}

/// A caller who is authenticated and bound to a workspace. Only [`Node::bind`] makes one, so that nothing
/// can be asked of a node by anybody else.
#[derive(Clone)]
pub struct Bound(Caller);

impl Bound {
    /// Who it is.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }
}

impl Node {
    /// Starts the actors. Must be called inside an actix system.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(parts: NodeParts) -> Result<Arc<Self>, StartError> {
        Self::start_with(parts, ControlPlane::default())
    }

    /// Starts the actors of a node that has a control plane.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start_with(parts: NodeParts, control: ControlPlane) -> Result<Arc<Self>, StartError> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let arbiters: Vec<Arbiter> = (0..cores.max(2)).map(|_| Arbiter::new()).collect();
        let handles: Vec<ArbiterHandle> = arbiters.iter().map(Arbiter::handle).collect();
        let NodeParts {
            node_id,
            catalogue,
            state,
            opener,
            authenticator,
            settings,
            clock,
            ..
        } = parts;

        let limits = Limits {
            threads: (cores * 2).max(4),
            running: settings.running,
            waiting: settings.waiting,
            wait_timeout: settings.wait_timeout,
            watchdog: settings.watchdog,
        };
        let executors =
            Executors::start(limits, parts.metrics.clone()).map_err(StartError::Threads)?;
        let workspaces = Arc::new(WorkspaceRegistry::new(
            opener,
            state.clone(),
            Arc::clone(&executors),
            handles.clone(),
        ));
        let sessions = Arc::new(SessionRegistry::new(
            state.clone(),
            settings.retention,
            handles.clone(),
            settings.max_live_sessions,
        ));
        let ends = CancellationToken::new();
        let signals = state.relay.stream().ok_or(StartError::RelayTaken)?;
        let (relay_workspaces, relay_sessions, relay_end) =
            (Arc::clone(&workspaces), Arc::clone(&sessions), ends.clone());
        EventRelay::start_in_arbiter(&handles[0], move |_| {
            EventRelay::new(relay_workspaces, relay_sessions, signals, relay_end)
        });

        let observer = service::Observer::new(
            parts.metrics.clone(),
            parts.audit,
            &catalogue,
            parts.sql_literals,
            Arc::clone(&clock),
            node_id.clone(),
        );
        let uses = Arc::new(UseCounter::new(control.uses.clone()));
        let access_guard = access_guard(
            authenticator,
            control,
            &state,
            &workspaces,
            &clock,
            (&handles[0], &ends),
            observer.clone(),
        );
        let draining = CancellationToken::new();
        let streams_per_user = settings.streams_per_user;
        let core = Arc::new(Core {
            node_id,
            catalogue: Arc::new(catalogue),
            executors: Arc::clone(&executors),
            sessions,
            state,
            settings,
            server: ServerInfo::new("tidegate", "Tidegate", env!("CARGO_PKG_VERSION")),
            sealer: parts.sealer,
            clock,
            lists: service::ListCache::default(),
            in_flight: service::InFlight::default(),
            observer,
            streams: service::StreamPlaces::new(MAX_STREAMS, streams_per_user),
            draining,
            uses,
        });
        look_after(&core, &workspaces, &handles[0], &parts.metrics);
        Ok(Arc::new(Self {
            core,
            workspaces,
            access_guard,
            arbiters,
            ends,
        }))
    }

    /// Authenticates a caller and binds them to a workspace: the one that the request names, or else the one that the
    /// token is for.
    ///
    /// # Errors
    /// See [`IdentifyError`].
    pub async fn bind<'a>(
        &self,
        workspace: impl Into<Option<&'a WorkspaceSlug>>,
        bearer: Option<&str>,
        trace: TraceParent,
    ) -> Result<Bound, IdentifyError> {
        let admitted = self.access_guard.admit(workspace.into(), bearer).await;
        let Admitted {
            workspace,
            token,
            principal,
            access,
        } = admitted
            .inspect_err(|err| tracing::debug!(reason = %err, "a caller was turned away"))?;
        Ok(Bound(Caller {
            workspace,
            principal,
            access,
            token,
            trace,
        }))
    }

    /// Serves a request of 2026-07-28. `header` gives `Mcp-Param-*` headers by full name.
    pub async fn modern<'a>(
        &self,
        caller: Bound,
        request: Request<'a>,
        params: Params<'a>,
        meta: Box<RequestMeta>,
        header: &'a dyn Fn(&str) -> Option<&'a str>,
        accepts_stream: bool,
    ) -> Answer {
        let post = ModernPost {
            request,
            params,
            meta,
            header,
            accepts_stream,
        };
        let watched = caller.0.clone();
        let answer = service::modern::post(&self.core, caller.0, post).await;
        self.access_guard.watch(&watched, answer)
    }

    /// Serves `initialize`.
    pub async fn initialize(&self, caller: Bound, request: &Request<'_>) -> Answer {
        service::legacy::initialize(&self.core, &caller.0, request).await
    }

    /// Serves one message of a session, or one outside of any as far as it goes.
    pub async fn legacy(
        &self,
        caller: Bound,
        session: Option<SessionId>,
        version: Option<ProtocolVersion>,
        accepts_stream: bool,
        message: Incoming<'_>,
    ) -> Answer {
        let post = LegacyPost {
            session,
            version,
            accepts_stream,
        };
        let watched = caller.0.clone();
        let answer = service::legacy::post(&self.core, caller.0, &post, message).await;
        self.access_guard.watch(&watched, answer)
    }

    /// Serves a batch of 2025-03-26.
    pub async fn batch(
        &self,
        caller: Bound,
        session: Option<SessionId>,
        version: Option<ProtocolVersion>,
        messages: Vec<Result<Incoming<'_>, RpcError>>,
    ) -> Answer {
        let post = LegacyPost {
            session,
            version,
            accepts_stream: false,
        };
        service::legacy::batch(&self.core, caller.0, &post, messages).await
    }

    /// Serves a GET: a session's changes, or the rest of the stream that `last_event` names.
    pub async fn get(
        &self,
        caller: Bound,
        session: Option<SessionId>,
        last_event: Option<&str>,
    ) -> Answer {
        let post = LegacyPost {
            session,
            version: None,
            accepts_stream: true,
        };
        let watched = caller.0.clone();
        let answer = service::legacy::get(&self.core, caller.0, &post, last_event).await;
        self.access_guard.watch(&watched, answer)
    }

    /// Ends a session.
    pub async fn delete(&self, caller: Bound, session: Option<SessionId>) -> Answer {
        service::legacy::delete(&self.core, &caller.0, session).await
    }

    /// Whether the node can do its work: the store answers, signals arrive, each workspace that it is to serve was opened
    /// once, and a metastore answers, if any workspace is active. One tenant's metastore that goes away later takes no
    /// node from the others.
    ///
    /// # Errors
    /// The parts that do not, for the log and the probe.
    pub async fn readiness(&self) -> Result<(), Unready> {
        let mut unready = Vec::new();
        if self.core.draining.is_cancelled() {
            unready.push("draining");
        }
        if !self.core.executors.is_well() {
            unready.push("executor");
        }
        if let Err(err) = self.core.state.health.ping().await {
            tracing::warn!(
                error = &err as &dyn std::error::Error,
                "the shared store does not answer"
            );
            unready.push("store");
        }
        if !self.core.state.relay.is_connected() {
            unready.push("relay");
        }
        if !self.has_metastore().await {
            unready.push("metastore");
        }
        let unopened = self.workspaces.unopened();
        if !unopened.is_empty() {
            unready.push("workspaces");
        }
        if unready.is_empty() {
            Ok(())
        } else {
            Err(Unready {
                parts: unready,
                workspaces: unopened,
            })
        }
    }

    async fn has_metastore(&self) -> bool {
        let active = self.workspaces.all();
        if active.is_empty() {
            return true;
        }
        let mut pings: FuturesUnordered<_> = active
            .iter()
            .take(MAX_PINGED)
            .map(|workspace| async move {
                let workspace = workspace.workspace();
                workspace.metastore.ping().await.inspect_err(|err| {
                    tracing::warn!(
                        workspace = %workspace.slug,
                        error = err as &dyn std::error::Error,
                        "a metastore does not answer",
                    );
                })
            })
            .collect();
        while let Some(ping) = pings.next().await {
            if ping.is_ok() {
                return true;
            }
        }
        false
    }

    /// Opens a workspace before its first request. The node is not ready until it was opened once.
    ///
    /// # Errors
    /// It does not exist, or cannot be opened now.
    pub async fn warm_up(&self, workspace: &WorkspaceSlug) -> Result<(), WorkspaceError> {
        self.workspaces.expect(workspace);
        self.workspaces.get(workspace).await.map(drop)
    }

    /// The workspaces that were to be opened and could not be yet.
    pub fn unopened(&self) -> Vec<WorkspaceSlug> {
        self.workspaces.unopened().into_keys().collect()
    }

    /// A workspace's metastore, for what is written beside requests.
    ///
    /// # Errors
    /// As [`Self::warm_up`].
    pub async fn metastore(&self, workspace: &WorkspaceSlug) -> Result<Metastore, WorkspaceError> {
        Ok(self
            .workspaces
            .get(workspace)
            .await?
            .workspace()
            .metastore
            .clone())
    }

    /// Fires when the node lost something that it cannot do without.
    pub fn ends(&self) -> &CancellationToken {
        &self.ends
    }

    /// Stops readiness, so that no new requests are sent here, and ends change streams.
    pub fn begin_drain(&self) {
        self.core.draining.cancel();
    }

    /// Whether the node no longer wants requests.
    pub fn is_draining(&self) -> bool {
        self.core.draining.is_cancelled()
    }

    /// Waits for running calls, at most `grace`, and lets nothing new run. Returns how many calls still do.
    pub async fn drain(&self, grace: Duration) -> usize {
        self.begin_drain();
        let running = self.core.executors.drain(grace).await;
        self.core.uses.flush().await;
        running
    }

    /// Stops the tools' threads and the actors. Connections that were opened there break: whoever still
    /// needs a workspace's metastore, as the audit does, comes before.
    pub fn stop(&self) {
        self.core.executors.stop();
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
    }
}

/// Why a node cannot do its work.
#[derive(Debug, Clone)]
pub struct Unready {
    /// The parts that it lacks: `draining`, `executor`, `store`, `relay`, `metastore`, `workspaces`.
    pub parts: Vec<&'static str>,
    /// Workspaces that were never opened on this node, and why not, without hosts, users and files. Their names are not
    /// for strangers.
    pub workspaces: BTreeMap<WorkspaceSlug, String>,
}

/// Puts together who decides about callers, and what keeps them informed.
fn access_guard(
    authenticator: Arc<dyn Authenticator>,
    control: ControlPlane,
    state: &SharedState,
    workspaces: &Arc<WorkspaceRegistry>,
    clock: &Arc<dyn Clock>,
    (arbiter, node_ends): (&ArbiterHandle, &CancellationToken),
    observer: service::Observer,
) -> Arc<AccessGuard> {
    let circuit = Arc::new(Circuit::new(Arc::clone(clock), STORE_PAUSE));
    let validity = Arc::new(CacheValidity::new(control.changes.is_some()));
    if let Some(feed) = control.changes {
        let (watcher, in_background) = ChangeWatcher::new(
            feed,
            Arc::clone(&validity),
            Arc::clone(workspaces),
            Arc::clone(&authenticator),
            Arc::clone(&state.validations),
            Arc::clone(&circuit),
        );
        arbiter.spawn(watcher.run(node_ends.clone()));
        arbiter.spawn(in_background);
    }
    let validations = Arc::clone(&state.validations);
    Arc::new(AccessGuard {
        identity: Identity::new(
            authenticator,
            validations,
            circuit,
            control.standing,
            Arc::clone(&validity),
        ),
        flags: FeatureFlags::new(control.flags, Arc::clone(&validity)),
        validity,
        workspaces: Arc::clone(workspaces),
        unknown_users: UnknownUsers::new(),
        observer,
    })
}

/// Starts the node's background tasks.
fn look_after(
    core: &Arc<Core>,
    workspaces: &Arc<WorkspaceRegistry>,
    arbiter: &ArbiterHandle,
    metrics: &Metrics,
) {
    let (uses, draining) = (Arc::clone(&core.uses), core.draining.clone());
    supervise(arbiter, "uses of grants", metrics.clone(), move || {
        Arc::clone(&uses).run(draining.clone())
    });
    let executors = Arc::clone(&core.executors);
    supervise(arbiter, "watchdog", metrics.clone(), move || {
        Arc::clone(&executors).watch()
    });
    let parts = (Arc::clone(core), Arc::clone(workspaces), metrics.clone());
    supervise(arbiter, "measurements", metrics.clone(), move || {
        let (core, workspaces, metrics) = parts.clone();
        measure(core, workspaces, metrics)
    });
    let parts = (Arc::clone(core), Arc::clone(workspaces));
    supervise(arbiter, "idle workspaces", metrics.clone(), move || {
        let (core, workspaces) = parts.clone();
        close_idle(core, workspaces)
    });
}

/// Measures what there is now, until the node stops.
async fn measure(core: Arc<Core>, workspaces: Arc<WorkspaceRegistry>, metrics: Metrics) {
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    while !core.draining.is_cancelled() {
        metrics.set(Level::Sessions, whole(core.sessions.len()));
        metrics.set(Level::Streams, whole(core.streams.open()));
        metrics.set(Level::Workspaces, whole(workspaces.all().len()));
        metrics.set(Level::Running, whole(core.executors.running()));
        metrics.set(Level::Waiting, whole(core.executors.waiting()));
        metrics.set(Level::InFlight, whole(core.executors.in_flight()));
        tokio::time::sleep(MEASURE_EVERY).await;
    }
}

/// Closes workspaces that nobody uses, until the node stops.
async fn close_idle(core: Arc<Core>, workspaces: Arc<WorkspaceRegistry>) {
    let idle = core.settings.workspace_idle;
    let pause = (idle / 4).clamp(Duration::from_secs(1), Duration::from_mins(1));
    while core
        .draining
        .run_until_cancelled(tokio::time::sleep(pause))
        .await
        .is_some()
    {
        workspaces.close_idle(idle).await;
    }
}
