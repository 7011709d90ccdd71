use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use actix::Actor;
use actix_rt::ArbiterHandle;
use moka::sync::Cache;
use parking_lot::RwLock;
use tidegate_store::{SharedState, Topic};
use tidegate_types::WorkspaceSlug;
use tokio::sync::{Mutex, Semaphore, broadcast};

use super::actor::WorkspaceActor;
use super::content::ContentChanges;
use super::handle::{FEED_CAPACITY, Shared, WorkspaceHandle};
use super::{OpenWorkspace, WorkspaceError};
use crate::executor::Executors;

/// How long rights count without being asked for again: Superset itself may change them, and tells nobody.
const ACCESS_TTL: Duration = Duration::from_mins(1);

/// How long a validated token is remembered here before the shared store is asked again.
const VALIDATED_TTL: Duration = Duration::from_secs(5);

/// Users and tokens remembered for each workspace.
const MAX_REMEMBERED: u64 = 10_000;

/// How long an actor may take to answer.
const ASK_DEADLINE: Duration = Duration::from_secs(10);

/// Messages that may wait for a workspace.
const MAILBOX: usize = 1_024;

/// How long it is known that there is no workspace of a name, so that asking for one again and again costs nothing.
const UNKNOWN_TTL: Duration = Duration::from_secs(5);

/// Names that are known to be nobody's.
const MAX_UNKNOWN: u64 = 1_000;

/// Workspaces that are opened or looked at again at once.
const MAX_OPENING: usize = 8;

/// How long it is told at once that a workspace could not be opened, before somebody tries again.
const OPEN_PAUSE: Duration = Duration::from_millis(250);

/// The workspaces that are active on this node.
pub(crate) struct WorkspaceRegistry {
    active: RwLock<HashMap<WorkspaceSlug, WorkspaceHandle>>,
    unknown: Cache<WorkspaceSlug, ()>,
    /// Held by whoever opens the workspace: two pools for one metastore would be worse than a wait. One that cannot
    /// be opened keeps nobody waiting but its own callers.
    opening: Cache<WorkspaceSlug, Arc<Opening>>,
    /// Workspaces that this node was told to serve and has not opened yet, and why not.
    unopened: RwLock<BTreeMap<WorkspaceSlug, String>>,
    places: Semaphore,
    opener: Arc<dyn OpenWorkspace>,
    state: SharedState,
    executors: Arc<Executors>,
    /// Each workspace has one of them, so that one tenant's work does not hold up all others'.
    arbiters: Vec<ArbiterHandle>,
}

/// Somebody opens a workspace, or could not a moment ago.
#[derive(Default)]
struct Opening {
    turn: Mutex<()>,
    /// When the last attempt ended, and why it failed. Whoever waited for it, and whoever comes right after it, is told
    /// the same: one after the other they would wait for the same time-out each.
    failure: RwLock<Option<(Instant, WorkspaceError)>>,
}

impl Opening {
    fn failed_since(&self, begun: Instant) -> Option<WorkspaceError> {
        let failure = self.failure.read();
        let (ended_at, err) = failure.as_ref()?;
        (*ended_at >= begun || ended_at.elapsed() < OPEN_PAUSE).then(|| err.clone())
    }
}

impl WorkspaceRegistry {
    pub(crate) fn new(
        opener: Arc<dyn OpenWorkspace>,
        state: SharedState,
        executors: Arc<Executors>,
        arbiters: Vec<ArbiterHandle>,
    ) -> Self {
        let unknown = Cache::builder()
            .max_capacity(MAX_UNKNOWN)
            .time_to_live(UNKNOWN_TTL);
        let opening = Cache::builder().time_to_idle(Duration::from_mins(1));
        Self {
            active: RwLock::default(),
            unknown: unknown.build(),
            opening: opening.max_capacity(MAX_REMEMBERED).build(),
            unopened: RwLock::default(),
            places: Semaphore::new(MAX_OPENING),
            opener,
            state,
            executors,
            arbiters,
        }
    }

