//! What goes wrong in one workspace.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::neighbours::Neighbours;
use super::probe::Probe;
use crate::wire::Call;

/// Queries at once that need the CPU.
const CPU_QUERIES: usize = 24;

/// How long the trouble lasts before anything is measured.
const SETTLE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// One user's queries wait for a lock.
    Lock,
    /// One user's queries keep the database server busy.
    Cpu,
    /// The metastore's server takes connections and says nothing.
    HangingMetastore,
    /// Nobody listens where the metastore was.
    MissingMetastore,
}

/// Trouble that goes on until it is ended.
pub(super) struct Ongoing {
    trouble: Trouble,
    flood: Option<Flood>,
    lock: Option<Child>,
}

impl Trouble {
    pub(super) fn breaks_the_metastore(self) -> bool {
        matches!(self, Self::HangingMetastore | Self::MissingMetastore)
    }

    /// Begins it, and waits until it is in full swing.
    ///
    /// # Errors
    /// A program is missing.
    pub(super) async fn begin(
        self,
        neighbours: &Neighbours,
        most: usize,
    ) -> anyhow::Result<Ongoing> {
        let mut lock = None;
        let (call, at_once) = match self {
            Self::None => (None, 0),
            Self::Lock => {
                let url = neighbours.acme().url("sample");
                lock = Some(hold(&url)?);
                neighbours.acme().eventually(
                    "sample",
                    "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and relation = 'orders'::regclass",
                    "1",
                )?;
                (Some(query("select count(*) from orders")), most)
            }
            Self::Cpu => {
                let sql = "select count(*) from orders a cross join orders b where a.order_id <> b.order_id";
                (Some(query(sql)), CPU_QUERIES)
            }
            Self::HangingMetastore => {
                neighbours.acme().pause()?;
                (Some(list()), most)
            }
            Self::MissingMetastore => {
                neighbours.acme().stop()?;
                (Some(list()), most)
            }
        };
        let flood = match call {
            None => None,
            Some(call) => {
                let probe = Probe::new(neighbours, "acme", "admin", vec![call.clone()])?;
                let flood = Flood::begin(probe, call, at_once)?;
                tokio::time::sleep(SETTLE).await;
                Some(flood)
            }
        };
        Ok(Ongoing {
            trouble: self,
            flood,
            lock,
        })
    }
}

impl Ongoing {
    /// Ends it.
    ///
    /// # Errors
    /// The database server does not go on.
    pub(super) fn end(mut self, neighbours: &Neighbours) -> anyhow::Result<()> {
        if let Some(flood) = self.flood.take() {
            flood.end();
        }
        if let Some(mut lock) = self.lock {
            lock.kill()?;
            lock.wait()?;
        }
        match self.trouble {
            Trouble::HangingMetastore => neighbours.acme().resume(),
            Trouble::MissingMetastore => neighbours.acme().start_again(),
            Trouble::None | Trouble::Lock | Trouble::Cpu => Ok(()),
        }
    }
}

/// Many clients, on a thread of their own: what they cost this program is not to be measured as the server's.
struct Flood {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Flood {
    fn begin(probe: Probe, call: Call, clients: usize) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            runtime.block_on(async move {
                let probe = Arc::new(probe);
                let mut calling = JoinSet::new();
                for client in 0..clients {
                    calling.spawn(keep_calling(Arc::clone(&probe), call.clone(), client));
                }
                // Ends as well when whoever began it is gone.
                let _ = stopped.await;
            });
        });
        Ok(Self { stop, thread })
    }

    fn end(self) {
        drop(self.stop);
        // It ends by itself, and has nothing to say.
        let _ = self.thread.join();
    }
}

/// One client that calls again and again, whatever comes back.
async fn keep_calling(probe: Arc<Probe>, call: Call, client: usize) {
    let mut number = client * 1_000_000;
    loop {
        if probe.call(&call, number).await.is_err() {
            tokio::time::sleep(pause(client, number)).await;
        }
        number += 1;
    }
}

/// How long a client waits that was told to come again in a second: about that, as clients do that know nothing of each
/// other. In step they would measure what a crowd costs that comes at one moment.
fn pause(client: usize, number: usize) -> Duration {
    let spread = (client * 7_919 + number * 104_729) % 500;
    Duration::from_millis(750 + spread as u64)
}

fn query(sql: &str) -> Call {
    Call::tool(
        "execute_sql",
        json!({"request": {"database_id": 1, "sql": sql, "timeout": 50}}),
    )
}

fn list() -> Call {
    Call::tool(
        "list_charts",
        json!({"request": {"page": 1, "page_size": 10}}),
    )
}

/// A connection that holds the table of orders until it is killed.
fn hold(url: &str) -> anyhow::Result<Child> {
    Command::new("psql")
        .args(["-X", "-q", "-d", url, "-c"])
        .arg("begin; lock table orders in access exclusive mode; select pg_sleep(3600)")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot run psql")
}
