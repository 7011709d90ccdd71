//! StatsD by cadence: never blocks a call.

use std::collections::HashMap;
use std::fmt::Write;
use std::io;
use std::net::UdpSocket;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cadence::{
    BufferedUdpMetricSink, Counted, Gauged, MetricSink, QueuingMetricSink, StatsdClient,
};
use parking_lot::Mutex;
use tidegate_config::{StatsdSettings, StatsdTags};

use super::cells::{Cells, OperationCells, OperationKind};
use super::names::{Count, Level};

/// Time between two sendings of sums and levels. Shorter than any StatsD server's own interval.
const INTERVAL: Duration = Duration::from_secs(1);

/// Why StatsD could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum StatsdError {
    /// No UDP socket.
    #[error("no UDP socket for StatsD could be opened")]
    Socket(#[source] io::Error),
    /// The address does not resolve.
    #[error("the StatsD address {address:?} does not resolve")]
    Address {
        /// As configured.
        address: String,
        /// What the resolver said.
        #[source]
        source: cadence::MetricError,
    },
    /// No thread.
    #[error("no thread for StatsD could be started")]
    Thread(#[source] io::Error),
}

/// The sender, and the thread that hands it the sums. The thread ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Statsd {
    line: Arc<Line>,
    _stop: mpsc::Sender<()>,
}

#[derive(Debug)]
struct Line {
    sink: SharedSink,
    client: StatsdClient,
    /// `prefix.`, or nothing.
    prefix: String,
    /// The constant tags as `|#a:b,c:d`, or `|#` alone; `None` where tags are not sent.
    tags: Option<String>,
    /// What was sent of each sum.
    sent: Mutex<HashMap<String, u64>>,
}

/// One queue for the client and for what is written without it.
#[derive(Debug, Clone)]
struct SharedSink(Arc<QueuingMetricSink>);

impl MetricSink for SharedSink {
    fn emit(&self, metric: &str) -> io::Result<usize> {
        self.0.emit(metric)
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Statsd {
    pub(crate) fn start(settings: &StatsdSettings, cells: Arc<Cells>) -> Result<Self, StatsdError> {
        let line = Arc::new(Line::connect(settings)?);
        let (stop, stopped) = mpsc::channel::<()>();
        let own = Arc::clone(&line);
        thread::Builder::new()
            .name("tidegate-statsd".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(INTERVAL) == Err(mpsc::RecvTimeoutError::Timeout) {
                    own.send_sums(&cells);
                    own.send_levels(&cells);
                    // UDP: nobody is waited for. A failure was counted by the sink.
                    drop(own.sink.flush());
                }
            })
            .map_err(StatsdError::Thread)?;
        Ok(Self { line, _stop: stop })
    }

    /// Sends a duration in milliseconds with three decimals, which cadence's own timers would round to
    /// whole ones. `false` when the queue is full.
    pub(crate) fn time(&self, operation: &OperationCells, took: Duration) -> bool {
        let line = &self.line;
        let mut text = String::with_capacity(96);
        let millis = took.as_secs_f64() * 1e3;
        write!(
            text,
            "{}{}.duration:{millis:.3}|ms",
            line.prefix, operation.statsd
        )
        .expect("a String takes every write");
        if let Some(tags) = &line.tags {
            text.push_str(tags);
            let (label, name) = label_of(operation);
            let comma = if tags.len() > 2 { "," } else { "" };
            write!(text, "{comma}{label}:{name}").expect("a String takes every write");
        }
        line.sink.emit(&text).is_ok()
    }

    /// Sends the sums, and waits for the queue to be empty for `most` at the longest.
    pub(crate) fn flush(&self, cells: &Cells, most: Duration) {
        let end = Instant::now() + most;
        let is_waiting = |is_done: bool| {
            let is_waiting = !is_done && Instant::now() < end;
            if is_waiting {
                thread::sleep(Duration::from_millis(1));
            }
            is_waiting
        };
        self.line.send_levels(cells);
        while is_waiting(self.line.send_sums(cells)) {}
        while is_waiting(self.line.sink.0.queued() == 0) {}
        drop(self.line.sink.flush());
    }
}

fn label_of(operation: &OperationCells) -> (&'static str, &str) {
    match operation.kind {
        OperationKind::Tool => ("tool", operation.name.as_str()),
        OperationKind::Method => ("method", operation.name.as_str()),
    }
}

impl Line {
    fn connect(settings: &StatsdSettings) -> Result<Self, StatsdError> {
        // Of the family of the first address; cadence sends to that one.
        let any = if settings.address.starts_with('[') {
            "[::]:0"
        } else {
            "0.0.0.0:0"
        };
        let socket = UdpSocket::bind(any).map_err(StatsdError::Socket)?;
        socket.set_nonblocking(true).map_err(StatsdError::Socket)?;
        let udp =
            BufferedUdpMetricSink::from(settings.address.as_str(), socket).map_err(|source| {
                StatsdError::Address {
                    address: settings.address.clone(),
                    source,
                }
            })?;
        let sink = SharedSink(Arc::new(QueuingMetricSink::with_capacity(
            udp,
            settings.queue_size.get(),
        )));
        let mut builder = StatsdClient::builder(&settings.prefix, sink.clone());
        let tags = match &settings.tags {
            StatsdTags::None => None,
            StatsdTags::DogStatsd { constant } => {
                for (name, value) in constant {
                    builder = builder.with_tag(name, value);
                }
                let tags: Vec<String> = constant
                    .iter()
                    .map(|(name, value)| format!("{name}:{value}"))
                    .collect();
                Some(format!("|#{}", tags.join(",")))
            }
        };
        Ok(Self {
            sink,
            client: builder.build(),
            prefix: if settings.prefix.is_empty() {
                String::new()
            } else {
                format!("{}.", settings.prefix)
            },
            tags,
            sent: Mutex::new(HashMap::new()),
        })
    }

