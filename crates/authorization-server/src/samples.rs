//! Which of many refusals that are alike are written down. Whoever needs no account to be refused must not fill the audit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tidegate_types::Clock;

/// Refusals are alike that differ in nothing but their time, within so much of it.
const WINDOW: Duration = Duration::from_mins(10);
/// Of so many kinds and senders counts are held at once; further senders share one count of their kind.
const MOST_COUNTED: usize = 1_000;
/// So many rows of a kind are written in a window, whoever sent them; of further ones the 1st, 2nd, 4th, …
const MOST_OF_KIND: u64 = 100;

/// Counts on this node. Nodes count apart: a flood at three of them is three rows where one would do.
pub(crate) struct Samples {
    clock: Arc<dyn Clock>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: HashMap<Key, Count>,
    /// When those that are over were taken out last.
    swept_at_secs: i64,
}

/// A kind of refusal, and who sent it; nobody for all of the kind.
type Key = (&'static str, &'static str, String);

#[derive(Clone, Copy)]
struct Count {
    since_secs: i64,
    /// How many came, of one sender; how many rows were written, of a kind.
    so_far: u64,
}

impl Samples {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            counts: Mutex::default(),
        }
    }

    /// Counts one. `Some`: it is to be written down, with how many came of this sender so far.
    pub(crate) fn take(
        &self,
        action: &'static str,
        reason: &'static str,
        sender: &str,
    ) -> Option<u64> {
        let now = self.clock.unix_secs();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (action, reason, sender.to_owned());
        if counts.is_full_for(&key, now) {
            key = (action, reason, "everybody else".to_owned());
        }
        let of_sender = Count::add(&mut counts.all, key, now);
        if !of_sender.is_power_of_two() {
            return None;
        }
        let of_kind = Count::add(&mut counts.all, (action, reason, String::new()), now);
        let is_written = of_kind <= MOST_OF_KIND || (of_kind - MOST_OF_KIND).is_power_of_two();
        is_written.then_some(of_sender)
    }
}

impl Counts {
    fn is_full_for(&mut self, key: &Key, now: i64) -> bool {
        if self.all.len() < MOST_COUNTED || self.all.contains_key(key) {
            return false;
        }
        // Once a second at the most: a flood would have each of its requests look at all counts.
        if self.swept_at_secs != now {
            self.swept_at_secs = now;
            self.all.retain(|_, count| !count.is_over(now));
        }
        self.all.len() >= MOST_COUNTED
    }
}

impl Count {
    fn add(counts: &mut HashMap<Key, Self>, key: Key, now: i64) -> u64 {
        let count = counts.entry(key).or_insert(Self {
            since_secs: now,
            so_far: 0,
        });
        if count.is_over(now) {
            *count = Self {
                since_secs: now,
                so_far: 0,
            };
        }
        count.so_far += 1;
        count.so_far
    }

    fn is_over(&self, now: i64) -> bool {
        let window = i64::try_from(WINDOW.as_secs()).unwrap_or(i64::MAX);
        now.saturating_sub(self.since_secs) >= window
    }
}

#[cfg(test)]
mod tests {
    use tidegate_types::{ManualClock, SystemClock};

    use super::*;

    fn samples() -> (Samples, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        (Samples::new(Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    fn written(samples: &Samples, senders: impl Iterator<Item = String>) -> usize {
        senders
            .filter(|sender| {
                samples
                    .take("token.refused", "client_unknown", sender)
                    .is_some()
            })
            .count()
    }

    #[test]
    fn of_one_sender_the_first_and_fewer_and_fewer_are_written() {
        let (samples, clock) = samples();
        let taken: Vec<u64> = (0..150)
            .filter_map(|_| samples.take("token.refused", "client_unknown", "192.0.2.1"))
            .collect();
        assert_eq!(vec![1, 2, 4, 8, 16, 32, 64, 128], taken);
        // Another kind, and another sender, count for themselves.
        for (reason, sender) in [
            ("secret_wrong", "192.0.2.1"),
            ("client_unknown", "192.0.2.2"),
        ] {
            assert_eq!(Some(1), samples.take("token.refused", reason, sender));
        }
        clock.advance(WINDOW);
        let again = samples.take("token.refused", "client_unknown", "192.0.2.1");
        assert_eq!(Some(1), again);
    }

    #[test]
    fn a_flood_from_everywhere_is_a_few_rows_and_little_memory() {
        let (samples, clock) = samples();
        let everywhere = || (0..100_000).map(|number| format!("2001:db8:{number:x}::/64"));
        let rows = written(&samples, everywhere());
        assert!((100..140).contains(&rows), "{rows}");
        assert!(samples.counts.lock().unwrap().all.len() <= MOST_COUNTED + 2);
        clock.advance(WINDOW);
        assert!(written(&samples, everywhere()) >= 100);
        assert!(samples.counts.lock().unwrap().all.len() <= MOST_COUNTED + 2);
    }
}
