//! The change logs: Redis streams with ids `0-1`, `0-2`, …, an entry's field `c` being the change as JSON.
//!
//! They do not expire: each is bounded in length, there is one a workspace, and its end is the
//! workspace's epoch.

use std::sync::Arc;

use redis::Script;
use tidegate_store::{Change, ChangeLog, ChangePage, Epoch, Signal, StoreError, Topic};
use tidegate_types::WorkspaceSlug;

use crate::connections::{Connections, Repeat, Request};
use crate::events::{Entry, field, place};
use crate::keys::Keys;
use crate::wire::{corrupt, decode, encode};

/// Changes kept a workspace.
const MAX_CHANGES: usize = 1_000;

pub(crate) struct RedisChanges {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
    append: Script,
    read: Script,
}

impl RedisChanges {
    pub(crate) fn new(redis: Arc<Connections>, keys: Arc<Keys>) -> Self {
        Self {
            redis,
            keys,
            append: Script::new(include_str!("scripts/change_append.lua")),
            read: Script::new(include_str!("scripts/log_read.lua")),
        }
    }
}

/// An entry's change. `None`: a newer version wrote it, which runs beside this one while a deployment is renewed.
fn change(operation: &'static str, entry: &Entry) -> Result<(Epoch, Option<Change>), StoreError> {
    let epoch = Epoch(place(operation, &entry.0)?);
    let text = field(entry, "c").ok_or_else(|| corrupt(operation, "an entry has no change"))?;
    Ok((epoch, decode(operation, text).ok()))
}

#[async_trait::async_trait]
impl ChangeLog for RedisChanges {
    /// One script that also publishes the signal: one round trip. Repeated when the connection breaks,
    /// since hearing of a change twice does no harm and not hearing of it does.
    async fn append(&self, workspace: &WorkspaceSlug, change: Change) -> Result<Epoch, StoreError> {
        const OPERATION: &str = "append a change";
        let mut script = self.append.key(self.keys.changes(workspace));
        script
            .arg(MAX_CHANGES)
            .arg(encode(change))
            .arg(self.keys.channel(&Topic::Workspace(workspace.clone())))
            .arg(encode(Signal::Changed));
        let id: String = self
            .redis
            .query(OPERATION, Repeat::Harmless, Request::Script(script))
            .await?;
        Ok(Epoch(place(OPERATION, &id)?))
    }

    /// One script: one round trip.
    async fn read(
        &self,
        workspace: &WorkspaceSlug,
        after: Epoch,
    ) -> Result<ChangePage, StoreError> {
        const OPERATION: &str = "read changes";
        let mut script = self.read.key(self.keys.changes(workspace));
        script.arg(after.0).arg(MAX_CHANGES);
        let page: Option<(String, Vec<Entry>)> = self
            .redis
            .query(OPERATION, Repeat::Harmless, Request::Script(script))
            .await?;
        let (last, entries) = page.unwrap_or_default();
        let entries = entries
            .iter()
            .map(|entry| change(OPERATION, entry))
            .collect::<Result<Vec<_>, _>>()?;
        let (head, is_cut) = match (entries.first(), entries.last()) {
            (Some((first, _)), Some((last, _))) => (*last, first.0 > after.0.saturating_add(1)),
            _ if last.is_empty() => (Epoch(0), after > Epoch(0)),
            _ => {
                let head = Epoch(place(OPERATION, &last)?);
                (head, after > head)
            }
        };
        let is_known = entries.iter().all(|(_, change)| change.is_some());
        Ok(ChangePage {
            changes: entries
                .into_iter()
                .filter_map(|(epoch, change)| Some((epoch, change?)))
                .collect(),
            head,
            has_gap: is_cut || !is_known,
        })
    }

    /// `XREVRANGE … COUNT 1`: one round trip.
    async fn head(&self, workspace: &WorkspaceSlug) -> Result<Epoch, StoreError> {
        const OPERATION: &str = "read the end of the change log";
        let mut command = redis::cmd("XREVRANGE");
        command
            .arg(self.keys.changes(workspace))
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(1);
        let entries: Vec<Entry> = self
            .redis
            .query(OPERATION, Repeat::Harmless, Request::Command(command))
            .await?;
        match entries.first() {
            Some((id, _)) => Ok(Epoch(place(OPERATION, id)?)),
            None => Ok(Epoch(0)),
        }
    }
}
