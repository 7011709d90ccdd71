//! Many lines of one cause: the first is written, and then one an interval that says how many there were.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How often lines of one cause are written.
const INTERVAL: Duration = Duration::from_secs(10);

/// Causes that are remembered. When there are more, all are forgotten and written anew: the bound is one of memory.
const MOST_CAUSES: usize = 1_024;

/// Decides which of many log lines are written, so that a part of the deployment that is away costs a line each ten
/// seconds for each cause and not one for each request that meets it.
///
/// What was left out is counted into the next line of the same cause, however late that comes.
#[derive(Debug, Default)]
pub struct LogSampler(Mutex<HashMap<u64, Cause>>);

#[derive(Debug)]
struct Cause {
    written_at: Instant,
    left_out: u64,
}

impl LogSampler {
    /// Whether to write a line of this cause: `Some` with how many were left out before it, or `None`, which counts it.
    pub fn admit(&self, cause: impl Hash) -> Option<u64> {
        self.admit_at(cause, Instant::now())
    }

    fn admit_at(&self, cause: impl Hash, now: Instant) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        cause.hash(&mut hasher);
        let key = hasher.finish();
        let mut causes = self.0.lock();
        if let Some(known) = causes.get_mut(&key) {
            if now.saturating_duration_since(known.written_at) < INTERVAL {
                known.left_out += 1;
                return None;
            }
            known.written_at = now;
            return Some(std::mem::take(&mut known.left_out));
        }
        if causes.len() >= MOST_CAUSES {
            causes.clear();
        }
        let first = Cause {
            written_at: now,
            left_out: 0,
        };
        causes.insert(key, first);
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_cause_is_written_and_the_others_are_counted_into_the_next() {
        let (sampler, start) = (LogSampler::default(), Instant::now());
        assert_eq!(Some(0), sampler.admit_at("gone", start));
        for _ in 0..400 {
            assert_eq!(None, sampler.admit_at("gone", start + INTERVAL / 2));
        }
        assert_eq!(Some(400), sampler.admit_at("gone", start + INTERVAL));
        assert_eq!(None, sampler.admit_at("gone", start + INTERVAL));
        assert_eq!(Some(1), sampler.admit_at("gone", start + 10 * INTERVAL));
    }

    #[test]
    fn causes_do_not_hide_each_other() {
        let (sampler, now) = (LogSampler::default(), Instant::now());
        assert_eq!(Some(0), sampler.admit_at(("acme", "gone"), now));
        assert_eq!(Some(0), sampler.admit_at(("beta", "gone"), now));
        assert_eq!(Some(0), sampler.admit_at(("acme", "full"), now));
        assert_eq!(None, sampler.admit_at(("acme", "gone"), now));
    }

    #[test]
    fn causes_without_end_take_memory_with_an_end() {
        let (sampler, now) = (LogSampler::default(), Instant::now());
        for cause in 0..10 * MOST_CAUSES {
            assert_eq!(Some(0), sampler.admit_at(cause, now));
            assert!(sampler.0.lock().len() <= MOST_CAUSES);
        }
    }
}
