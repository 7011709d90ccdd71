//! Legacy sessions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_store::{
    SessionChange, SessionKey, SessionLimits, SessionRecord, SessionStore, StoreError,
};
use tidegate_types::{Clock, SessionId, UserId, WorkspaceSlug};

use crate::expiring_lru::{ExpiringLru, Weigh, after};

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
    records: ExpiringLru<SessionKey, SessionRecord>,
    by_user: HashMap<(WorkspaceSlug, UserId), Vec<SessionId>>,
}

impl MemorySessions {
    pub(crate) fn new(clock: Arc<dyn Clock>, max_sessions: usize) -> Self {
        let live = Live {
            records: ExpiringLru::new(max_sessions, usize::MAX),
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

#[cfg(test)]
mod tests {
    use tidegate_types::ManualClock;

    use super::*;

    fn record() -> SessionRecord {
        SessionRecord {
            protocol_version: "2025-11-25".to_owned(),
            client_capabilities: "{}".to_owned(),
            client_info: "{}".to_owned(),
            created_unix_secs: 0,
            log_level: None,
            subscriptions: std::collections::BTreeSet::new(),
        }
    }

    fn key(user: i64, n: usize) -> SessionKey {
        let session = format!("session-{n:012}").parse().unwrap();
        SessionKey {
            workspace: "acme".parse().unwrap(),
            user: UserId(user),
            session,
        }
    }

    /// How many sessions the records and the users' lists hold.
    fn held(sessions: &MemorySessions) -> (usize, usize) {
        let live = sessions.live.lock();
        (
            live.records.len(),
            live.by_user.values().map(Vec::len).sum(),
        )
    }

    const LIMITS: SessionLimits = SessionLimits {
        idle: Duration::from_hours(1),
        per_user: 20,
    };

    #[tokio::test]
    async fn a_hundred_thousand_abandoned_sessions_leave_no_more_than_the_bound() {
        let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
        let sessions = MemorySessions::new(clock.clone(), 1_000);
        for n in 0..100_000 {
            let user = i64::try_from(n % 5_000).unwrap();
            sessions
                .create(&key(user, n), &record(), LIMITS)
                .await
                .unwrap();
        }
        assert_eq!((1_000, 1_000), held(&sessions));
        let newest = key(99_999 % 5_000, 99_999);
        assert!(
            sessions
                .touch(&newest, LIMITS.idle)
                .await
                .unwrap()
                .is_some()
        );

        clock.advance(LIMITS.idle);
        sessions
            .create(&key(1, 0), &record(), LIMITS)
            .await
            .unwrap();
        assert_eq!(
            (1, 1),
            held(&sessions),
            "expired ones make room for the first that comes"
        );
    }

    #[tokio::test]
    async fn one_user_holds_no_more_than_the_limit() {
        let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
        let sessions = MemorySessions::new(clock, 1_000);
        for n in 0..1_000 {
            sessions
                .create(&key(1, n), &record(), LIMITS)
                .await
                .unwrap();
        }
        assert_eq!((20, 20), held(&sessions));
    }
}
