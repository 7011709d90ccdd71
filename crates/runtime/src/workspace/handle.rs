use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::{Addr, MailboxError};
use moka::sync::Cache;
use parking_lot::Mutex;
use tidegate_metastore::Access;
use tidegate_store::{Change, ChangeLog, Epoch, StoreError};
use tidegate_tools::Workspace;
use tidegate_types::{EntityKind, EntityRef, TokenId, UserId};
use tokio::sync::broadcast;

use super::WorkspaceError;
use super::actor::{LoadAccess, WorkspaceActor};
use super::announcement::Announcement;
use super::content::ContentChanges;
use crate::executor::ExecutorHandle;
use crate::identity::Known;

/// How many changes a slow stream may be behind before it reads the log instead.
pub(crate) const FEED_CAPACITY: usize = 256;

/// One change of the workspace, as it reaches this node's streams.
pub(crate) type FeedItem = (Epoch, Change);

/// What the workspace's actor shares with everybody who asks: readers take it without a message. Rights are loaded by the actor
/// alone; validated tokens are noted by who validated them. The actor empties both, and so does a write before it is announced.
pub(crate) struct Shared {
    pub workspace: Arc<Workspace>,
    pub access: Cache<UserId, Arc<Access>>,
    pub validated: Cache<TokenId, Known>,
    pub epoch: AtomicU64,
    pub content: ContentChanges,
    pub log: Arc<dyn ChangeLog>,
    /// When the last request came.
    pub used: Mutex<Instant>,
    pub feed: broadcast::Sender<FeedItem>,
}

impl Shared {
    /// Tells the nodes what a call of this one changed. Returns the change's place in the log.
    pub(super) async fn tell(&self, things: &[EntityRef]) -> Result<Epoch, StoreError> {
        let things = things.to_vec();
        let change = Change::Content { things };
        self.log.append(&self.workspace.slug, change).await
    }

    /// A change of this node stands in the log.
    pub(super) fn published(&self, place: Epoch, things: &[EntityRef]) {
        self.content_changed(things);
        let known = Epoch(self.epoch.load(Ordering::Acquire));
        self.content.published(place, known);
    }

    /// Drops what rests on things that changed: rules for rows are kept by the names of datasets' tables.
    pub(super) fn content_changed(&self, things: &[EntityRef]) {
        let is_source = |kind| matches!(kind, EntityKind::Dataset | EntityKind::Database);
        if things.iter().any(|thing| is_source(thing.kind)) {
            self.access.invalidate_all();
        }
    }
}

/// The only way to an active workspace.
#[derive(Clone)]
pub struct WorkspaceHandle {
    pub(super) addr: Addr<WorkspaceActor>,
    pub(super) shared: Arc<Shared>,
    pub(super) executor: ExecutorHandle,
    pub(super) deadline: Duration,
}

impl WorkspaceHandle {
    /// The workspace.
    pub fn workspace(&self) -> &Arc<Workspace> {
        &self.shared.workspace
    }

    /// The end of the change log as this node knows it.
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(self.shared.epoch.load(Ordering::Acquire))
    }

    /// The same, or further on where a call of this node changed something since. It stands in cache keys.
    pub(crate) fn content_epoch(&self) -> Epoch {
        self.shared.content.epoch(self.epoch())
    }

    /// Whether answers may be kept, and kept ones given: not while something is about to change, or did and is not known to
    /// this node or the others.
    pub(crate) fn may_keep_answers(&self) -> bool {
        self.shared.content.is_settled()
    }

    /// Whether the other nodes are told all that calls of this one changed.
    pub(crate) fn is_published(&self) -> bool {
        self.shared.content.is_published()
    }

    /// These things are about to be changed.
    pub(crate) fn announce(&self, things: Vec<EntityRef>) -> Announcement {
        Announcement::new(self.clone(), things)
    }

    /// What the user may see and do; asked from the metastore at most once a minute and after changes.
    ///
    /// # Errors
    /// `NotAMember`, `Unavailable`, `Overloaded`.
    pub(crate) async fn access(&self, user: UserId) -> Result<Arc<Access>, WorkspaceError> {
        if let Some(access) = self.shared.access.get(&user) {
            return Ok(access);
        }
        match self
            .addr
            .send(LoadAccess { user })
            .timeout(self.deadline)
            .await
        {
            Ok(access) => access,
            Err(MailboxError::Timeout) => Err(WorkspaceError::Overloaded),
            Err(err @ MailboxError::Closed) => Err(WorkspaceError::Unavailable(Arc::new(err))),
        }
    }

    /// What this node remembers of validated tokens; emptied by revocations.
    pub(crate) fn validated(&self) -> &Cache<TokenId, Known> {
        &self.shared.validated
    }

    /// Changes from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<FeedItem> {
        self.shared.feed.subscribe()
    }

    pub(crate) fn addr(&self) -> &Addr<WorkspaceActor> {
        &self.addr
    }

    /// What runs the workspace's calls.
    pub(crate) fn executor(&self) -> &ExecutorHandle {
        &self.executor
    }

    /// Notes that a request came.
    pub(super) fn touch(&self) {
        *self.shared.used.lock() = Instant::now();
    }

    /// Whether nobody has asked for anything for so long: no request, no running call, no open stream.
    pub(super) fn is_idle_for(&self, time: Duration) -> bool {
        self.shared.used.lock().elapsed() >= time
            && self.executor.is_idle()
            && self.is_published()
            && self.shared.feed.receiver_count() == 0
    }

    pub(super) fn is_alive(&self) -> bool {
        self.addr.connected() && self.executor.is_alive()
    }
}