    /// Sends what was counted since the last time. `false` when a sum found no room.
    fn send_sums(&self, cells: &Cells) -> bool {
        let mut sent = self.sent.lock();
        let mut is_complete = true;
        for (at, names) in Count::NAMES.iter().enumerate() {
            is_complete &= self.send_sum(&mut sent, names.statsd, None, cells.count_at(at));
        }
        let tools = cells.tools();
        for operation in tools.iter().map(|tool| &**tool).chain(cells.methods()) {
            let label = Some(label_of(operation));
            for (suffix, count) in [
                ("success", &operation.succeeded),
                ("failure", &operation.failed),
            ] {
                let name = format!("{}.{suffix}", operation.statsd);
                is_complete &=
                    self.send_sum(&mut sent, &name, label, count.load(Ordering::Relaxed));
            }
        }
        is_complete
    }

    fn send_levels(&self, cells: &Cells) {
        for (at, names) in Level::NAMES.iter().enumerate() {
            let level = u64::try_from(cells.level_at(at)).unwrap_or(0);
            // A level that finds no room comes again in a second.
            drop(self.client.gauge(names.statsd, level));
        }
    }

    /// Sends the part of a sum that is new. What finds no room stays new, and the answer is `false`.
    fn send_sum(
        &self,
        sent: &mut HashMap<String, u64>,
        name: &str,
        label: Option<(&str, &str)>,
        sum: u64,
    ) -> bool {
        let before = sent.get(name).copied().unwrap_or(0);
        let new = i64::try_from(sum.saturating_sub(before)).unwrap_or(i64::MAX);
        if new == 0 {
            return true;
        }
        let mut metric = self.client.count_with_tags(name, new);
        if let Some((label, value)) = label.filter(|_| self.tags.is_some()) {
            metric = metric.with_tag(label, value);
        }
        if metric.try_send().is_err() {
            return false;
        }
        sent.insert(name.to_owned(), sum);
        true
    }
}
