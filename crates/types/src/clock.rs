//! The only source of time, so that tests can set it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// Tells the time. Deadlines use tokio's clock; everything that is stored or shown uses this one.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// Wall-clock time in UTC.
    fn now(&self) -> DateTime<Utc>;

    /// Whole seconds since the Unix epoch.
    fn unix_secs(&self) -> i64 {
        self.now().timestamp()
    }

    /// Milliseconds since the Unix epoch.
    fn unix_millis(&self) -> i64 {
        self.now().timestamp_millis()
    }

    /// A monotonic instant, for durations.
    fn instant(&self) -> Instant {
        Instant::now()
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that may read the machine's clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock for tests: it stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    unix_millis: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn at(start: DateTime<Utc>) -> Self {
        Self {
            unix_millis: AtomicI64::new(start.timestamp_millis()),
        }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.unix_millis.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.unix_millis.load(Ordering::SeqCst)).unwrap_or_default()
    }
}
