//! Legacy sessions: a hash each, and a sorted set a user by last use.
//!
//! Fields of the hash: `v` version, `protocol`, `capabilities`, `client`, `created`, `level` when one
//! was chosen, `n` number of subscriptions, and a field `s:<uri>` for each.

use std::sync::Arc;
use std::time::Duration;

use redis::Script;
use tidegate_store::{
    SessionChange, SessionKey, SessionLimits, SessionRecord, SessionStore, StoreError,
};
use tidegate_types::{SessionId, UserId, WorkspaceSlug};

use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::{VERSION, corrupt, millis};

pub(crate) struct RedisSessions {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
    create: Script,
    touch: Script,
    change: Script,
    list: Script,
}

impl RedisSessions {
    pub(crate) fn new(redis: Arc<Connections>, keys: Arc<Keys>) -> Self {
        Self {
            redis,
            keys,
            create: Script::new(include_str!("scripts/session_create.lua")),
            touch: Script::new(include_str!("scripts/session_touch.lua")),
            change: Script::new(include_str!("scripts/session_change.lua")),
            list: Script::new(include_str!("scripts/session_list.lua")),
        }
    }
}

/// The record as fields of the hash.
fn fields(record: &SessionRecord) -> Vec<(String, String)> {
    let mut fields = vec![
        ("v".to_owned(), VERSION.to_string()),
        ("protocol".to_owned(), record.protocol_version.clone()),
        (
            "capabilities".to_owned(),
            record.client_capabilities.clone(),
        ),
        ("client".to_owned(), record.client_info.clone()),
        ("created".to_owned(), record.created_unix_secs.to_string()),
        ("n".to_owned(), record.subscriptions.len().to_string()),
    ];
    fields.extend(
        record
            .log_level
            .iter()
            .map(|level| ("level".to_owned(), level.clone())),
    );
    fields.extend(
        record
            .subscriptions
            .iter()
            .map(|uri| (format!("s:{uri}"), String::new())),
    );
    fields
}

/// The record in fields of the hash.
fn record(
    operation: &'static str,
    fields: Vec<(String, String)>,
) -> Result<SessionRecord, StoreError> {
    let mut version = None;
    let mut created = None;
    let mut record = SessionRecord {
        protocol_version: String::new(),
        client_capabilities: String::new(),
        client_info: String::new(),
        created_unix_secs: 0,
        log_level: None,
        subscriptions: std::collections::BTreeSet::new(),
    };
    for (name, value) in fields {
        match name.as_str() {
            "v" => version = value.parse().ok(),
            "protocol" => record.protocol_version = value,
            "capabilities" => record.client_capabilities = value,
            "client" => record.client_info = value,
            "created" => created = value.parse().ok(),
            "level" => record.log_level = Some(value),
            _ => record
                .subscriptions
                .extend(name.strip_prefix("s:").map(str::to_owned)),
        }
    }
    match (version, created) {
        (Some(VERSION), Some(created)) => Ok(SessionRecord {
            created_unix_secs: created,
            ..record
        }),
        _ => Err(corrupt(
            operation,
            "a session has no version or start that is known",
        )),
    }
}

fn session_ids(operation: &'static str, ids: &[String]) -> Result<Vec<SessionId>, StoreError> {
    ids.iter()
        .map(|id| id.parse().map_err(|err| corrupt(operation, err)))
        .collect()
}

#[async_trait::async_trait]
impl SessionStore for RedisSessions {
    /// One script: one round trip.
    async fn create(
        &self,
        key: &SessionKey,
        record: &SessionRecord,
        limits: SessionLimits,
    ) -> Result<Vec<SessionId>, StoreError> {
        const OPERATION: &str = "open a session";
        let mut script = self
            .create
            .key(self.keys.sessions(&key.workspace, key.user));
        script
            .key(self.keys.session(key))
            .arg(self.keys.session_stem(&key.workspace, key.user))
            .arg(key.session.as_str())
            .arg(millis(limits.idle))
            .arg(limits.per_user.max(1));
        for (name, value) in fields(record) {
            script.arg(name).arg(value);
        }
        // Not repeated, since the second answer would not name the sessions that the first one ended.
        let ended: Vec<String> = self
            .redis
            .query(OPERATION, Repeat::Never, Request::Script(script))
            .await?;
        session_ids(OPERATION, &ended)
    }

    /// One script: one round trip.
    async fn touch(
        &self,
        key: &SessionKey,
        idle: Duration,
    ) -> Result<Option<SessionRecord>, StoreError> {
        const OPERATION: &str = "read a session";
        let mut script = self.touch.key(self.keys.sessions(&key.workspace, key.user));
        script
            .key(self.keys.session(key))
            .arg(key.session.as_str())
            .arg(millis(idle));
        let stored: Vec<(String, String)> = self
            .redis
            .query(OPERATION, Repeat::Harmless, Request::Script(script))
            .await?;
        if stored.is_empty() {
            Ok(None)
        } else {
            record(OPERATION, stored).map(Some)
        }
    }

    /// One script: one round trip.
    async fn change(&self, key: &SessionKey, change: SessionChange) -> Result<bool, StoreError> {
        let mut script = self.change.key(self.keys.session(key));
        match &change {
            SessionChange::Subscribe(uri) if uri.len() > SessionRecord::MAX_URI_BYTES => {
                return Ok(false);
            }
            SessionChange::Subscribe(uri) => script
                .arg("subscribe")
                .arg(uri)
                .arg(SessionRecord::MAX_SUBSCRIPTIONS),
            SessionChange::Unsubscribe(uri) => script.arg("unsubscribe").arg(uri),
            SessionChange::SetLogLevel(level) => script.arg("level").arg(level),
        };
        self.redis
            .query(
                "change a session",
                Repeat::Harmless,
                Request::Script(script),
            )
            .await
    }

    /// `DEL` and `ZREM` in one transaction: one round trip.
    async fn end(&self, key: &SessionKey) -> Result<bool, StoreError> {
        let mut transaction = redis::pipe();
        transaction.atomic();
        transaction.cmd("DEL").arg(self.keys.session(key));
        transaction
            .cmd("ZREM")
            .arg(self.keys.sessions(&key.workspace, key.user))
            .arg(key.session.as_str())
            .ignore();
        // Not repeated, since the second answer would say that there was no session.
        let (was_live,): (bool,) = self
            .redis
            .query(
                "end a session",
                Repeat::Never,
                Request::Transaction(transaction),
            )
            .await?;
        Ok(was_live)
    }

    /// One script: one round trip.
    async fn of_user(
        &self,
        workspace: &WorkspaceSlug,
        user: UserId,
    ) -> Result<Vec<SessionId>, StoreError> {
        const OPERATION: &str = "list a user's sessions";
        let mut script = self.list.key(self.keys.sessions(workspace, user));
        script.arg(self.keys.session_stem(workspace, user));
        let ids: Vec<String> = self
            .redis
            .query(OPERATION, Repeat::Harmless, Request::Script(script))
            .await?;
        session_ids(OPERATION, &ids)
    }
}
