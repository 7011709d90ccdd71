use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use actix::Actor;
use actix_rt::ArbiterHandle;
use moka::sync::Cache;
use parking_lot::RwLock;
use tidegate_store::{SharedState, Topic};
use tidegate_types::WorkspaceSlug;
use tokio::sync::{Mutex, broadcast};

use super::actor::WorkspaceActor;
use super::handle::{FEED_CAPACITY, Shared, WorkspaceHandle};
use super::{OpenWorkspace, WorkspaceError};

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

/// The workspaces that are active on this node.
pub(crate) struct WorkspaceRegistry {
    active: RwLock<HashMap<WorkspaceSlug, WorkspaceHandle>>,
    opening: Mutex<()>,
    opener: Arc<dyn OpenWorkspace>,
    state: SharedState,
    arbiter: ArbiterHandle,
}

impl WorkspaceRegistry {
    pub(crate) fn new(
        opener: Arc<dyn OpenWorkspace>,
        state: SharedState,
        arbiter: ArbiterHandle,
    ) -> Self {
        Self {
            active: RwLock::default(),
            opening: Mutex::default(),
            opener,
            state,
            arbiter,
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
            return Ok(handle);
        }
        // One at a time: opening is rare, and two pools for one metastore would be worse than a wait.
        let _turn = self.opening.lock().await;
        if let Some(handle) = self.find(slug) {
            return Ok(handle);
        }
        let workspace = self.opener.open(slug).await.map_err(|err| {
            tracing::error!(workspace = %slug, error = &err as &dyn std::error::Error, "a workspace could not be opened");
            WorkspaceError::Unavailable(Arc::new(err))
        })?;
        let workspace = Arc::new(workspace.ok_or(WorkspaceError::Unknown)?);
        let store_error = |err| WorkspaceError::Unavailable(Arc::new(err));
        // Subscribed before the log's end is read, so that no change falls between the two.
        self.state
            .relay
            .subscribe(&Topic::Workspace(slug.clone()))
            .await
            .map_err(store_error)?;
        let epoch = self.state.changes.head(slug).await.map_err(store_error)?;
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
            feed: broadcast::Sender::new(FEED_CAPACITY),
        });
        let (actor_shared, log) = (Arc::clone(&shared), Arc::clone(&self.state.changes));
        let addr = WorkspaceActor::start_in_arbiter(&self.arbiter, move |_| {
            WorkspaceActor::new(actor_shared, log, MAILBOX)
        });
        let handle = WorkspaceHandle {
            addr,
            shared,
            deadline: ASK_DEADLINE,
        };
        self.active.write().insert(slug.clone(), handle.clone());
        Ok(handle)
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
}
