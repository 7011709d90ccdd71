//! What changed in each workspace.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tidegate_store::{Change, ChangeLog, ChangePage, Epoch, Signal, StoreError, Topic};
use tidegate_types::WorkspaceSlug;

use crate::expiring_lru::{ExpiringLru, Weigh};
use crate::relay::MemoryRelay;

/// Changes kept a workspace, as in Redis.
const MAX_CHANGES: usize = 1_000;

#[derive(Default)]
struct Log {
    changes: VecDeque<Change>,
    head: Epoch,
}

impl Weigh for Log {
    fn bytes(&self) -> usize {
        0
    }
}

impl Log {
    fn append(&mut self, change: Change) -> Epoch {
        if self.changes.len() == MAX_CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
        self.head.0 += 1;
        self.head
    }

    fn page(&self, after: Epoch) -> ChangePage {
        let kept_from = self.head.0 - self.changes.len() as u64 + 1;
        let from = after.0.saturating_add(1).max(kept_from);
        let skip = usize::try_from(from - kept_from).unwrap_or(usize::MAX);
        ChangePage {
            changes: (from..=self.head.0)
                .map(Epoch)
                .zip(self.changes.iter().skip(skip).cloned())
                .collect(),
            head: self.head,
            has_gap: after.0.saturating_add(1) < kept_from || after > self.head,
        }
    }
}

pub(crate) struct MemoryChanges {
    relay: Arc<MemoryRelay>,
    logs: Mutex<ExpiringLru<WorkspaceSlug, Log>>,
}

impl MemoryChanges {
    pub(crate) fn new(relay: Arc<MemoryRelay>, max_workspaces: usize) -> Self {
        Self {
            relay,
            logs: Mutex::new(ExpiringLru::new(max_workspaces, usize::MAX)),
        }
    }
}

/// A log has no end of life of its own, so its clock stands still.
const NOW: i64 = 0;

#[async_trait::async_trait]
impl ChangeLog for MemoryChanges {
    async fn append(&self, workspace: &WorkspaceSlug, change: Change) -> Result<Epoch, StoreError> {
        let epoch = {
            let mut logs = self.logs.lock();
            if logs.peek(workspace, NOW).is_none() {
                logs.put(workspace.clone(), Log::default(), i64::MAX, NOW);
            }
            logs.with(workspace, NOW, |log, _| log.append(change))
                .unwrap_or_default()
        };
        self.relay
            .signal(&Topic::Workspace(workspace.clone()), &Signal::Changed);
        Ok(epoch)
    }

    async fn read(
        &self,
        workspace: &WorkspaceSlug,
        after: Epoch,
    ) -> Result<ChangePage, StoreError> {
        let page = self
            .logs
            .lock()
            .with(workspace, NOW, |log, _| log.page(after));
        Ok(page.unwrap_or_else(|| Log::default().page(after)))
    }

    async fn head(&self, workspace: &WorkspaceSlug) -> Result<Epoch, StoreError> {
        Ok(self
            .logs
            .lock()
            .peek(workspace, NOW)
            .map_or(Epoch(0), |log| log.head))
    }
}
