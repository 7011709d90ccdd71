use tidegate_control_plane::account::{Account, AccountKind};
use tidegate_types::{AccountId, ExposeSecret as _, ManualClock, SystemClock};

use super::*;
use crate::UnixSecs;
use crate::known_places::SessionValidity;

/// Every account's sessions count since 0, unless they were ended.
struct FixedValidity(parking_lot::Mutex<UnixSecs>);

#[async_trait::async_trait]
impl SessionValidity for FixedValidity {
    async fn valid_from(&self, _account: &AccountId) -> Result<Option<UnixSecs>, SignInError> {
        Ok(Some(*self.0.lock()))
    }
}

struct Bounds {
    attempts: Attempts,
    clock: Arc<ManualClock>,
    standing: Arc<FixedValidity>,
}

fn bounds() -> Bounds {
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    // From the beginning of an hour, so that a test knows when the next begins.
    let passed = u64::try_from(clock.unix_secs().rem_euclid(3_600)).unwrap();
    clock.advance(Duration::from_secs(3_600 - passed));
    let state = tidegate_store_memory::memory_state(
        Arc::clone(&clock) as Arc<dyn Clock>,
        tidegate_store_memory::MemoryLimits::default(),
    );
    let standing = Arc::new(FixedValidity(parking_lot::Mutex::new(0)));
    let places = KnownPlaces::new(
        Arc::clone(&state.tickets),
        Arc::clone(&standing) as Arc<dyn SessionValidity>,
    );
    let attempts = Attempts::new(state.counters, places, Arc::clone(&clock) as Arc<dyn Clock>);
    Bounds {
        attempts,
        clock,
        standing,
    }
}

fn peer(address: &str) -> Peer {
    Peer {
        address: address.parse().unwrap(),
        user_agent: None,
    }
}

fn alice() -> Account {
    Account {
        id: "account-of-alice".parse().unwrap(),
        kind: AccountKind::Person,
        username: "alice".to_owned(),
        email: None,
        is_email_verified: false,
        display_name: "Alice".to_owned(),
        is_active: true,
        is_administrator: false,
        has_password: true,
        must_change_password: false,
        sessions_valid_from: 0,
        created_at: 0,
        last_sign_in_at: None,
    }
}

const DOOR: &[&str] = &["local"];

impl Bounds {
    fn at(&self, name: &str, address: &str) -> Attempt {
        self.attempts.at(name, DOOR, None, &peer(address))
    }

    async fn with_cookie(&self, name: &str, address: &str, cookie: &str) -> Attempt {
        let browser = self.attempts.places.browser(Some(cookie)).await.unwrap();
        self.attempts.at(name, DOOR, browser, &peer(address))
    }

    /// A cookie of a browser that alice signed in with.
    async fn cookie(&self) -> String {
        use tidegate_types::ExposeSecret as _;
        let names = vec![Attempts::name_at("local", "alice")];
        let places = &self.attempts.places;
        let known = places.note_browser(&alice(), names, None).await.unwrap();
        known.cookie.expose_secret().to_owned()
    }

    async fn knows_network(&self, address: &str) {
        let name = Attempts::name_at("local", "alice");
        let network = peer(address).network();
        let places = &self.attempts.places;
        places
            .note_network(&alice(), &name, &network)
            .await
            .unwrap();
    }

    /// 200 wrong passwords for alice from 20 networks, or as many as are taken.
    async fn strangers_try_alice(&self) -> u32 {
        let mut taken = 0;
        for number in 0..200 {
            let stranger = self.at("alice", &format!("203.0.113.{}", number % 20));
            taken += u32::from(fail(&stranger).await.is_ok());
        }
        taken
    }
}

async fn fail(attempt: &Attempt) -> Result<(), NotAdmitted> {
    attempt.take().await.map(drop)
}

fn wait_of<T>(result: Result<T, NotAdmitted>) -> u64 {
    match result {
        Ok(_) => 0,
        Err(NotAdmitted::Locked(locked)) => locked.retry_after.as_secs(),
        Err(NotAdmitted::Failed(err)) => panic!("{err}"),
    }
}

