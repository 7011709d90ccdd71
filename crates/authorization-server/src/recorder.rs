//! The audit of what was granted and refused. Records are written in batches, so that a flood of refusals is no flood of
//! transactions.

use std::sync::Arc;
use std::time::Duration;

use tidegate_control_plane::Manager;
use tidegate_control_plane::audit::{AuditEvent, RecordEvents};
use tidegate_oauth_types::SecretKind;
use tidegate_types::{ClientId, Clock, Peer};
use tokio::sync::{mpsc, oneshot};

use crate::denied::{About, Chain};
use crate::samples::Samples;

/// Records that wait to be written; further ones are dropped, and the log says so.
const MOST_WAITING: usize = 4096;
const MOST_IN_BATCH: usize = 500;
/// How long a batch is tried to be written.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Recorder {
    queue: mpsc::Sender<Message>,
    clock: Arc<dyn Clock>,
    samples: Arc<Samples>,
}

enum Message {
    Event(Box<AuditEvent>),
    Flush(oneshot::Sender<()>),
}

impl Recorder {
    /// Starts the writer, which ends with the last recorder.
    pub(crate) fn start(manager: Manager, clock: Arc<dyn Clock>) -> Self {
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        tokio::spawn(write(manager, waiting));
        Self {
            queue,
            samples: Arc::new(Samples::new(Arc::clone(&clock))),
            clock,
        }
    }

    /// Notes a refusal, in the log as well: of many that are alike the 1st, 2nd, 4th, 8th, … within ten minutes. Alike are those
    /// of one account, or else of one network: whoever proved nothing may call themselves any client.
    pub(crate) fn refused(
        &self,
        action: &'static str,
        reason: &'static str,
        about: About,
        peer: &Peer,
        detail: Option<String>,
    ) {
        let sender = match &about.account {
            Some(account) => account.as_str().to_owned(),
            None => peer.network(),
        };
        let Some(count) = self.samples.take(action, reason, &sender) else {
            return;
        };
        tracing::info!(action, reason, count, "a request was refused");
        let detail = if count == 1 {
            detail
        } else {
            let times = format!("{count} times in 10 minutes");
            Some(detail.map_or(times.clone(), |detail| format!("{detail}; {times}")))
        };
        self.record(action, reason, about, peer, detail);
    }

    /// Notes something that is done over and over: of what is alike, by `what`, the 1st, 2nd, 4th, …
    pub(crate) fn record_often(
        &self,
        action: &'static str,
        what: &str,
        about: About,
        peer: &Peer,
        detail: String,
    ) {
        if self.samples.take(action, "ok", what).is_some() {
            self.record(action, "ok", about, peer, Some(detail));
        }
    }

    /// Notes that something was done, or why not. `detail` holds no secret.
    pub(crate) fn record(
        &self,
        action: &'static str,
        outcome: &str,
        about: About,
        peer: &Peer,
        detail: Option<String>,
    ) {
        let event = AuditEvent {
            at: self.clock.unix_secs(),
            action: action.to_owned(),
            account: about.account,
            client: about.client.filter(is_no_secret),
            workspace: about.workspace,
            address: Some(peer.address.to_string()),
            outcome: outcome.to_owned(),
            detail: detail.map(|text| text.chars().take(2000).collect()),
        };
        if self
            .queue
            .try_send(Message::Event(Box::new(event)))
            .is_err()
        {
            tracing::error!(
                action,
                outcome,
                "an audit record was dropped: too many wait to be written"
            );
        }
    }

    /// Waits until what was recorded so far is written, or was given up.
    pub(crate) async fn flush(&self) {
        let (done, is_done) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).await.is_ok() {
            let _ = is_done.await;
        }
    }
}

/// Clients that mix up their parameters send secrets in the place of their id.
fn is_no_secret(client: &ClientId) -> bool {
    let text = client.as_str();
    let is_jwt = text.starts_with("eyJ");
    !is_jwt
        && !SecretKind::ALL
            .iter()
            .any(|kind| text.starts_with(kind.prefix()))
}

async fn write(manager: Manager, mut waiting: mpsc::Receiver<Message>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, MOST_IN_BATCH).await > 0 {
        let mut events = Vec::new();
        let mut waiters = Vec::new();
        for message in batch.drain(..) {
            match message {
                Message::Event(event) => events.push(*event),
                Message::Flush(done) => waiters.push(done),
            }
        }
        if !events.is_empty() {
            keep(&manager, events).await;
        }
        for waiter in waiters {
            let _ = waiter.send(());
        }
    }
}

async fn keep(manager: &Manager, events: Vec<AuditEvent>) {
    let count = events.len();
    let written = tokio::time::timeout(PATIENCE, manager.call(RecordEvents { events })).await;
    match written {
        Ok(Ok(())) => {}
        Ok(Err(err)) => {
            tracing::error!(error = %Chain(&err), count, "audit records could not be written");
        }
        Err(_) => tracing::error!(count, "audit records could not be written in time"),
    }
}
