//! The ladder: after a few failures each further attempt waits, longer and longer. Failures are counted for the name
//! that was typed, whether there is such an account or not, and for the network that it came from.

use std::sync::Arc;
use std::time::Duration;

use tidegate_oauth::SecretHash;
use tidegate_store::{StoreError, Tallies, Tally};
use tidegate_types::{Clock, Peer};

/// How many failures are free, and what each further one costs.
struct Ladder {
    free: u64,
    /// The wait after the last free failure, after the next, …; the last one for all that follow.
    waits: &'static [Duration],
    /// Counts start again so long after the last failure.
    window: Duration,
}

/// For a name: a person who mistypes is not held up, and somebody who guesses gets 144 a day. Whoever signs in starts again.
const OF_NAME: Ladder = Ladder {
    free: 5,
    waits: &[
        Duration::from_secs(1),
        Duration::from_secs(10),
        Duration::from_mins(1),
        Duration::from_mins(10),
    ],
    window: Duration::from_hours(24),
};

/// For a network in an hour of the clock: an office mistypes more than a person does, and would never be quiet for
/// a day. A sign-in does not start it again, for whoever guesses has an account of their own.
const OF_NETWORK: Ladder = Ladder {
    free: 20,
    waits: &[
        Duration::from_secs(1),
        Duration::from_secs(10),
        Duration::from_mins(1),
        Duration::from_mins(10),
    ],
    window: NETWORK_HOUR,
};
const NETWORK_HOUR: Duration = Duration::from_hours(1);

impl Ladder {
    /// The wait that so many failures cost, from the last of them on.
    fn wait_after(&self, failures: u64) -> Duration {
        let Some(step) = failures.checked_sub(self.free) else {
            return Duration::ZERO;
        };
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        let last = self.waits.len().saturating_sub(1);
        self.waits.get(step.min(last)).copied().unwrap_or_default()
    }

    /// What is left of the wait.
    fn left(&self, tally: Option<Tally>) -> Duration {
        tally.map_or(Duration::ZERO, |tally| {
            self.wait_after(tally.count)
                .saturating_sub(tally.since_last)
        })
    }
}

/// Why an attempt is not taken.
#[derive(Debug)]
pub(crate) enum NotAdmitted {
    Locked(Locked),
    Store(StoreError),
}

/// No attempt is taken now.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) retry_after: Duration,
    /// `name` or `network`: which of the two, for the audit.
    pub(crate) by: &'static str,
    /// Whether to write it down: the 1st, 2nd, 4th, 8th, … of a lock, so that whoever knocks on does not fill the audit.
    pub(crate) is_noted: bool,
}

impl From<StoreError> for NotAdmitted {
    fn from(err: StoreError) -> Self {
        Self::Store(err)
    }
}

/// Counts failures.
#[derive(Clone)]
pub(crate) struct Attempts {
    tallies: Arc<dyn Tallies>,
    clock: Arc<dyn Clock>,
}

/// One name from one network, at one or more doors.
pub(crate) struct Attempt {
    attempts: Attempts,
    doors: Vec<String>,
    network: String,
}

/// An attempt that may be made.
#[derive(Debug)]
pub(crate) struct Taken {
    /// For each door, whether it is tried. What would open a door that is closed is not looked at.
    pub(crate) is_open: Vec<bool>,
    /// How long the doors that are closed stay so at most.
    pub(crate) closed_for: Option<Duration>,
}

impl Attempts {
    pub(crate) fn new(tallies: Arc<dyn Tallies>, clock: Arc<dyn Clock>) -> Self {
        Self { tallies, clock }
    }

    /// An attempt at `what`, a name as it is compared or anything else that is guessed at. A door is where the name is
    /// somebody's: local accounts, a workspace's users. Each counts for itself, since whoever can open one of them under a
    /// name that they chose must not start the others again.
    pub(crate) fn at(&self, what: &str, doors: &[&str], peer: &Peer) -> Attempt {
        let seconds = i64::try_from(NETWORK_HOUR.as_secs()).unwrap_or(i64::MAX);
        let hour = self.clock.unix_secs() / seconds;
        // Names are people's data and of any length; the store need not know them.
        let name = SecretHash::of(what);
        Attempt {
            attempts: self.clone(),
            doors: doors
                .iter()
                .map(|door| format!("signin:{door}:{name}"))
                .collect(),
            network: format!("signin:network:{}:{hour}", peer.network()),
        }
    }
}

impl Attempt {
    /// Whether an attempt would be taken now. Counts nothing.
    pub(crate) async fn look(&self) -> Result<(), NotAdmitted> {
        self.look_at_network().await?;
        let mut least = Duration::MAX;
        for door in &self.doors {
            least = least.min(OF_NAME.left(self.tallies().read(door).await?));
        }
        if least.is_zero() {
            Ok(())
        } else {
            Err(self.locked(least, "name").await?)
        }
    }

