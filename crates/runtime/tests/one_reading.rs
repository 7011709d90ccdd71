//! The arguments of a call are read once, whichever way it comes, by a whole node in this process.

#![expect(
    clippy::unwrap_used,
    reason = "what the test shares may panic as it does"
)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_config::{AuditSettings, JsonLines, SqlLiterals};
use tidegate_engines::{Engines, PoolLimits};
use tidegate_metastore::{Metastore, MetastoreSettings, NewUser};
use tidegate_protocol::classification::classify;
use tidegate_protocol::header::McpHeaders;
use tidegate_protocol::message::decode;
use tidegate_protocol::state::StateSealer;
use tidegate_protocol::{LogLevel, ToolAnnotations};
use tidegate_runtime::{
    Answer, ClientPost, ClientRequest, ClientTtl, Node, NodeParts, NodeSettings, OpenError,
    OpenWorkspace, TraceParent,
};
use tidegate_sql_guard::DefinitionKinds;
use tidegate_store::{Retention, SessionLimits};
use tidegate_store_memory::{MemoryLimits, memory_state};
use tidegate_telemetry::{AuditError, AuditQueue, AuditRecord, AuditSink, AuditTask, Metrics};
use tidegate_testkit::fixtures::add_fixtures;
use tidegate_token_verifier::DevelopmentAuthenticator;
use tidegate_tools::{
    CacheRule, CallContext, FixedFeatures, Redaction, SizeRule, SqlLimits, Tool, ToolFailure,
    ToolSpec, Touches, Workspace, builtin,
};
use tidegate_types::{Clock, Scope, SystemClock, WorkspaceSlug};
use tokio::sync::mpsc;

/// Counts readings: each says so in the log.
static READINGS: AtomicUsize = AtomicUsize::new(0);

struct CountReadings;

