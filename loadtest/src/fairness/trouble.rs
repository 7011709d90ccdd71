//! What goes wrong in one workspace.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
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
    flood: JoinSet<()>,
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
        let mut flood = JoinSet::new();
        if let Some(call) = call {
            let probe = Arc::new(Probe::new(neighbours, "acme", "admin", vec![call.clone()])?);
            for client in 0..at_once {
                let (probe, call) = (Arc::clone(&probe), call.clone());
                flood.spawn(keep_calling(probe, call, client));
            }
            tokio::time::sleep(SETTLE).await;
        }
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
    pub(super) async fn end(mut self, neighbours: &Neighbours) -> anyhow::Result<()> {
        self.flood.shutdown().await;
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

/// One client that calls again and again, whatever comes back.
async fn keep_calling(probe: Arc<Probe>, call: Call, client: usize) {
    let mut number = client * 1_000_000;
    loop {
        if probe.call(&call, number).await.is_err() {
            // As a client does that was told to come again.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        number += 1;
    }
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
