use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use actix::Actor;
use moka::sync::Cache;
use parking_lot::Mutex;
use tidegate_engines::{Engines, PoolLimits};
use tidegate_metastore::{Metastore, MetastoreSettings};
use tidegate_sql_guard::DefinitionKinds;
use tidegate_store::{Change, ChangeLog, ChangePage, Epoch, StoreError, StoreErrorKind};
use tidegate_telemetry::Metrics;
use tidegate_tools::{FixedFeatures, SqlLimits, Workspace};
use tidegate_types::{EntityKind, EntityRef, SecretString, WorkspaceSlug};
use tokio::sync::broadcast;

use super::actor::WorkspaceActor;
use super::content::ContentChanges;
use super::handle::Shared;
use super::{CatchUp, WorkspaceHandle};
use crate::executor::{Executors, Limits};

/// A change log that can be away, and signals to nobody.
#[derive(Default)]
struct Log {
    is_away: AtomicBool,
    reads: AtomicUsize,
    appended: Mutex<Vec<Change>>,
}

fn away(operation: &'static str) -> StoreError {
    StoreError {
        operation,
        kind: StoreErrorKind::Unavailable,
        source: None,
    }
}

#[async_trait::async_trait]
impl ChangeLog for Log {
    async fn append(&self, _: &WorkspaceSlug, change: Change) -> Result<Epoch, StoreError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(away("append a change"));
        }
        let mut appended = self.appended.lock();
        appended.push(change);
        Ok(Epoch(appended.len() as u64))
    }

    async fn read(&self, _: &WorkspaceSlug, after: Epoch) -> Result<ChangePage, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.is_away.load(Ordering::SeqCst) {
            return Err(away("read changes"));
        }
        let head = Epoch(self.appended.lock().len() as u64);
        Ok(ChangePage {
            changes: Vec::new(),
            head,
            has_gap: after > head,
        })
    }

    async fn head(&self, _: &WorkspaceSlug) -> Result<Epoch, StoreError> {
        Ok(Epoch(self.appended.lock().len() as u64))
    }
}

/// An active workspace whose metastore nobody asks.
fn workspace(log: &Arc<Log>) -> WorkspaceHandle {
    let url = SecretString::from("postgres://nobody@127.0.0.1:1/none");
    let metastore = Metastore::connect_postgres(&url, MetastoreSettings::default()).unwrap();
    let workspace = Workspace {
        slug: "acme".parse().unwrap(),
        public_url: None,
        metastore,
        engines: Arc::new(Engines::builder().build()),
        sql_limits: SqlLimits {
            default_rows: 10,
            max_rows: 10,
            max_seconds: 1,
            max_bytes: 1,
            may_write: false,
            definitions: DefinitionKinds::ALL,
            pool: PoolLimits::default(),
        },
        features: Arc::new(FixedFeatures::default()),
    };
    let shared = Arc::new(Shared {
        workspace: Arc::new(workspace),
        access: Cache::new(10),
        validated: Cache::new(10),
        epoch: AtomicU64::new(0),
        content: ContentChanges::default(),
        log: log.clone(),
        used: Mutex::new(std::time::Instant::now()),
        feed: broadcast::Sender::new(16),
    });
    let limits = Limits {
        threads: 1,
        running: 1,
        waiting: 1,
        wait_timeout: Duration::from_secs(1),
        watchdog: Duration::from_secs(1),
    };
    let executors = Executors::start(limits, Metrics::detached()).unwrap();
    WorkspaceHandle {
        addr: WorkspaceActor::new(Arc::clone(&shared), 16).start(),
        shared,
        executor: executors.executor(&actix_rt::Arbiter::current()),
        deadline: Duration::from_secs(10),
    }
}

fn chart(id: i64) -> EntityRef {
    EntityRef {
        kind: EntityKind::Chart,
        id,
    }
}