impl tracing::Subscriber for CountReadings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "tidegate_tools::arguments::call"
    }

    fn event(&self, _: &tracing::Event<'_>) {
        READINGS.fetch_add(1, Ordering::SeqCst);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

/// Says how long a text is. Its answers are kept.
struct Measure;

/// What is measured.
#[derive(Debug, Deserialize, JsonSchema)]
struct Text {
    /// The text.
    #[schemars(extend("x-has-lines" = true))]
    sql: String,
}

#[derive(Debug, Serialize)]
struct Measured {
    bytes: usize,
}

impl Tool for Measure {
    type Arguments = Text;
    type Answer = Measured;

    const SPEC: ToolSpec = ToolSpec {
        name: "measure",
        title: "Measure",
        description: "Says how long a text is.",
        scope: Scope::Read,
        permission: None,
        annotations: ToolAnnotations::READS,
        tags: &["test"],
        touches: Touches::Nothing,
        cache: CacheRule::PerRights,
        size: SizeRule::Exempt,
        redaction: Redaction::Entities,
    };

    async fn call(&self, _: &CallContext, text: Text) -> Result<Measured, ToolFailure> {
        Ok(Measured {
            bytes: text.sql.len(),
        })
    }
}

struct OneWorkspace(Metastore);

#[async_trait::async_trait]
impl OpenWorkspace for OneWorkspace {
    async fn open(&self, slug: &WorkspaceSlug) -> Result<Option<Workspace>, OpenError> {
        Ok(Some(Workspace {
            slug: slug.clone(),
            public_url: None,
            metastore: self.0.clone(),
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
        }))
    }
}

struct Records(mpsc::UnboundedSender<AuditRecord>);

#[async_trait::async_trait]
impl AuditSink for Records {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn write(&self, batch: &[AuditRecord]) -> Result<(), AuditError> {
        for record in batch {
            let _ = self.0.send(record.clone());
        }
        Ok(())
    }
}

/// A node with one workspace, whose user `ada` everybody is.
struct Scene {
    node: Arc<Node>,
    workspace: WorkspaceSlug,
    records: mpsc::UnboundedReceiver<AuditRecord>,
    _audit: AuditTask,
    _folder: TempDir,
}

const SETTINGS: NodeSettings = NodeSettings {
    sessions: SessionLimits {
        idle: Duration::from_mins(1),
        per_user: 10,
    },
    max_live_sessions: 10,
    streams_per_user: 10,
    retention: Retention {
        max_events: 10,
        ttl: Duration::from_mins(1),
    },
    call_limit: Duration::from_mins(1),
    ask_limit: Duration::from_mins(1),
    sse_after: Duration::from_mins(1),
    running: 8,
    waiting: 8,
    wait_timeout: Duration::from_mins(1),
    watchdog: Duration::from_mins(1),
    workspace_idle: Duration::from_mins(1),
    limits: None,
    cache: None,
    size: None,
    client_ttl: ClientTtl {
        lists: Duration::ZERO,
        reads: Duration::ZERO,
    },
    default_log_level: LogLevel::Info,
    instructions: String::new(),
    pinned_tools: None,
};

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("superset.db");
        let metastore = Metastore::open_sqlite(&path, true, MetastoreSettings::default())
            .await
            .unwrap();
        let ada = NewUser {
            username: "ada".to_owned(),
            first_name: "Ada".to_owned(),
            last_name: "Admin".to_owned(),
            email: "ada@example.com".to_owned(),
            roles: Vec::new(),
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let now = clock.now().naive_utc();
        metastore.users().provision(&ada, now).await.unwrap();
        let (sink, records) = mpsc::unbounded_channel();
        let audit = AuditSettings {
            metastore: false,
            json_lines: JsonLines::Off,
            queue_size: NonZeroUsize::new(100).unwrap(),
            batch_size: NonZeroUsize::MIN,
            flush: Duration::from_millis(1),
            sql_literals: SqlLiterals::Mask,
        };
        let metrics = Metrics::detached();
        let (audit, audit_task) =
            AuditQueue::start(&audit, vec![Arc::new(Records(sink))], metrics.clone());
        let catalogue = add_fixtures(builtin(&clock)).tool(Measure).build().unwrap();
        let node = Node::start(NodeParts {
            node_id: "test".parse().unwrap(),
            catalogue,
            state: memory_state(Arc::clone(&clock), MemoryLimits::default()),
            opener: Arc::new(OneWorkspace(metastore)),
            authenticator: Arc::new(DevelopmentAuthenticator::new("ada")),
            settings: SETTINGS,
            sealer: StateSealer::random(),
            clock,
            metrics,
            audit,
            sql_literals: SqlLiterals::Mask,
        });
        Self {
            node: node.unwrap(),
            workspace: "demo".parse().unwrap(),
            records,
            _audit: audit_task,
            _folder: folder,
        }
    }

    /// Calls a tool in an era, and gives the answer's text, how often arguments were read, and what was recorded of them.
    async fn call(
        &mut self,
        is_modern: bool,
        tool: &str,
        arguments: &Value,
        region: Option<&str>,
    ) -> (String, usize, String) {
        let mut params = json!({ "name": tool, "arguments": arguments });
        if is_modern {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            });
        }
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let body = body.to_string();
        let headers = if is_modern {
            McpHeaders {
                protocol_version: Some("2026-07-28"),
                method: Some("tools/call"),
                name: Some(tool),
            }
        } else {
            McpHeaders {
                protocol_version: Some("2025-11-25"),
                method: None,
                name: None,
            }
        };
        let trace = TraceParent::default();
        let bound = self.node.bind(&self.workspace, None, trace).await.unwrap();
        let inbound = classify(headers, decode(body.as_bytes(), 32).unwrap()).unwrap();
        let before = READINGS.load(Ordering::SeqCst);
        let post = ClientRequest::Post(ClientPost {
            inbound,
            session: None,
            accepts_stream: false,
            header: &|name| region.filter(|_| name == "Mcp-Param-Region"),
        });
        let Answer::Json(answer) = self.node.serve(bound, post).await else {
            panic!("no answer");
        };
        let readings = READINGS.load(Ordering::SeqCst) - before;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let text = answer["result"]["content"][0]["text"].as_str();
        let text = text.unwrap_or_else(|| panic!("{answer}")).to_owned();
        let record = self.records.recv().await.unwrap();
        (text, readings, record.arguments.unwrap())
    }
}

#[test]
fn the_arguments_of_a_call_are_read_once_in_both_eras_and_through_call_tool() {
    tracing::subscriber::set_global_default(CountReadings).unwrap();
    actix_rt::System::new().block_on(async {
        let mut scene = Scene::new().await;
        let sql = format!("select 'secret' -- {}", "x".repeat(200_000));
        let flat = json!({ "sql": sql });
        let wrapped = json!({ "request": flat });
        let in_text = json!(wrapped.to_string());
        let measured = format!(r#"{{"bytes":{}}}"#, sql.len());
        for is_modern in [true, false] {
            for (arguments, recorded) in [
                (&flat, r#"{"sql":"select ? "}"#),
                (&wrapped, r#"{"request":{"sql":"select ? "}}"#),
                (&in_text, r#"{"request":{"sql":"select ? "}}"#),
            ] {
                let outcome = (measured.clone(), 1, recorded.to_owned());
                let direct = scene.call(is_modern, "measure", arguments, None).await;
                assert_eq!(outcome, direct, "{is_modern}");
                let inner = json!({ "name": "measure", "arguments": arguments });
                let indirect = scene.call(is_modern, "call_tool", &inner, None).await;
                assert_eq!(outcome, indirect, "{is_modern}, through call_tool");
            }
        }
        let region = json!({ "region": "eu" });
        let with_header = scene
            .call(true, "test_x_mcp_header", &region, Some("eu"))
            .await;
        assert_eq!(1, with_header.1, "headers are compared with the same value");
        scene.node.stop();
    });
}
