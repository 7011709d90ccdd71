//! Bounds on guessing: after a few failures each further attempt waits, longer and longer. Failures are counted for the name
//! that was typed, whether there is such an account or not, from each network; for the name from all networks together; and for
//! the network, whatever the name.
//!
//! What strangers do must not keep the owner out. So a name has two hourly bounds over all networks, one for networks from which
//! somebody signed in by it before and one for all others, and a browser that somebody signed in with before counts for itself
//! alone ([`crate::known_places`]). Together a name has at most [`OF_NAME_IN_AN_HOUR`] attempts an hour from places that are not
//! known, and [`OF_NAME_IN_AN_HOUR_FROM_KNOWN`] from known networks: fewer than 400 a day, and an account has two names, its
//! own and its address.

use std::sync::Arc;
use std::time::Duration;

use tidegate_oauth_types::SecretHash;
use tidegate_store::{Counter, Counters, StoreError};
use tidegate_types::{AccountId, Clock, Peer};

use crate::SignInError;
use crate::known_places::{Browser, KnownPlaces};

/// How many failures are free, and what each further one costs.
struct BackOff {
    free: u64,
    /// The wait after the last free failure, after the next, …; the last one for all that follow.
    waits: &'static [Duration],
    /// Counts start again so long after the last failure.
    window: Duration,
}

/// For a name from a network, or at a known browser: a person who mistypes is not held up, and somebody who guesses gets 144 a
/// day. Whoever signs in starts again.
const OF_NAME: BackOff = BackOff {
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
const OF_NETWORK: BackOff = BackOff {
    free: 20,
    waits: &[
        Duration::from_secs(1),
        Duration::from_secs(10),
        Duration::from_mins(1),
        Duration::from_mins(10),
    ],
    window: HOUR,
};

/// Failures of a name in an hour of the clock from all networks that are not known for it. A sign-in does not start it again.
const OF_NAME_IN_AN_HOUR: u64 = 12;
/// Likewise from all known networks: whoever guesses may sit in the owner's office.
const OF_NAME_IN_AN_HOUR_FROM_KNOWN: u64 = 4;
const HOUR: Duration = Duration::from_hours(1);

impl BackOff {
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
    fn left(&self, counter: Option<Counter>) -> Duration {
        counter.map_or(Duration::ZERO, |counter| {
            self.wait_after(counter.count)
                .saturating_sub(counter.since_last)
        })
    }
}

/// Why an attempt is not taken.
#[derive(Debug)]
pub(crate) enum NotAdmitted {
    Locked(Locked),
    Failed(SignInError),
}

/// No attempt is taken now.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) retry_after: Duration,
    /// For the audit.
    pub(crate) by: Lock,
    /// Whether to write it down: the 1st, 2nd, 4th, 8th, … of a lock, so that whoever knocks on does not fill the audit.
    pub(crate) is_noted: bool,
}

/// What is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// The name, from this network or at this browser.
    Name,
    /// The name, from everywhere that is not known for it, or from everywhere that is.
    NameEverywhere,
    /// The network, for all names.
    Network,
}

impl Lock {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::NameEverywhere => "name everywhere",
            Self::Network => "network",
        }
    }
}

impl<E: Into<SignInError>> From<E> for NotAdmitted {
    fn from(err: E) -> Self {
        Self::Failed(err.into())
    }
}

/// Counts failures.
#[derive(Clone)]
pub(crate) struct Attempts {
    counters: Arc<dyn Counters>,
    places: KnownPlaces,
    clock: Arc<dyn Clock>,
}

/// One name from one network, at one or more directories.
pub(crate) struct Attempt {
    attempts: Attempts,
    /// Names at directories, as [`Attempts::name_at`] makes them.
    names: Vec<String>,
    network: String,
    browser: Option<Browser>,
    /// Whether networks count apart; otherwise the name does, from wherever it comes.
    is_by_network: bool,
    hour: i64,
}

/// By which budget an attempt at a directory is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Browser,
    Network,
    KnownNetwork,
}

impl Way {
    /// Failures of a name in an hour, from all places that are taken by this way.
    const fn most_in_an_hour(self) -> u64 {
        match self {
            Self::KnownNetwork => OF_NAME_IN_AN_HOUR_FROM_KNOWN,
            Self::Browser | Self::Network => OF_NAME_IN_AN_HOUR,
        }
    }
}