fn lock_of<T>(result: Result<T, NotAdmitted>) -> Option<Lock> {
    match result {
        Ok(_) => None,
        Err(NotAdmitted::Locked(locked)) => Some(locked.by),
        Err(NotAdmitted::Failed(err)) => panic!("{err}"),
    }
}

#[tokio::test]
async fn five_are_free_and_the_wait_grows() {
    let bounds = bounds();
    let mut waits = Vec::new();
    for _ in 0..12 {
        let attempt = bounds.at("alice", "192.0.2.1");
        let wait = wait_of(attempt.look().await);
        assert_eq!(wait, wait_of(attempt.look().await), "locked is not counted");
        bounds.clock.advance(Duration::from_secs(wait));
        fail(&attempt).await.unwrap();
        waits.push(wait);
    }
    assert_eq!(vec![0, 0, 0, 0, 0, 1, 10, 60, 600, 600, 600, 600], waits);
}

#[tokio::test]
async fn a_name_starts_again_after_a_success_and_a_network_does_not() {
    let bounds = bounds();
    let here = "198.51.100.1";
    for name in ["alice", "bob", "carol"] {
        for _ in 0..5 {
            fail(&bounds.at(name, here)).await.unwrap();
        }
        assert_eq!(1, wait_of(bounds.at(name, here).look().await));
        bounds.clock.advance(Duration::from_secs(1));
        let attempt = bounds.at(name, here);
        let taken = attempt.take().await.unwrap();
        attempt.opened(&taken, 0).await.unwrap();
        fail(&bounds.at(name, here)).await.unwrap();
        bounds.at(name, here).look().await.unwrap();
    }
    for name in ["dave", "erin"] {
        fail(&bounds.at(name, here)).await.unwrap();
    }
    let locked = bounds.at("alice", here).look().await;
    assert_eq!(Some(Lock::Network), lock_of(locked));
    assert!(bounds.at("frank", here).look().await.is_err(), "any name");
    bounds.at("alice", "198.51.100.2").look().await.unwrap();
}

#[tokio::test]
async fn a_network_starts_again_with_the_hour_and_a_name_with_the_day() {
    let bounds = bounds();
    let here = "198.51.100.1";
    for number in 0..15 {
        let name = format!("name{number}");
        fail(&bounds.at(&name, here)).await.unwrap();
    }
    for _ in 0..5 {
        fail(&bounds.at("alice", here)).await.unwrap();
    }
    assert!(bounds.at("bob", here).look().await.is_err());
    bounds.clock.advance(HOUR);
    bounds.at("bob", here).look().await.unwrap();
    fail(&bounds.at("alice", here)).await.unwrap();
    assert_eq!(10, wait_of(bounds.at("alice", here).look().await));
    bounds.clock.advance(OF_NAME.window);
    for _ in 0..5 {
        fail(&bounds.at("alice", here)).await.unwrap();
    }
}

#[tokio::test]
async fn many_at_once_are_not_more_than_one_after_the_other() {
    let bounds = bounds();
    for _ in 0..6 {
        let attempt = bounds.at("alice", "192.0.2.1");
        let wait = wait_of(attempt.look().await);
        bounds.clock.advance(Duration::from_secs(wait));
        fail(&attempt).await.unwrap();
    }
    bounds.clock.advance(Duration::from_secs(10));
    // All have looked before one is taken.
    let crowd: Vec<Attempt> = (0..50).map(|_| bounds.at("alice", "192.0.2.1")).collect();
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
    let bounds = bounds();
    for number in 0..20 {
        let from = format!("2001:db8::{number:x}");
        let name = format!("name{number}");
        fail(&bounds.at(&name, &from)).await.unwrap();
    }
    let same = bounds.at("alice", "2001:db8::ffff").look().await;
    assert_eq!(Some(Lock::Network), lock_of(same));
    let other = bounds.at("alice", "2001:db8:0:1::1");
    other.look().await.unwrap();
}