    /// Takes the attempt: it counts at each door as if it had failed, before anything is checked, so that many at once are
    /// not more than many one after the other.
    pub(crate) async fn take(&self) -> Result<Taken, NotAdmitted> {
        self.look_at_network().await?;
        let mut waits = Vec::with_capacity(self.doors.len());
        for door in &self.doors {
            waits.push(self.wait_at(door).await?);
        }
        let is_open: Vec<bool> = waits.iter().map(Duration::is_zero).collect();
        if !is_open.contains(&true) {
            let least = waits.into_iter().min().unwrap_or_default();
            return Err(self.locked(least, "name").await?);
        }
        Ok(Taken {
            is_open,
            closed_for: waits
                .into_iter()
                .filter(|wait| !wait.is_zero())
                .max()
                .map(up),
        })
    }

    /// Nothing was opened.
    pub(crate) async fn failed(&self) -> Result<(), StoreError> {
        self.tallies()
            .add(&self.network, OF_NETWORK.window)
            .await
            .map(drop)
    }

    /// The door that was opened starts again. The others do not, nor does the network.
    pub(crate) async fn opened(&self, door: usize) -> Result<(), StoreError> {
        match self.doors.get(door) {
            Some(door) => self.tallies().clear(door).await,
            None => Ok(()),
        }
    }

    /// Counts an attempt at a door, unless it is closed: then how long it is.
    async fn wait_at(&self, door: &str) -> Result<Duration, StoreError> {
        let before = self.tallies().read(door).await?;
        let left = OF_NAME.left(before);
        if !left.is_zero() {
            return Ok(left);
        }
        let count = self.tallies().add(door, OF_NAME.window).await?;
        let others = count.saturating_sub(1);
        // Somebody else came in between, and began the wait that this one should have had.
        if others == before.map_or(0, |tally| tally.count) {
            Ok(Duration::ZERO)
        } else {
            Ok(OF_NAME.wait_after(others))
        }
    }

    async fn look_at_network(&self) -> Result<(), NotAdmitted> {
        let left = OF_NETWORK.left(self.tallies().read(&self.network).await?);
        if left.is_zero() {
            Ok(())
        } else {
            Err(self.locked(left, "network").await?)
        }
    }

    async fn locked(&self, wait: Duration, by: &'static str) -> Result<NotAdmitted, NotAdmitted> {
        let by_name = self.doors.first().filter(|_| by == "name");
        let refused = format!("{}:refused", by_name.unwrap_or(&self.network));
        let count = self
            .tallies()
            .add(&refused, Duration::from_mins(10))
            .await?;
        Ok(NotAdmitted::Locked(Locked {
            retry_after: up(wait),
            by,
            is_noted: count.is_power_of_two(),
        }))
    }

    fn tallies(&self) -> &dyn Tallies {
        self.attempts.tallies.as_ref()
    }
}

