//! How a node is put together.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use actix_rt::{Arbiter, ArbiterHandle};
use tidegate_config::SqlLiterals;
use tidegate_protocol::result::ServerInfo;
use tidegate_protocol::state::StateSealer;
use tidegate_store::{Circuit, SharedState};
use tidegate_telemetry::{AuditQueue, Metrics};
use tidegate_token_verifier::Authenticator;
use tidegate_tools::Catalogue;
use tidegate_types::{Clock, NodeId};
use tokio_util::sync::CancellationToken;

use super::Node;
use super::background::look_after;
use crate::access_guard::AccessGuard;
use crate::control::{CacheValidity, ChangeWatcher, ControlPlane, FeatureFlags, UseCounter};
use crate::executor::{Executors, Limits};
use crate::identity::Identity;
use crate::relay::EventRelay;
use crate::service::{Core, InFlight, ListCache, Observer, StreamPlaces};
use crate::session::SessionRegistry;
use crate::settings::NodeSettings;
use crate::unknown_user::UnknownUsers;
use crate::workspace::{OpenWorkspace, WorkspaceRegistry};

/// Change streams that one node keeps open at most.
const MAX_STREAMS: usize = 20_000;

/// How long session validation leaves the shared store alone after it failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

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
        let executors = executors(&parts, cores)?;
        let workspaces = Arc::new(WorkspaceRegistry::new(
            Arc::clone(&parts.opener),
            parts.state.clone(),
            Arc::clone(&executors),
            handles.clone(),
        ));
        let sessions = Arc::new(SessionRegistry::new(
            parts.state.clone(),
            parts.settings.retention,
            handles.clone(),
            parts.settings.max_live_sessions,
        ));
        let ends = CancellationToken::new();
        start_relay(&parts.state, &workspaces, &sessions, &handles[0], &ends)?;
        let observer = Observer::new(
            parts.metrics.clone(),
            parts.audit.clone(),
            &parts.catalogue,
            parts.sql_literals,
            Arc::clone(&parts.clock),
            parts.node_id.clone(),
        );
        let uses = Arc::new(UseCounter::new(control.uses.clone()));
        let access_guard = access_guard(
            &parts,
            control,
            &workspaces,
            (&handles[0], &ends),
            observer.clone(),
        );
        let metrics = parts.metrics.clone();
        let core = Arc::new(core(parts, executors, sessions, observer, uses));
        look_after(&core, &workspaces, &handles[0], &metrics);
        Ok(Arc::new(Self {
            core,
            workspaces,
            access_guard,
            arbiters,
            ends,
        }))
    }
}

fn executors(parts: &NodeParts, cores: usize) -> Result<Arc<Executors>, StartError> {
    let settings = &parts.settings;
    let limits = Limits {
        threads: (cores * 2).max(4),
        running: settings.running,
        waiting: settings.waiting,
        wait_timeout: settings.wait_timeout,
        watchdog: settings.watchdog,
    };
    Executors::start(limits, parts.metrics.clone()).map_err(StartError::Threads)
}

/// Passes the store's signals on to workspaces and sessions.
fn start_relay(
    state: &SharedState,
    workspaces: &Arc<WorkspaceRegistry>,
    sessions: &Arc<SessionRegistry>,
    arbiter: &ArbiterHandle,
    ends: &CancellationToken,
) -> Result<(), StartError> {
    let signals = state.relay.stream().ok_or(StartError::RelayTaken)?;
    let (workspaces, sessions, ends) = (Arc::clone(workspaces), Arc::clone(sessions), ends.clone());
    EventRelay::start_in_arbiter(arbiter, move |_| {
        EventRelay::new(workspaces, sessions, signals, ends)
    });
    Ok(())
}

/// What the use cases share.
fn core(
    parts: NodeParts,
    executors: Arc<Executors>,
    sessions: Arc<SessionRegistry>,
    observer: Observer,
    uses: Arc<UseCounter>,
) -> Core {
    let streams_per_user = parts.settings.streams_per_user;
    Core {
        node_id: parts.node_id,
        catalogue: Arc::new(parts.catalogue),
        executors,
        sessions,
        state: parts.state,
        settings: parts.settings,
        server: ServerInfo::new("tidegate", "Tidegate", env!("CARGO_PKG_VERSION")),
        sealer: parts.sealer,
        clock: parts.clock,
        lists: ListCache::default(),
        in_flight: InFlight::default(),
        observer,
        streams: StreamPlaces::new(MAX_STREAMS, streams_per_user),
        draining: CancellationToken::new(),
        uses,
    }
}

/// Puts together who decides about callers, and what keeps them informed.
fn access_guard(
    parts: &NodeParts,
    control: ControlPlane,
    workspaces: &Arc<WorkspaceRegistry>,
    (arbiter, node_ends): (&ArbiterHandle, &CancellationToken),
    observer: Observer,
) -> Arc<AccessGuard> {
    let circuit = Arc::new(Circuit::new(Arc::clone(&parts.clock), STORE_PAUSE));
    let validity = Arc::new(CacheValidity::new(control.changes.is_some()));
    if let Some(feed) = control.changes {
        let (watcher, in_background) = ChangeWatcher::new(
            feed,
            Arc::clone(&validity),
            Arc::clone(workspaces),
            Arc::clone(&parts.authenticator),
            Arc::clone(&parts.state.validations),
            Arc::clone(&circuit),
        );
        arbiter.spawn(watcher.run(node_ends.clone()));
        arbiter.spawn(in_background);
    }
    let validations = Arc::clone(&parts.state.validations);
    Arc::new(AccessGuard {
        authenticator: Arc::clone(&parts.authenticator),
        identity: Identity::new(
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