/// Whether a directory of accounts may be tried now.
enum DirectoryState {
    Open(Way),
    Closed(Duration, Lock),
}

impl DirectoryState {
    const fn is_by_network(&self) -> bool {
        matches!(self, Self::Open(Way::Network | Way::KnownNetwork))
    }
}

/// An attempt that may be made.
#[derive(Debug)]
pub(crate) struct Taken {
    /// For each directory, by which way it is tried. What would open one that is closed is not looked at.
    ways: Vec<Option<Way>>,
    /// How long the directories that are closed stay so at most.
    pub(crate) closed_for: Option<Duration>,
}

impl Taken {
    pub(crate) fn is_open(&self, directory: usize) -> bool {
        self.ways.get(directory).is_some_and(Option::is_some)
    }
}

impl Attempts {
    pub(crate) fn new(
        counters: Arc<dyn Counters>,
        places: KnownPlaces,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            counters,
            places,
            clock,
        }
    }

    /// A name, as it is compared, or anything else that is guessed at, at a directory. Names are people's data and of any length; the
    /// store need not know them.
    pub(crate) fn name_at(directory: &str, name: &str) -> String {
        format!("signin:{directory}:{}", SecretHash::of(name))
    }

    /// An attempt at `what` at some directories. A directory of accounts is where the name is somebody's: local accounts, a workspace's users. Each
    /// counts for itself, since whoever can open one of them under a name that they chose must not start the others again.
    pub(crate) fn at(
        &self,
        what: &str,
        directories: &[&str],
        browser: Option<Browser>,
        peer: &Peer,
    ) -> Attempt {
        let seconds = i64::try_from(HOUR.as_secs()).unwrap_or(i64::MAX);
        Attempt {
            attempts: self.clone(),
            names: directories
                .iter()
                .map(|directory| Self::name_at(directory, what))
                .collect(),
            network: peer.network(),
            browser,
            is_by_network: true,
            hour: self.clock.unix_secs() / seconds,
        }
    }

    /// An attempt at what belongs to somebody who is signed in: it counts from wherever it comes.
    pub(crate) fn by_session(&self, what: &str, directory: &str, peer: &Peer) -> Attempt {
        Attempt {
            is_by_network: false,
            ..self.at(what, &[directory], None, peer)
        }
    }
}

impl Attempt {
    /// Whether an attempt would be taken now. Counts nothing.
    pub(crate) async fn look(&self) -> Result<(), NotAdmitted> {
        let mut least: Option<(Duration, Lock)> = None;
        let network = self.network_left().await?;
        for name in &self.names {
            match self.directory(name, network).await? {
                DirectoryState::Open(_) => return Ok(()),
                DirectoryState::Closed(left, lock) => {
                    if least.is_none_or(|(least, _)| left < least) {
                        least = Some((left, lock));
                    }
                }
            }
        }
        let (left, lock) = least.unwrap_or((Duration::ZERO, Lock::Name));
        Err(self.locked(left, lock).await?)
    }

    /// Takes the attempt: it counts at each directory as if it had failed, before anything is checked, so that many at once are
    /// not more than many one after the other.
    pub(crate) async fn take(&self) -> Result<Taken, NotAdmitted> {
        let network = self.network_left().await?;
        let mut directories = Vec::with_capacity(self.names.len());
        for name in &self.names {
            directories.push(self.directory(name, network).await?);
        }
        if directories.iter().any(DirectoryState::is_by_network) {
            let left = self.count_of_network().await?;
            if !left.is_zero() {
                directories
                    .iter_mut()
                    .filter(|directory| directory.is_by_network())
                    .for_each(|directory| *directory = DirectoryState::Closed(left, Lock::Network));
            }
        }
        let mut ways = Vec::with_capacity(directories.len());
        let mut closed: Vec<(Duration, Lock)> = Vec::new();
        for (name, directory) in self.names.iter().zip(directories) {
            let directory = match directory {
                DirectoryState::Open(way) => self.count(name, way).await?,
                closed @ DirectoryState::Closed(..) => closed,
            };
            match directory {
                DirectoryState::Open(way) => ways.push(Some(way)),
                DirectoryState::Closed(left, lock) => {
                    ways.push(None);
                    closed.push((left, lock));
                }
            }
        }
        if ways.iter().all(Option::is_none) {
            let least = closed.into_iter().min_by_key(|(left, _)| *left);
            let (left, lock) = least.unwrap_or((Duration::ZERO, Lock::Name));
            return Err(self.locked(left, lock).await?);
        }
        let longest = closed.into_iter().map(|(left, _)| left).max();
        Ok(Taken {
            ways,
            closed_for: longest.map(up),
        })
    }