    /// The workspace, opened if need be.
    ///
    /// # Errors
    /// `Unknown`: no such workspace. `Unavailable`: it cannot be opened now.
    pub(crate) async fn get(
        &self,
        slug: &WorkspaceSlug,
    ) -> Result<WorkspaceHandle, WorkspaceError> {
        if let Some(handle) = self.find(slug) {
            handle.touch();
            return Ok(handle);
        }
        if self.unknown.contains_key(slug) {
            return Err(WorkspaceError::Unknown);
        }
        let begun = Instant::now();
        let opening = self.opening.get_with(slug.clone(), Arc::<Opening>::default);
        let _turn = opening.turn.lock().await;
        if let Some(handle) = self.find(slug) {
            return Ok(handle);
        }
        if let Some(err) = opening.failed_since(begun) {
            return Err(err);
        }
        let opened = self.open(slug).await;
        *opening.failure.write() = match &opened {
            Ok(_) | Err(WorkspaceError::Unknown) => None,
            Err(err) => Some((Instant::now(), err.clone())),
        };
        opened
    }

    async fn open(&self, slug: &WorkspaceSlug) -> Result<WorkspaceHandle, WorkspaceError> {
        let _place = self
            .places
            .acquire()
            .await
            .map_err(|err| WorkspaceError::Unavailable(Arc::new(err)))?;
        let workspace = self.opener.open(slug).await.map_err(|err| {
            tracing::error!(
                workspace = %slug,
                reason = err.reason,
                error = &err as &dyn std::error::Error,
                "a workspace could not be opened"
            );
            if let Some(reason) = self.unopened.write().get_mut(slug) {
                reason.clone_from(&err.reason);
            }
            WorkspaceError::Unavailable(Arc::new(err))
        })?;
        let Some(workspace) = workspace.map(Arc::new) else {
            self.unknown.insert(slug.clone(), ());
            return Err(WorkspaceError::Unknown);
        };
        let store_error = |err| WorkspaceError::Unavailable(Arc::new(err));
        // Subscribed before the log's end is read, so that no change falls between the two.
        self.state
            .relay
            .subscribe(&Topic::Workspace(slug.clone()))
            .await
            .map_err(store_error)?;
        let topic = Topic::Workspace(slug.clone());
        let epoch = match self.state.changes.head(slug).await {
            Ok(epoch) => epoch,
            Err(err) => {
                // Nobody would receive its signals. Should this fail too, they are received for nobody.
                let _ = self.state.relay.unsubscribe(&topic).await;
                return Err(store_error(err));
            }
        };
        let shared = Arc::new(Shared {
            workspace,
            access: Cache::builder()
                .max_capacity(MAX_REMEMBERED)
                .time_to_live(ACCESS_TTL)
                .build(),
            validated: Cache::builder()
                .max_capacity(MAX_REMEMBERED)
                .time_to_live(VALIDATED_TTL)
                .build(),
            epoch: AtomicU64::new(epoch.0),
            content: ContentChanges::default(),
            log: Arc::clone(&self.state.changes),
            used: parking_lot::Mutex::new(Instant::now()),
            feed: broadcast::Sender::new(FEED_CAPACITY),
        });
        let actor_shared = Arc::clone(&shared);
        let addr = WorkspaceActor::start_in_arbiter(self.arbiter(slug), move |_| {
            WorkspaceActor::new(actor_shared, MAILBOX)
        });
        let handle = WorkspaceHandle {
            addr,
            shared,
            executor: self.executors.executor(self.arbiter(slug)),
            deadline: ASK_DEADLINE,
        };
        // Whatever is closed on purpose is taken out.
        if self
            .active
            .write()
            .insert(slug.clone(), handle.clone())
            .is_some()
        {
            handle.executor().note_restart();
        }
        self.unopened.write().remove(slug);
        Ok(handle)
    }

    /// This node is to serve the workspace, and is not ready before it was opened once. One that goes away later is the
    /// business of its own callers.
    pub(crate) fn expect(&self, slug: &WorkspaceSlug) {
        // Whoever opens it meanwhile takes it out again: the lock is held while we look.
        let mut unopened = self.unopened.write();
        if self.find(slug).is_none() {
            // The reason of an earlier try stays until there is another.
            let reason = unopened.entry(slug.clone());
            reason.or_insert_with(|| "it was not opened yet".to_owned());
        }
    }