/// Whole seconds, up: nobody should come a moment too early.
fn up(wait: Duration) -> Duration {
    let seconds = wait.as_millis().div_ceil(1_000);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use tidegate_types::{ManualClock, SystemClock};

    use super::*;

    fn peer(address: &str) -> Peer {
        Peer {
            address: address.parse().unwrap(),
            user_agent: None,
        }
    }

    fn attempts() -> (Attempts, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let state = tidegate_store_memory::memory_state(
            Arc::clone(&clock) as Arc<dyn Clock>,
            tidegate_store_memory::MemoryLimits::default(),
        );
        let attempts = Attempts::new(state.tallies, Arc::clone(&clock) as Arc<dyn Clock>);
        (attempts, clock)
    }

    async fn fail(attempt: &Attempt) -> Result<(), NotAdmitted> {
        attempt.take().await?;
        attempt.failed().await?;
        Ok(())
    }

    const DOOR: &[&str] = &["local"];

    fn wait_of<T>(result: Result<T, NotAdmitted>) -> u64 {
        match result {
            Ok(_) => 0,
            Err(NotAdmitted::Locked(locked)) => locked.retry_after.as_secs(),
            Err(NotAdmitted::Store(err)) => panic!("{err}"),
        }
    }

    #[tokio::test]
    async fn five_are_free_and_the_wait_grows() {
        let (attempts, clock) = attempts();
        let mut waits = Vec::new();
        for number in 0..12 {
            // Another network each time, so that only the name counts.
            let attempt = attempts.at("alice", DOOR, &peer(&format!("192.0.2.{number}")));
            let wait = wait_of(attempt.look().await);
            assert_eq!(wait, wait_of(attempt.take().await), "locked is not counted");
            clock.advance(Duration::from_secs(wait));
            if wait > 0 {
                fail(&attempt).await.unwrap();
            }
            waits.push(wait);
        }
        assert_eq!(vec![0, 0, 0, 0, 0, 1, 10, 60, 600, 600, 600, 600], waits);
    }

    #[tokio::test]
    async fn a_name_starts_again_after_a_success_and_a_network_does_not() {
        let (attempts, _clock) = attempts();
        let here = peer("198.51.100.1");
        for _ in 0..4 {
            for _ in 0..5 {
                fail(&attempts.at("alice", DOOR, &here)).await.unwrap();
            }
            attempts.at("alice", DOOR, &here).opened(0).await.unwrap();
        }
        let locked = attempts.at("alice", DOOR, &here).look().await;
        let Err(NotAdmitted::Locked(locked)) = locked else {
            panic!("20 failures of a network")
        };
        assert_eq!("network", locked.by);
        assert!(
            attempts.at("bob", DOOR, &here).look().await.is_err(),
            "any name"
        );
        let elsewhere = peer("198.51.100.2");
        assert!(attempts.at("alice", DOOR, &elsewhere).look().await.is_ok());
    }

    #[tokio::test]
    async fn a_network_starts_again_with_the_hour_and_a_name_with_the_day() {
        let (attempts, clock) = attempts();
        let here = peer("198.51.100.1");
        for number in 0..20 {
            fail(&attempts.at(&format!("name{number}"), DOOR, &here))
                .await
                .unwrap();
        }
        for _ in 0..5 {
            fail(&attempts.at("alice", DOOR, &peer("198.51.100.2")))
                .await
                .unwrap();
        }
        assert!(attempts.at("bob", DOOR, &here).look().await.is_err());
        clock.advance(NETWORK_HOUR);
        attempts.at("bob", DOOR, &here).look().await.unwrap();
        fail(&attempts.at("alice", DOOR, &here)).await.unwrap();
        assert_eq!(10, wait_of(attempts.at("alice", DOOR, &here).look().await));
        clock.advance(OF_NAME.window);
        for _ in 0..5 {
            fail(&attempts.at("alice", DOOR, &here)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn many_at_once_are_not_more_than_one_after_the_other() {
        let (attempts, clock) = attempts();
        for _ in 0..6 {
            let attempt = attempts.at("alice", DOOR, &peer("192.0.2.1"));
            clock.advance(Duration::from_secs(wait_of(attempt.look().await)));
            fail(&attempt).await.unwrap();
        }
        clock.advance(Duration::from_secs(10));
        // All have looked before one is taken.
        let crowd: Vec<Attempt> = (0..50)
            .map(|number| attempts.at("alice", DOOR, &peer(&format!("192.0.2.{number}"))))
            .collect();
        for attempt in &crowd {
            attempt.look().await.unwrap();
        }
        let mut taken = 0;
        for attempt in &crowd {
            taken += u32::from(attempt.take().await.is_ok());
        }
        assert_eq!(1, taken);
    }

    #[tokio::test]
    async fn one_customer_of_ipv6_is_one_network() {
        let (attempts, _clock) = attempts();
        for number in 0..20 {
            let from = peer(&format!("2001:db8::{number:x}"));
            fail(&attempts.at(&format!("name{number}"), DOOR, &from))
                .await
                .unwrap();
        }
        let same = peer("2001:db8::ffff");
        assert!(attempts.at("alice", DOOR, &same).look().await.is_err());
        assert!(
            attempts
                .at("alice", DOOR, &peer("2001:db8:0:1::1"))
                .look()
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn knocking_on_fills_no_audit() {
        let (attempts, _clock) = attempts();
        let attempt = attempts.at("alice", DOOR, &peer("192.0.2.1"));
        for _ in 0..5 {
            fail(&attempt).await.unwrap();
        }
        let mut noted = 0;
        for _ in 0..1_000 {
            match attempt.look().await {
                Err(NotAdmitted::Locked(locked)) => noted += u32::from(locked.is_noted),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(10, noted);
    }

    /// Whoever administers a workspace names a user there as they like, and knows that user's password.
    #[tokio::test]
    async fn opening_one_door_does_not_start_another_again() {
        let (attempts, clock) = attempts();
        let doors = ["local", "superset:acme"];
        let attempt = |number: u8| {
            let from = peer(&format!("192.0.2.{number}"));
            attempts.at("victim", &doors, &from)
        };
        for number in 0..5 {
            let taken = attempt(number).take().await.unwrap();
            assert_eq!(vec![true, true], taken.is_open);
            assert_eq!(None, taken.closed_for);
            attempt(number).opened(1).await.unwrap();
        }
        // The user is not held up, and the local account is not tried.
        let taken = attempt(6).take().await.unwrap();
        assert_eq!(vec![false, true], taken.is_open);
        assert_eq!(Some(Duration::from_secs(1)), taken.closed_for);
        attempt(6).look().await.unwrap();
        clock.advance(Duration::from_secs(1));
        assert_eq!(vec![true, true], attempt(7).take().await.unwrap().is_open);
    }
}