    /// The directory that was opened starts again, from here, and what was tried there was no failure. The other directories do not: what
    /// opens one that somebody furnished themselves is a guess at the others.
    pub(crate) async fn opened(&self, taken: &Taken, directory: usize) -> Result<(), StoreError> {
        let way = taken.ways.get(directory).copied().flatten();
        let (Some(name), Some(way)) = (self.names.get(directory), way) else {
            return Ok(());
        };
        let counters = self.counters();
        counters.clear(&self.back_off_of(name, way)).await?;
        if way != Way::Browser {
            let hourly = right(&self.hourly(name, way));
            counters.add(&hourly, HOUR).await?;
            let network = right(&self.network_counter());
            counters.add(&network, OF_NETWORK.window).await?;
        }
        Ok(())
    }

    /// The name leads to this account at a directory now. A browser that somebody else signed in with by the same name is not known
    /// there any more.
    pub(crate) fn leads_to(&mut self, directory: usize, account: Option<&AccountId>) {
        if let (Some(name), Some(browser)) = (self.names.get(directory), &mut self.browser)
            && account != Some(&browser.account)
        {
            browser.forget(name);
        }
    }

    /// The name at a directory, for what is known of it from now on.
    pub(crate) fn name(&self, directory: usize) -> Option<&str> {
        self.names.get(directory).map(String::as_str)
    }

    /// The browser that the attempt comes from, if it is known.
    pub(crate) fn browser(&self) -> Option<&Browser> {
        self.browser.as_ref()
    }

    /// Whether a name may be tried, and by which way.
    async fn directory(
        &self,
        name: &str,
        network_left: Duration,
    ) -> Result<DirectoryState, SignInError> {
        if self.is_known_browser(name) {
            let left = self.left_at(&self.back_off_of(name, Way::Browser)).await?;
            if left.is_zero() {
                return Ok(DirectoryState::Open(Way::Browser));
            }
            // A copy of the cookie may be in other hands: what is done with it closes no other way.
        }
        if !network_left.is_zero() {
            return Ok(DirectoryState::Closed(network_left, Lock::Network));
        }
        let left = self.left_at(&self.back_off_of(name, Way::Network)).await?;
        if !left.is_zero() {
            return Ok(DirectoryState::Closed(left, Lock::Name));
        }
        if self.has_room(name, Way::Network).await? {
            return Ok(DirectoryState::Open(Way::Network));
        }
        let is_known = self.attempts.places.is_known(name, &self.network).await?;
        if is_known && self.has_room(name, Way::KnownNetwork).await? {
            return Ok(DirectoryState::Open(Way::KnownNetwork));
        }
        Ok(DirectoryState::Closed(
            self.rest_of_hour(),
            Lock::NameEverywhere,
        ))
    }

    fn is_known_browser(&self, name: &str) -> bool {
        self.browser
            .as_ref()
            .is_some_and(|browser| browser.knows(name))
    }

    /// What a name's failures are counted by, from here.
    fn back_off_of(&self, name: &str, way: Way) -> String {
        match (&self.browser, way) {
            (Some(browser), Way::Browser) => format!("{name}:{}", browser.key),
            _ if self.is_by_network => format!("{name}:from:{}", self.network),
            _ => name.to_owned(),
        }
    }

    fn hourly(&self, name: &str, way: Way) -> String {
        let from = if way == Way::KnownNetwork {
            "known"
        } else {
            "all"
        };
        format!("{name}:{from}:{}", self.hour)
    }

    async fn has_room(&self, name: &str, way: Way) -> Result<bool, StoreError> {
        let failures = self.failures(&self.hourly(name, way)).await?;
        Ok(failures.is_none_or(|counter| counter.count < way.most_in_an_hour()))
    }