    /// The workspaces that this node is to serve and has not opened yet, and why not, in words that give nothing away.
    pub(crate) fn unopened(&self) -> BTreeMap<WorkspaceSlug, String> {
        self.unopened.read().clone()
    }

    fn arbiter(&self, slug: &WorkspaceSlug) -> &ArbiterHandle {
        let mut hasher = DefaultHasher::new();
        slug.as_str().hash(&mut hasher);
        let count = u64::try_from(self.arbiters.len()).unwrap_or(1).max(1);
        let number = usize::try_from(hasher.finish() % count).unwrap_or(0);
        &self.arbiters[number]
    }

    /// The workspace if it is active here.
    pub(crate) fn find(&self, slug: &WorkspaceSlug) -> Option<WorkspaceHandle> {
        self.active
            .read()
            .get(slug)
            .filter(|handle| handle.is_alive())
            .cloned()
    }

    /// All active workspaces.
    pub(crate) fn all(&self) -> Vec<WorkspaceHandle> {
        self.active.read().values().cloned().collect()
    }

    /// The names of all active workspaces.
    pub(crate) fn slugs(&self) -> Vec<WorkspaceSlug> {
        self.active.read().keys().cloned().collect()
    }

    /// Whether this is the workspace that requests get, and not one that was closed.
    pub(crate) fn is_open(&self, handle: &WorkspaceHandle) -> bool {
        let active = self.active.read();
        active
            .get(&handle.workspace().slug)
            .is_some_and(|active| Arc::ptr_eq(&active.shared, &handle.shared))
    }

    /// Something about the workspace changed: it may be there now, or be gone, or be somewhere else. Looks in the
    /// background; until then it goes on as it is.
    pub(crate) fn reconsider(self: &Arc<Self>, slug: &WorkspaceSlug) {
        self.unknown.invalidate(slug);
        let Some(handle) = self.find(slug) else {
            return;
        };
        let arbiter = self.arbiter(slug);
        let (registry, slug) = (Arc::clone(self), slug.clone());
        arbiter.spawn(async move {
            let Ok(_place) = registry.places.acquire().await else {
                return;
            };
            match registry.opener.is_current(handle.workspace()).await {
                Ok(true) => {}
                Ok(false) => {
                    registry
                        .close(&slug, &handle, "it is gone or somewhere else")
                        .await;
                }
                Err(err) => tracing::warn!(
                    workspace = %slug,
                    error = &err as &dyn std::error::Error,
                    "could not check whether a workspace moved"
                ),
            }
        });
    }

    /// Closes the workspaces that nobody has used for so long.
    pub(crate) async fn close_idle(&self, idle: Duration) {
        for handle in self.all() {
            if handle.is_idle_for(idle) {
                let slug = handle.workspace().slug.clone();
                self.close(&slug, &handle, "nobody has used it for a while")
                    .await;
            }
        }
    }

    /// Lets go of a workspace. Running calls end as they would; the next request opens it again, if it is there.
    async fn close(&self, slug: &WorkspaceSlug, closed: &WorkspaceHandle, reason: &str) {
        {
            let mut active = self.active.write();
            let is_same = |handle: &WorkspaceHandle| Arc::ptr_eq(&handle.shared, &closed.shared);
            if !active.get(slug).is_some_and(is_same) {
                return;
            }
            active.remove(slug);
        }
        tracing::info!(workspace = %slug, reason, "a workspace was closed");
        let topic = Topic::Workspace(slug.clone());
        if let Err(err) = self.state.relay.unsubscribe(&topic).await {
            tracing::debug!(
                error = &err as &dyn std::error::Error,
                "a workspace's signals go on for nobody"
            );
        }
        // Whoever opened it again meanwhile needs its signals after all.
        if self.find(slug).is_some() {
            let _ = self.state.relay.subscribe(&topic).await;
        }
    }
}