#[tokio::test]
async fn strangers_do_not_keep_out_who_comes_from_a_known_network_or_browser() {
    let bounds = bounds();
    let cookie = bounds.cookie().await;
    bounds.knows_network("198.51.100.1").await;
    assert!(bounds.strangers_try_alice().await <= 12);
    let stranger = bounds.at("alice", "192.0.2.99").look().await;
    assert_eq!(Some(Lock::NameEverywhere), lock_of(stranger));
    let office = bounds.at("alice", "198.51.100.1");
    office.look().await.unwrap();
    office.take().await.unwrap();
    let travelling = bounds.with_cookie("alice", "192.0.2.99", &cookie).await;
    travelling.look().await.unwrap();
    travelling.take().await.unwrap();
    // They are known for alice, and for nobody else.
    for name in ["bob", "ALICE"] {
        assert!(
            !bounds
                .attempts
                .places
                .is_known(name, "198.51.100.1")
                .await
                .unwrap()
        );
        let browser = bounds.attempts.places.browser(Some(&cookie)).await.unwrap();
        assert!(!browser.unwrap().knows(&Attempts::name_at("local", name)));
    }
}

#[tokio::test]
async fn a_network_that_is_locked_does_not_keep_out_a_known_browser() {
    let bounds = bounds();
    let cookie = bounds.cookie().await;
    // Everybody, where the proxy is not known to be one.
    let all = "10.0.0.1";
    for number in 0..20 {
        fail(&bounds.at(&format!("name{number}"), all))
            .await
            .unwrap();
    }
    let unknown = bounds.at("alice", all).look().await;
    assert_eq!(Some(Lock::Network), lock_of(unknown));
    let known = bounds.with_cookie("alice", all, &cookie).await;
    known.look().await.unwrap();
    // Somebody who mistypes at a known browser holds up nobody but that browser.
    for _ in 0..5 {
        fail(&known).await.unwrap();
    }
    assert_eq!(Some(Lock::Network), lock_of(known.look().await));
    bounds.clock.advance(Duration::from_secs(1));
    known.look().await.unwrap();
}

#[tokio::test]
async fn a_known_browser_counts_no_more_when_the_sessions_of_its_account_were_ended() {
    let bounds = bounds();
    let cookie = bounds.cookie().await;
    bounds.knows_network("198.51.100.1").await;
    bounds.strangers_try_alice().await;
    *bounds.standing.0.lock() = 1;
    for attempt in [
        bounds.with_cookie("alice", "192.0.2.99", &cookie).await,
        bounds.at("alice", "198.51.100.1"),
    ] {
        let locked = attempt.look().await;
        assert_eq!(Some(Lock::NameEverywhere), lock_of(locked));
    }
}

#[tokio::test]
async fn what_is_no_cookie_of_a_known_browser_is_none() {
    let bounds = bounds();
    let cookie = bounds.cookie().await;
    let other =
        tidegate_oauth_types::IssuedSecret::draw(tidegate_oauth_types::SecretKind::KnownBrowser);
    let session =
        tidegate_oauth_types::IssuedSecret::draw(tidegate_oauth_types::SecretKind::BrowserSession);
    for text in [
        "",
        "x",
        &cookie[1..],
        &format!("{cookie} "),
        other.text.expose_secret(),
        session.text.expose_secret(),
    ] {
        let browser = bounds.attempts.places.browser(Some(text)).await.unwrap();
        assert_eq!(None, browser, "{text}");
    }
    assert!(
        bounds
            .attempts
            .places
            .browser(None)
            .await
            .unwrap()
            .is_none()
    );
}

/// From as many networks as they like, known ones among them; and an account has a name and an address.
#[tokio::test]
async fn nobody_guesses_at_a_name_five_hundred_times_a_day() {
    let bounds = bounds();
    for number in 0..50 {
        bounds.knows_network(&format!("198.51.100.{number}")).await;
    }
    // Each minute of a day, from a network that did not come before and from a known one.
    let mut taken = 0;
    for minute in 0_u32..24 * 60 {
        for number in 0_u32..3 {
            let stranger = format!("2001:db8:{minute:x}:{number:x}::1");
            taken += u32::from(fail(&bounds.at("alice", &stranger)).await.is_ok());
            let insider = format!("198.51.100.{}", (minute * 3 + number) % 50);
            taken += u32::from(fail(&bounds.at("alice", &insider)).await.is_ok());
        }
        bounds.clock.advance(Duration::from_mins(1));
    }
    assert!((200..500).contains(&taken), "{taken}");
}