/// Until the workspace's actor has published everything. Time is paused: it passes as fast as it may.
async fn published(workspace: &WorkspaceHandle) {
    let wait = async {
        while !workspace.may_keep_answers() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_mins(1), wait).await;
    waited.expect("the change is published");
}

#[actix_rt::test]
async fn kept_answers_do_not_outlive_a_change_of_this_node_though_no_signal_came_yet() {
    let log = Arc::new(Log::default());
    let workspace = workspace(&log);
    let announcement = workspace.announce(vec![chart(7)]);
    assert!(!workspace.may_keep_answers());
    announcement.publish().await;
    assert!(workspace.may_keep_answers());
    assert_eq!(Epoch(0), workspace.epoch(), "the log was not read");
    assert_eq!(Epoch(1), workspace.content_epoch());
    let things = vec![chart(7)];
    assert_eq!(vec![Change::Content { things }], *log.appended.lock());
}

#[actix_rt::test]
async fn while_the_log_is_away_no_answer_is_kept_and_the_change_is_told_when_it_is_back() {
    tokio::time::pause();
    let log = Arc::new(Log::default());
    let workspace = workspace(&log);
    log.is_away.store(true, Ordering::SeqCst);
    workspace.announce(vec![chart(7)]).publish().await;
    assert!(!workspace.may_keep_answers());
    log.is_away.store(false, Ordering::SeqCst);
    published(&workspace).await;
    assert_eq!(1, log.appended.lock().len());
    assert_eq!(Epoch(1), workspace.content_epoch());
}

#[actix_rt::test]
async fn a_change_whose_call_is_cut_off_is_told_at_once_and_when_it_is_settled() {
    tokio::time::pause();
    let log = Arc::new(Log::default());
    let workspace = workspace(&log);
    drop(workspace.announce(vec![chart(8)]));
    published(&workspace).await;
    let things = vec![chart(8)];
    let told = Change::Content { things };
    assert_eq!(vec![told.clone(), told], *log.appended.lock());
}

#[actix_rt::test]
async fn a_change_that_was_undone_is_not_told() {
    let log = Arc::new(Log::default());
    let workspace = workspace(&log);
    workspace.announce(vec![chart(7)]).withdraw();
    assert!(workspace.may_keep_answers());
    assert!(log.appended.lock().is_empty());
}

#[actix_rt::test]
async fn a_node_that_could_not_read_the_log_keeps_no_answers_until_it_has() {
    tokio::time::pause();
    let log = Arc::new(Log::default());
    let workspace = workspace(&log);
    log.appended.lock().push(Change::Tools);
    log.is_away.store(true, Ordering::SeqCst);
    let catch_up = CatchUp { after_gap: false };
    workspace.addr().send(catch_up).await.unwrap();
    assert!(!workspace.may_keep_answers());
    log.is_away.store(false, Ordering::SeqCst);
    published(&workspace).await;
    assert_eq!(Epoch(1), workspace.epoch());
}

#[actix_rt::test]
async fn a_log_that_is_away_is_read_once_a_second_however_many_signals_came() {
    tokio::time::pause();
    let log = Arc::new(Log::default());
    let workspace = workspace(&log);
    log.is_away.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        let catch_up = CatchUp { after_gap: false };
        workspace.addr().send(catch_up).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    assert_eq!(5 + 3, log.reads.load(Ordering::SeqCst));
}

#[actix_rt::test]
async fn after_the_log_was_lost_answers_rest_on_its_new_places() {
    let log = Arc::new(Log::default());
    let workspace = workspace(&log);
    for id in 1..=3 {
        workspace.announce(vec![chart(id)]).publish().await;
    }
    workspace
        .addr()
        .send(CatchUp { after_gap: false })
        .await
        .unwrap();
    assert_eq!(Epoch(3), workspace.content_epoch());
    log.appended.lock().truncate(1);
    workspace
        .addr()
        .send(CatchUp { after_gap: false })
        .await
        .unwrap();
    assert_eq!(Epoch(1), workspace.content_epoch());
}
