//! What a node remembers of a grant, and what it makes of changes that overlap its questions. The node runs in this
//! process, with a control plane that answers when it is told to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tidegate_config::Settings;
use tidegate_demo_data::create_embedded;
use tidegate_engines::{Engines, PoolLimits};
use tidegate_metastore::{Metastore, MetastoreSettings};
use tidegate_protocol::LogLevel;
use tidegate_protocol::state::StateSealer;
use tidegate_runtime::{
    ChangeFeed, ClientTtl, ControlChange, ControlChangePage, ControlError, ControlPlane,
    IdentifyError, Node, NodeParts, NodeSettings, OpenError, OpenWorkspace, TraceParent,
};
use tidegate_store::{KnownGrantStatus, Retention, SessionLimits, SharedState, Validation};
use tidegate_store_memory::{MemoryLimits, memory_state};
use tidegate_telemetry::{AuditQueue, AuditTask, Metrics};
use tidegate_token_verifier::{
    AuthFailure, Authenticator, GrantRefusal, GrantStatus, GrantStatusSource, TokenKind,
    VerifiedToken, token_id_of,
};
use tidegate_tools::{FixedFeatures, SqlLimits, Workspace, builtin};
use tidegate_types::{
    ClientName, Clock, Credential, GrantId, NodeId, Scope, ScopeSet, SystemClock, UserId,
    WorkspaceSlug,
};
use tokio::sync::{Semaphore, watch};

use crate::harness::eventually;

/// A control plane of one grant.
#[derive(Debug)]
struct Control {
    /// Whether the grant counts.
    is_good: watch::Sender<bool>,
    /// The changes so far.
    log: watch::Sender<Vec<ControlChange>>,
    /// How far the node has read.
    read: watch::Sender<u64>,
    asked: AtomicUsize,
    /// A question is answered with what was true when it came, once it gets one of these.
    answers: Semaphore,
}

const BEGIN: u64 = 100;

fn grant() -> GrantId {
    "grant-of-the-test".parse().unwrap()
}

fn slug() -> WorkspaceSlug {
    "demo".parse().unwrap()
}

#[async_trait::async_trait]
impl GrantStatusSource for Control {
    async fn grant_status(
        &self,
        _: &GrantId,
        _: &WorkspaceSlug,
    ) -> Result<GrantStatus, AuthFailure> {
        let is_good = *self.is_good.borrow();
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answers.acquire().await.unwrap().forget();
        if !is_good {
            return Ok(GrantStatus::Refused(GrantRefusal::Ended));
        }
        Ok(GrantStatus::Good {
            account: "account-of-the-test".parse().unwrap(),
            username: "admin".to_owned(),
            client: "client".parse().unwrap(),
            scopes: ScopeSet::all(),
        })
    }
}

#[async_trait::async_trait]
impl ChangeFeed for Control {
    async fn read(&self, after: Option<u64>) -> Result<ControlChangePage, ControlError> {
        let log = self.log.borrow().clone();
        let head = BEGIN + log.len() as u64;
        let known = usize::try_from(after.unwrap_or(head) - BEGIN).unwrap();
        if let Some(after) = after {
            self.read.send_replace(after);
        }
        Ok(ControlChangePage {
            changes: log[known..].to_vec(),
            head,
            has_gap: false,
        })
    }
}

impl Control {
    fn change(&self, change: ControlChange) {
        self.log.send_modify(|log| log.push(change));
    }

    fn end(&self) {
        self.is_good.send_replace(false);
        self.change(ControlChange::Session {
            workspace: Some(slug()),
            id: grant(),
        });
    }