#[tokio::test]
async fn the_hour_is_over_for_strangers_as_well() {
    let bounds = bounds();
    bounds.strangers_try_alice().await;
    let wait = wait_of(bounds.at("alice", "192.0.2.99").look().await);
    assert!((1..=3_600).contains(&wait), "{wait}");
    bounds.clock.advance(Duration::from_secs(wait));
    bounds.at("alice", "192.0.2.99").look().await.unwrap();
}

#[tokio::test]
async fn knocking_on_fills_no_audit() {
    let bounds = bounds();
    let attempt = bounds.at("alice", "192.0.2.1");
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
    let bounds = bounds();
    let directories = ["local", "superset:acme"];
    let attempt = || {
        bounds
            .attempts
            .at("victim", &directories, None, &peer("192.0.2.1"))
    };
    for _ in 0..5 {
        let taken = attempt().take().await.unwrap();
        assert!(taken.is_open(0) && taken.is_open(1));
        assert_eq!(None, taken.closed_for);
        attempt().opened(&taken, 1).await.unwrap();
    }
    // The user is not held up, and the local account is not tried.
    let taken = attempt().take().await.unwrap();
    assert!(!taken.is_open(0) && taken.is_open(1));
    assert_eq!(Some(Duration::from_secs(1)), taken.closed_for);
    attempt().look().await.unwrap();
    bounds.clock.advance(Duration::from_secs(1));
    let taken = attempt().take().await.unwrap();
    assert!(taken.is_open(0) && taken.is_open(1));
}

#[tokio::test]
async fn what_belongs_to_a_session_is_counted_from_wherever_it_comes() {
    let bounds = bounds();
    for number in 0..5 {
        let from = peer(&format!("192.0.2.{number}"));
        let attempt = bounds.attempts.by_session("alice", "change", &from);
        fail(&attempt).await.unwrap();
    }
    let from = peer("192.0.2.77");
    let attempt = bounds.attempts.by_session("alice", "change", &from);
    assert_eq!(Some(Lock::Name), lock_of(attempt.look().await));
}

/// While hashes are computed nothing is known of how the attempts end.
#[tokio::test]
async fn many_from_everywhere_at_once_are_not_more_than_one_after_the_other() {
    let bounds = bounds();
    let mut taken = Vec::new();
    for number in 0..200 {
        let stranger = bounds.at("alice", &format!("203.0.{number}.1"));
        taken.extend(stranger.take().await.ok().map(|taken| (stranger, taken)));
    }
    assert_eq!(12, taken.len());
    // One of them was alice, and what she tried was no guess.
    let (alice, right) = taken.pop().unwrap();
    alice.opened(&right, 0).await.unwrap();
    bounds.at("alice", "192.0.2.50").take().await.unwrap();
    let next = bounds.at("alice", "192.0.2.51").take().await;
    assert_eq!(Some(Lock::NameEverywhere), lock_of(next));

    let bounds = self::bounds();
    let mut taken = 0;
    for number in 0..200 {
        let name = format!("name{number}");
        taken += u32::from(bounds.at(&name, "203.0.113.1").take().await.is_ok());
    }
    assert_eq!(20, taken);
}

#[tokio::test]
async fn opening_a_door_of_ones_own_from_everywhere_buys_no_guesses_at_another() {
    let bounds = bounds();
    let directories = ["local", "superset:acme"];
    let mut guesses = 0;
    for number in 0..100 {
        let from = peer(&format!("203.0.{number}.1"));
        let attempt = bounds.attempts.at("victim", &directories, None, &from);
        let taken = attempt.take().await.unwrap();
        guesses += u32::from(taken.is_open(0));
        attempt.opened(&taken, 1).await.unwrap();
    }
    assert_eq!(12, guesses);
}
