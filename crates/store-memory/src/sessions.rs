//! Legacy sessions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_store::{
    SessionChange, SessionKey, SessionLimits, SessionRecord, SessionStore, StoreError,
};
use tidegate_types::{Clock, SessionId, UserId, WorkspaceSlug};

use crate::shelf::{Shelf, Weigh, after};

impl Weigh for SessionRecord {
    fn bytes(&self) -> usize {
        0
    }
}

pub(crate) struct MemorySessions {
    clock: Arc<dyn Clock>,
    live: Mutex<Live>,
}

/// Sessions by key, and each user's, coldest first. A session stands in both or in neither.
struct Live {
    records: Shelf<SessionKey, SessionRecord>,
    by_user: HashMap<(WorkspaceSlug, UserId), Vec<SessionId>>,
}

impl MemorySessions {
    pub(crate) fn new(clock: Arc<dyn Clock>, max_sessions: usize) -> Self {
        let live = Live {
            records: Shelf::new(max_sessions, usize::MAX),
            by_user: HashMap::new(),
        };
        Self {
            clock,
            live: Mutex::new(live),
        }
    }
}

fn owner(key: &SessionKey) -> (WorkspaceSlug, UserId) {
    (key.workspace.clone(), key.user)
}

impl Live {
    /// Drops a session from its user's list.
    fn forget(&mut self, key: &SessionKey) {
        let owner = owner(key);
        if let Some(sessions) = self.by_user.get_mut(&owner) {
            sessions.retain(|session| *session != key.session);
            if sessions.is_empty() {
                self.by_user.remove(&owner);
            }
        }
    }

    fn end(&mut self, key: &SessionKey, now_millis: i64) -> bool {
        let was_live = self.records.take(key, now_millis).is_some();
        self.forget(key);
        was_live
    }

    /// The user's live sessions, coldest first.
    fn of(&self, workspace: &WorkspaceSlug, user: UserId, now_millis: i64) -> Vec<SessionKey> {
        self.by_user
            .get(&(workspace.clone(), user))
            .into_iter()
            .flatten()
            .map(|session| SessionKey {
                workspace: workspace.clone(),
                user,
                session: session.clone(),
            })
            .filter(|key| self.records.peek(key, now_millis).is_some())
            .collect()
    }

    fn warm(&mut self, key: &SessionKey) {
        let sessions = self.by_user.entry(owner(key)).or_default();
        if sessions.last() != Some(&key.session) {
            sessions.retain(|session| *session != key.session);
            sessions.push(key.session.clone());
        }
    }
}

fn apply(record: &mut SessionRecord, change: SessionChange) -> bool {
    match change {
        SessionChange::SetLogLevel(level) => record.log_level = Some(level),
        SessionChange::Unsubscribe(uri) => {
            record.subscriptions.remove(&uri);
        }
        SessionChange::Subscribe(uri) => {
            let is_one_too_many = record.subscriptions.len() >= SessionRecord::MAX_SUBSCRIPTIONS
                && !record.subscriptions.contains(&uri);
            if is_one_too_many || uri.len() > SessionRecord::MAX_URI_BYTES {
                return false;
            }
            record.subscriptions.insert(uri);
        }
    }
    true
}

#[async_trait::async_trait]
impl SessionStore for MemorySessions {
    async fn create(
        &self,
        key: &SessionKey,
        record: &SessionRecord,
        limits: SessionLimits,
    ) -> Result<Vec<SessionId>, StoreError> {
        let now = self.clock.unix_millis();
        let mut live = self.live.lock();
        live.end(key, now);
        let mut ended = live.of(&key.workspace, key.user, now);
        ended.truncate((ended.len() + 1).saturating_sub(limits.per_user.max(1)));
        for cold in &ended {
            live.end(cold, now);
        }
        let expires = after(now, limits.idle);
        for gone in live.records.put(key.clone(), record.clone(), expires, now) {
            live.forget(&gone);
        }
        live.warm(key);
        Ok(ended.into_iter().map(|cold| cold.session).collect())
    }

    async fn touch(
        &self,
        key: &SessionKey,
        idle: Duration,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let now = self.clock.unix_millis();
        let mut live = self.live.lock();
        let record = live.records.with(key, now, |record, expires_millis| {
            *expires_millis = after(now, idle);
            record.clone()
        });
        match record {
            Some(_) => live.warm(key),
            None => live.forget(key),
        }
        Ok(record)
    }

    async fn change(&self, key: &SessionKey, change: SessionChange) -> Result<bool, StoreError> {
        let now = self.clock.unix_millis();
        let mut live = self.live.lock();
        let applied = live
            .records
            .with(key, now, |record, _| apply(record, change));
        if applied.is_none() {
            live.forget(key);
        }
        Ok(applied.unwrap_or(false))
    }

    async fn end(&self, key: &SessionKey) -> Result<bool, StoreError> {
        let now = self.clock.unix_millis();
        Ok(self.live.lock().end(key, now))
    }

    async fn of_user(
        &self,
        workspace: &WorkspaceSlug,
        user: UserId,
    ) -> Result<Vec<SessionId>, StoreError> {
        let now = self.clock.unix_millis();
        let sessions = self.live.lock().of(workspace, user, now);
        Ok(sessions.into_iter().map(|key| key.session).collect())
    }
}