    /// Waits until the node has applied everything.
    async fn caught_up(&self) {
        let head = BEGIN + self.log.borrow().len() as u64;
        let mut read = self.read.subscribe();
        read.wait_for(|read| *read >= head).await.unwrap();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Everybody shows a token of the grant.
#[derive(Debug)]
struct OneToken;

#[async_trait::async_trait]
impl Authenticator for OneToken {
    async fn authenticate(&self, _: Option<&str>) -> Result<Arc<VerifiedToken>, AuthFailure> {
        Ok(Arc::new(VerifiedToken {
            kind: TokenKind::OAuth,
            subject: "account-of-the-test".into(),
            client: ClientName("client".into()),
            scopes: ScopeSet::from(Scope::Query).expanded(),
            credential: Credential::Token("jti".parse().unwrap()),
            expires_at_unix_secs: None,
            grant: Some(grant()),
            workspace: Some(slug()),
        }))
    }
}

struct Demo(Workspace);

#[async_trait::async_trait]
impl OpenWorkspace for Demo {
    async fn open(&self, name: &WorkspaceSlug) -> Result<Option<Workspace>, OpenError> {
        Ok((*name == slug()).then(|| self.0.clone()))
    }
}

struct Bench {
    control: Arc<Control>,
    node: Arc<Node>,
    state: SharedState,
    _audit: AuditTask,
    _folder: TempDir,
}

async fn workspace(folder: &Path) -> Workspace {
    let made = create_embedded(folder, &slug(), &SystemClock)
        .await
        .unwrap();
    let settings = MetastoreSettings {
        pool: tidegate_metastore::PoolSettings::default(),
        dashboard_roles: false,
        secret_key: None,
    };
    let metastore = Metastore::open_sqlite(made.metastore, false, settings);
    Workspace {
        slug: slug(),
        public_url: Some("https://demo.test".into()),
        metastore: metastore.await.unwrap(),
        engines: Arc::new(Engines::builder().build()),
        sql_limits: SqlLimits {
            default_rows: 10,
            max_rows: 10,
            max_seconds: 1,
            max_bytes: 1_024,
            may_write: false,
            definitions: tidegate_sql_guard::DefinitionKinds::ALL,
            pool: PoolLimits::default(),
        },
        features: Arc::new(FixedFeatures::default()),
    }
}

fn settings() -> NodeSettings {
    let second = Duration::from_secs(1);
    NodeSettings {
        streams_per_user: 100,
        sessions: SessionLimits {
            idle: second,
            per_user: 1,
        },
        max_live_sessions: 10,
        retention: Retention {
            max_events: 10,
            ttl: second,
        },
        call_limit: second,
        ask_limit: second,
        sse_after: second,
        running: 1,
        waiting: 1,
        wait_timeout: second,
        watchdog: second,
        workspace_idle: second * 600,
        limits: None,
        cache: None,
        size: None,
        client_ttl: ClientTtl {
            lists: second,
            reads: second,
        },
        default_log_level: LogLevel::Info,
        instructions: String::new(),
        pinned_tools: None,
    }
}

impl Bench {
    async fn start() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let configured = Settings::from_text(None, &[].into_iter().collect()).unwrap();
        let metrics = Metrics::detached();
        let (audit, audit_task) = AuditQueue::start(&configured.audit, Vec::new(), metrics.clone());
        let state = memory_state(Arc::clone(&clock), MemoryLimits::default());
        let control = Arc::new(Control {
            is_good: watch::Sender::new(true),
            log: watch::Sender::new(Vec::new()),
            read: watch::Sender::new(0),
            asked: AtomicUsize::new(0),
            answers: Semaphore::new(0),
        });
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let parts = NodeParts {
            node_id: NodeId::random(),
            catalogue: builtin(&clock).build().unwrap(),
            state: state.clone(),
            opener: Arc::new(Demo(workspace(folder.path()).await)),
            authenticator: Arc::new(OneToken),
            settings: settings(),
            sealer: StateSealer::random(),
            clock,
            metrics,
            audit,
            sql_literals: configured.audit.sql_literals,
        };
        let plane = ControlPlane {
            standing: Some(Arc::clone(&control) as _),
            changes: Some(Arc::clone(&control) as _),
            ..ControlPlane::default()
        };
        let node = Node::start_with(parts, plane).unwrap();
        control.caught_up().await;
        Self {
            control,
            node,
            state,
            _audit: audit_task,
            _folder: folder,
        }
    }

    async fn bind(&self) -> Result<(), IdentifyError> {
        let bound = self.node.bind(None, Some("token"), TraceParent::default());
        bound.await.map(drop)
    }

    async fn is_refused(&self) {
        let err = self.bind().await.unwrap_err();
        assert!(
            matches!(err, IdentifyError::NoStanding(GrantRefusal::Ended)),
            "{err:?}"
        );
    }
}

fn run(test: impl AsyncFnOnce(Bench)) {
    actix_rt::System::new().block_on(async {
        let bench = Bench::start().await;
        test(bench).await;
    });
}

#[test]
fn a_grant_is_asked_about_once_while_nothing_changes() {
    run(async |bench| {
        bench.control.answers.add_permits(1);
        for _ in 0..5 {
            bench.bind().await.unwrap();
        }
        // A change of somebody else's is none of theirs.
        let id = "grant-of-somebody".parse().unwrap();
        let workspace = Some(slug());
        bench
            .control
            .change(ControlChange::Session { workspace, id });
        bench.control.caught_up().await;
        bench.bind().await.unwrap();
        assert_eq!(1, bench.control.asked());
    });
}

#[test]
fn an_answer_from_before_a_change_that_comes_after_it_is_not_kept() {
    run(async |bench| {
        let (bound, ()) = tokio::join!(bench.bind(), async {
            let is_asking = async || (bench.control.asked() == 1).then_some(());
            eventually("the node asks", is_asking).await;
            bench.control.end();
            bench.control.caught_up().await;
            bench.control.answers.add_permits(1);
        });
        bound.unwrap();
        bench.control.answers.add_permits(10);
        bench.is_refused().await;
        bench.is_refused().await;
        assert_eq!(
            2,
            bench.control.asked(),
            "the refusal is known the second time"
        );
    });
}

#[test]
fn what_another_node_keeps_from_before_a_change_does_not_count() {
    run(async |bench| {
        let kept_as_of = async |as_of: u64| {
            let (slug, token) = (slug(), token_id_of(&grant()));
            let known = bench.state.validations.get(&slug, &token).await.unwrap();
            let outcome = Validation::Valid {
                user: UserId(1),
                username: "admin".to_owned(),
                standing: Some(KnownGrantStatus {
                    account: "account-of-the-test".parse().unwrap(),
                    client: "client".parse().unwrap(),
                    scopes: ScopeSet::all(),
                    as_of,
                }),
            };
            let ttl = Duration::from_mins(5);
            let validations = &bench.state.validations;
            let put = validations.put(&slug, &token, outcome, known.generation, ttl);
            put.await.unwrap();
        };
        // What is up to date is taken over without a question.
        kept_as_of(BEGIN).await;
        bench.bind().await.unwrap();
        assert_eq!(0, bench.control.asked());
        bench.control.end();
        bench.control.caught_up().await;
        // A node that has not read the change yet may keep its old answer there at any time.
        kept_as_of(BEGIN).await;
        bench.control.answers.add_permits(10);
        bench.is_refused().await;
    });
}

#[test]
fn what_was_kept_before_this_node_began_does_not_count() {
    run(async |bench| {
        let (slug, token) = (slug(), token_id_of(&grant()));
        let outcome = Validation::Valid {
            user: UserId(1),
            username: "admin".to_owned(),
            standing: Some(KnownGrantStatus {
                account: "account-of-the-test".parse().unwrap(),
                client: "client".parse().unwrap(),
                scopes: ScopeSet::all(),
                as_of: BEGIN - 1,
            }),
        };
        let validations = &bench.state.validations;
        let known = validations.get(&slug, &token).await.unwrap();
        let ttl = Duration::from_mins(5);
        let put = validations.put(&slug, &token, outcome, known.generation, ttl);
        put.await.unwrap();
        bench.control.is_good.send_replace(false);
        bench.control.answers.add_permits(10);
        bench.is_refused().await;
    });
}

#[test]
fn a_control_plane_that_does_not_answer_is_no_refusal() {
    run(async |bench| {
        let err = bench.bind().await.unwrap_err();
        assert!(
            matches!(err, IdentifyError::Auth(AuthFailure::Unavailable)),
            "{err:?}"
        );
    });
}