    /// Attempts that were counted and turned out to be none of a guesser are taken off.
    async fn failures(&self, counted: &str) -> Result<Option<Counter>, StoreError> {
        let Some(counter) = self.counters().read(counted).await? else {
            return Ok(None);
        };
        let count = counter
            .count
            .saturating_sub(self.right_ones(counted).await?);
        Ok(Some(Counter { count, ..counter }))
    }

    async fn right_ones(&self, counted: &str) -> Result<u64, StoreError> {
        let right = self.counters().read(&right(counted)).await?;
        Ok(right.map_or(0, |counter| counter.count))
    }

    /// Counts an attempt at a name, unless others have come in between and closed it.
    async fn count(&self, name: &str, way: Way) -> Result<DirectoryState, StoreError> {
        let left = self.count_at(&self.back_off_of(name, way)).await?;
        if !left.is_zero() {
            return Ok(DirectoryState::Closed(left, Lock::Name));
        }
        if way == Way::Browser {
            return Ok(DirectoryState::Open(way));
        }
        let hourly = self.hourly(name, way);
        let count = self.counters().add(&hourly, HOUR).await?;
        let failures = count.saturating_sub(self.right_ones(&hourly).await?);
        Ok(if failures <= way.most_in_an_hour() {
            DirectoryState::Open(way)
        } else {
            DirectoryState::Closed(self.rest_of_hour(), Lock::NameEverywhere)
        })
    }

    /// Counts an attempt from the network, unless others have come in between and closed it: then how long it is.
    async fn count_of_network(&self) -> Result<Duration, StoreError> {
        let network = self.network_counter();
        let before = self
            .failures(&network)
            .await?
            .map_or(0, |counter| counter.count);
        let count = self.counters().add(&network, OF_NETWORK.window).await?;
        let others = count
            .saturating_sub(1)
            .saturating_sub(self.right_ones(&network).await?);
        if others <= before {
            Ok(Duration::ZERO)
        } else {
            Ok(OF_NETWORK.wait_after(others))
        }
    }

    fn rest_of_hour(&self) -> Duration {
        let seconds = i64::try_from(HOUR.as_secs()).unwrap_or(i64::MAX);
        let passed = self.attempts.clock.unix_secs() - self.hour * seconds;
        let passed = Duration::from_secs(u64::try_from(passed).unwrap_or(0));
        HOUR.saturating_sub(passed).max(Duration::from_secs(1))
    }

    async fn left_at(&self, back_off: &str) -> Result<Duration, StoreError> {
        Ok(OF_NAME.left(self.counters().read(back_off).await?))
    }

    /// Counts an attempt unless it has to wait: then for how long.
    async fn count_at(&self, back_off: &str) -> Result<Duration, StoreError> {
        let before = self.counters().read(back_off).await?;
        let left = OF_NAME.left(before);
        if !left.is_zero() {
            return Ok(left);
        }
        let count = self.counters().add(back_off, OF_NAME.window).await?;
        let others = count.saturating_sub(1);
        // Somebody else came in between, and began the wait that this one should have had.
        if others == before.map_or(0, |counter| counter.count) {
            Ok(Duration::ZERO)
        } else {
            Ok(OF_NAME.wait_after(others))
        }
    }

    fn network_counter(&self) -> String {
        format!("signin:network:{}:{}", self.network, self.hour)
    }

    async fn network_left(&self) -> Result<Duration, StoreError> {
        Ok(OF_NETWORK.left(self.failures(&self.network_counter()).await?))
    }

    async fn locked(&self, wait: Duration, by: Lock) -> Result<NotAdmitted, NotAdmitted> {
        let what = match (by, self.names.first()) {
            (Lock::Name | Lock::NameEverywhere, Some(name)) => name.clone(),
            _ => self.network_counter(),
        };
        let refused = format!("{what}:refused");
        let count = self
            .counters()
            .add(&refused, Duration::from_mins(10))
            .await?;
        Ok(NotAdmitted::Locked(Locked {
            retry_after: up(wait),
            by,
            is_noted: count.is_power_of_two(),
        }))
    }

    fn counters(&self) -> &dyn Counters {
        self.attempts.counters.as_ref()
    }
}

/// How many of what is counted turned out to be right.
fn right(counted: &str) -> String {
    format!("{counted}:right")
}

/// Whole seconds, up: nobody should come a moment too early.
fn up(wait: Duration) -> Duration {
    let seconds = wait.as_millis().div_ceil(1_000);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
