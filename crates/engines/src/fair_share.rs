//! How the connections of a pool are shared by the users who ask for them: the policy alone, without any waiting.
//!
//! By the rule of [`may_take_one_more`]: of eight, one user alone gets six, and whoever comes next finds one at once; of
//! many who want all they can get, each comes to hold as many as the others. When the queue is full, whoever has most in it loses the
//! latest of their places to one who has fewer (longest queue drop).

use std::collections::{HashMap, VecDeque};

use tidegate_types::{UserId, may_take_one_more};

/// A request that waits. Numbers grow with every request that queues and every grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// What a request for a connection comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The user holds one more.
    Granted,
    /// [`FairShare::grant_next`] grants it later.
    Queued(Ticket),
    /// The user may not queue, because too many wait.
    Refused,
}

/// Who holds how many connections, and who waits; `W` is how one who waits is reached.
#[derive(Debug)]
pub(crate) struct FairShare<W> {
    /// As many as there may be.
    most: usize,
    /// As many as there can be now.
    connections: usize,
    taken: usize,
    queue_length: usize,
    queued: usize,
    /// Those who hold a connection or wait for one.
    users: HashMap<UserId, Use<W>>,
    next_number: u64,
}

#[derive(Debug)]
struct Use<W> {
    held: usize,
    /// The number of the last grant.
    served: u64,
    /// In the order in which they came.
    waiting: VecDeque<(Ticket, W)>,
}

impl<W> Use<W> {
    const NONE: Self = Self {
        held: 0,
        served: 0,
        waiting: VecDeque::new(),
    };
}

impl<W> FairShare<W> {
    pub(crate) fn new(connections: usize, queue_length: usize) -> Self {
        Self {
            most: connections,
            connections,
            taken: 0,
            queue_length,
            queued: 0,
            users: HashMap::new(),
            next_number: 0,
        }
    }

    /// Asks for a connection. A waiter that loses its place in the queue to this one is dropped.
    pub(crate) fn request(&mut self, user: UserId, waiter: impl FnOnce() -> W) -> Admission {
        let number = self.number();
        // Nobody who waits already may have one, so that nobody is overtaken.
        if self.allows_one_more(self.held_by(user)) {
            let asks = self.users.entry(user).or_insert(Use::NONE);
            asks.held += 1;
            asks.served = number;
            self.taken += 1;
            return Admission::Granted;
        }
        if self.queued >= self.queue_length && !self.push_out_for(user) {
            return Admission::Refused;
        }
        let ticket = Ticket(number);
        let asks = self.users.entry(user).or_insert(Use::NONE);
        asks.waiting.push_back((ticket, waiter()));
        self.queued += 1;
        Admission::Queued(ticket)
    }

    /// Takes a request out of the queue, if it is still there.
    pub(crate) fn withdraw(&mut self, user: UserId, ticket: Ticket) {
        let Some(asks) = self.users.get_mut(&user) else {
            return;
        };
        if let Some(place) = asks.waiting.iter().position(|(own, _)| *own == ticket) {
            asks.waiting.remove(place);
            self.queued -= 1;
        }
        self.forget_idle(user);
    }

    /// Takes a connection back. [`Self::grant_next`] must follow until it gives nothing.
    pub(crate) fn release(&mut self, user: UserId) {
        if let Some(holds) = self.users.get_mut(&user)
            && holds.held > 0
        {
            holds.held -= 1;
            self.taken -= 1;
        }
        self.forget_idle(user);
    }

    /// Grants a connection to the next who waits, if one is there for them: of those who may have one more to the
    /// one who holds fewest, and of several to the one who has waited longest since they came or were last served.
    pub(crate) fn grant_next(&mut self) -> Option<(UserId, W)> {
        let number = self.number();
        let may_have_one = self
            .users
            .iter()
            .filter(|(_, asks)| self.allows_one_more(asks.held));
        let next = may_have_one.filter_map(|(user, asks)| {
            let (Ticket(came), _) = asks.waiting.front()?;
            Some((asks.held, asks.served.max(*came), *user))
        });
        let (_, _, user) = next.min()?;
        let asks = self.users.get_mut(&user)?;
        let (_, waiter) = asks.waiting.pop_front()?;
        asks.held += 1;
        asks.served = number;
        self.queued -= 1;
        self.taken += 1;
        Some((user, waiter))
    }

    /// Shares so many connections only, since the server takes no more of them.
    pub(crate) fn limit_to(&mut self, connections: usize) {
        self.connections = connections.clamp(1, self.most);
    }

    /// Shares so many at least: they are there.
    pub(crate) fn raise_to(&mut self, connections: usize) {
        self.limit_to(connections.max(self.connections));
    }

    /// Shares all of them again. [`Self::grant_next`] must follow until it gives nothing.
    pub(crate) fn lift_limit(&mut self) {
        self.connections = self.most;
    }

    /// How many connections a user holds.
    pub(crate) fn held_by(&self, user: UserId) -> usize {
        self.users.get(&user).map_or(0, |holds| holds.held)
    }

    /// Whether somebody who holds so many connections may have one more.
    fn allows_one_more(&self, held: usize) -> bool {
        may_take_one_more(held, self.connections.saturating_sub(self.taken))
    }

    /// Makes room in the queue for somebody, by the last place of whoever has most, if that leaves them as many.
    fn push_out_for(&mut self, user: UserId) -> bool {
        let own = self.users.get(&user).map_or(0, |asks| asks.waiting.len());
        let longest = self
            .users
            .iter()
            .map(|(user, asks)| (asks.waiting.len(), *user))
            .max();
        let Some((most, other)) = longest else {
            return false;
        };
        if most <= own + 1 {
            return false;
        }
        if let Some(asks) = self.users.get_mut(&other) {
            asks.waiting.pop_back();
            self.queued -= 1;
        }
        true
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn forget_idle(&mut self, user: UserId) {
        if let Some(asks) = self.users.get(&user)
            && asks.held == 0
            && asks.waiting.is_empty()
        {
            self.users.remove(&user);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::rc::{Rc, Weak};

    use proptest::prelude::*;

    use super::*;

    const HEAVY: UserId = UserId(1);
    const LIGHT: UserId = UserId(2);

    fn request(share: &mut FairShare<()>, user: UserId) -> Admission {
        share.request(user, || ())
    }

    /// Asks until nothing is granted any more, and says how often it was.
    fn take_all(share: &mut FairShare<()>, user: UserId) -> usize {
        let mut granted = 0;
        while request(share, user) == Admission::Granted {
            granted += 1;
        }
        granted
    }

    #[test]
    fn one_user_alone_leaves_room_for_the_next_wherever_there_is_more_than_one_connection() {
        for (connections, expected) in [(1, 1), (2, 1), (3, 2), (4, 3), (8, 6), (16, 12), (100, 75)]
        {
            let mut share = FairShare::new(connections, 0);
            assert_eq!(expected, take_all(&mut share, HEAVY), "{connections}");
            let newcomer = request(&mut share, LIGHT);
            assert_eq!(connections > 1, newcomer == Admission::Granted);
        }
    }

    #[test]
    fn one_user_alone_may_fill_the_queue_and_makes_room_for_others() {
        let mut share = FairShare::new(8, 64);
        for _ in 0..400 {
            request(&mut share, HEAVY);
        }
        assert_eq!(64, share.users[&HEAVY].waiting.len());
        for user in 2..4 {
            assert_eq!(Admission::Granted, request(&mut share, UserId(user)));
        }
        for user in 4..8 {
            for _ in 0..20 {
                request(&mut share, UserId(user));
            }
        }
        let waiting = |user| share.users[&UserId(user)].waiting.len();
        assert_eq!([13, 13, 13, 13, 12], [1, 4, 5, 6, 7].map(waiting));
        assert_eq!(Admission::Refused, request(&mut share, UserId(7)));
    }

    #[test]
    fn a_freed_connection_goes_to_whoever_holds_fewest_and_then_to_whoever_waits_longest() {
        let mut share = FairShare::new(4, 64);
        assert_eq!(3, take_all(&mut share, HEAVY));
        assert_eq!(Admission::Granted, request(&mut share, LIGHT));
        for user in [HEAVY, LIGHT, UserId(3), UserId(4)] {
            let asked = request(&mut share, user);
            assert!(matches!(asked, Admission::Queued(_)));
        }
        let mut served = Vec::new();
        for _ in 0..3 {
            share.release(HEAVY);
            let next = share.grant_next().map(|(user, ())| user);
            served.push(next);
            assert_eq!(None, share.grant_next());
        }
        assert_eq!(vec![Some(UserId(3)), Some(UserId(4)), Some(HEAVY)], served);
    }

    #[test]
    fn users_who_want_all_they_can_get_come_to_hold_as_many_as_each_other() {
        let mut share = FairShare::new(12, 64);
        assert_eq!(9, take_all(&mut share, HEAVY));
        let users = [HEAVY, LIGHT, UserId(3)];
        for user in users.into_iter().cycle().take(60) {
            request(&mut share, user);
        }
        // Whatever runs ends, and is asked for again.
        for user in users.into_iter().cycle().take(9) {
            for _ in 0..share.held_by(user) {
                share.release(user);
                while share.grant_next().is_some() {}
                request(&mut share, user);
            }
        }
        let held = users.map(|user| share.held_by(user));
        assert!(held.iter().all(|held| (3..=4).contains(held)), "{held:?}");
    }

    #[test]
    fn where_the_server_takes_fewer_connections_these_are_shared() {
        let mut share = FairShare::new(8, 64);
        assert_eq!(6, take_all(&mut share, HEAVY));
        share.limit_to(4);
        assert!(matches!(request(&mut share, LIGHT), Admission::Queued(_)));
        for _ in 0..2 {
            share.release(HEAVY);
            assert_eq!(None, share.grant_next(), "more run than the server takes");
        }
        share.release(HEAVY);
        assert_eq!(Some((LIGHT, ())), share.grant_next());
        assert_eq!(
            None,
            share.grant_next(),
            "the last one is for the next user"
        );
        share.raise_to(3);
        assert_eq!(None, share.grant_next(), "fewer than there are anyway");
        share.lift_limit();
        assert_eq!(Some((HEAVY, ())), share.grant_next());
    }

    #[derive(Debug, Clone)]
    enum Step {
        Request(i64),
        Release(i64),
        Withdraw(i64, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let user = 0..5_i64;
        prop_oneof![
            4 => user.clone().prop_map(Step::Request),
            2 => user.clone().prop_map(Step::Release),
            1 => (user, 0..4_usize).prop_map(|(user, place)| Step::Withdraw(user, place)),
        ]
    }

    /// The policy, and what came of it as those who ask see it.
    struct Scene {
        share: FairShare<Rc<()>>,
        connections: usize,
        queue: usize,
        held: BTreeMap<i64, usize>,
        waiting: BTreeMap<i64, VecDeque<(Ticket, Weak<()>)>>,
    }

    impl Scene {
        fn new(connections: usize, queue: usize) -> Self {
            Self {
                share: FairShare::new(connections, queue),
                connections,
                queue,
                held: BTreeMap::new(),
                waiting: BTreeMap::new(),
            }
        }

        fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
            match *step {
                Step::Request(user) => self.request(user)?,
                Step::Release(user) => self.release(user)?,
                Step::Withdraw(user, place) => {
                    let waiting = self.waiting.entry(user).or_default();
                    if let Some((ticket, _)) = waiting.remove(place) {
                        self.share.withdraw(UserId(user), ticket);
                    }
                }
            }
            self.check()
        }

        fn request(&mut self, user: i64) -> Result<(), TestCaseError> {
            let held = self.held.entry(user).or_default();
            let is_idle = *held == 0;
            let waiter = Rc::new(());
            let seen = Rc::downgrade(&waiter);
            match self.share.request(UserId(user), || waiter) {
                Admission::Granted => *held += 1,
                Admission::Queued(ticket) => {
                    let own = self.waiting.entry(user).or_default();
                    own.push_back((ticket, seen));
                    // Some other may have lost its place.
                    for waiting in self.waiting.values_mut() {
                        waiting.retain(|(_, seen)| seen.strong_count() > 0);
                    }
                }
                Admission::Refused => {
                    let most = self.waiting.values().map(VecDeque::len).max();
                    let own = self.waiting.get(&user).map_or(0, VecDeque::len);
                    prop_assert!(
                        most.unwrap_or(0) <= own + 1,
                        "others have more in the queue"
                    );
                }
            }
            // With one other user there is always one left for whoever holds none.
            let others = self.held.iter().filter(|(other, _)| **other != user);
            let others = others.filter(|(_, held)| **held > 0).count();
            if is_idle && others <= 1 && self.connections > 1 {
                prop_assert!(
                    self.held[&user] == 1,
                    "a newcomer must wait for one other user"
                );
            }
            Ok(())
        }

        /// Ends a query of the user, if one runs.
        fn release(&mut self, user: i64) -> Result<(), TestCaseError> {
            let held = self.held.entry(user).or_default();
            if *held == 0 {
                return Ok(());
            }
            *held -= 1;
            self.share.release(UserId(user));
            while let Some((UserId(next), waiter)) = self.share.grant_next() {
                let waiting = self.waiting.entry(next).or_default();
                let first = waiting.pop_front().and_then(|(_, seen)| seen.upgrade());
                let is_first = first.is_some_and(|first| Rc::ptr_eq(&first, &waiter));
                prop_assert!(is_first, "one's own requests are served in their order");
                let waiting = self
                    .waiting
                    .iter()
                    .filter(|(_, waiting)| !waiting.is_empty());
                let held = waiting.map(|(user, _)| self.held.get(user).copied().unwrap_or(0));
                let fewest = held.min();
                let own = self.held.entry(next).or_default();
                prop_assert!(fewest.is_none_or(|fewest| *own <= fewest));
                *own += 1;
            }
            Ok(())
        }

        fn check(&self) -> Result<(), TestCaseError> {
            let held: usize = self.held.values().sum();
            let waiting: usize = self.waiting.values().map(VecDeque::len).sum();
            prop_assert!(held <= self.connections && waiting <= self.queue);
            prop_assert_eq!(held, self.share.taken);
            prop_assert_eq!(waiting, self.share.queued);
            let free = self.connections - held;
            for (user, waiting) in &self.waiting {
                let held = self.held.get(user).copied().unwrap_or(0);
                prop_assert_eq!(held, self.share.held_by(UserId(*user)));
                if !waiting.is_empty() {
                    let may = self.share.allows_one_more(held);
                    prop_assert!(!may, "{user} waits beside {free} free connections");
                }
            }
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn nobody_starves_and_nothing_lies_idle(
            connections in 1..10_usize,
            queue in 0..12_usize,
            steps in prop::collection::vec(step(), 0..200),
            order in prop::collection::vec(0..5_i64, 1..50),
        ) {
            let mut scene = Scene::new(connections, queue);
            for step in &steps {
                scene.take(step)?;
            }
            // All that runs ends at some time, in any order: then everybody who waits was served.
            for user in order.into_iter().chain((0..5).cycle().take(5 * (connections + queue))) {
                scene.release(user)?;
                scene.check()?;
            }
            prop_assert!(scene.waiting.values().all(VecDeque::is_empty));
            prop_assert!(scene.share.users.is_empty(), "nobody is remembered for ever");
        }

        #[test]
        fn whoever_holds_none_waits_for_one_query_of_each_other_user_at_most(
            connections in 1..10_usize,
            heavy in 1..6_i64,
            ends in prop::collection::vec(0..6_i64, 1..60),
        ) {
            let mut share = FairShare::new(connections, 10_000);
            for user in (0..heavy).cycle().take(1_000) {
                share.request(UserId(user), || ());
            }
            let newcomer = UserId(100);
            if let Admission::Queued(_) = share.request(newcomer, || ()) {
                let holders = ends.iter().map(|user| UserId(user % heavy));
                let all = holders.chain((0..heavy).map(UserId).cycle().take(100));
                let mut ended = 0_i64;
                for holder in all {
                    if share.held_by(newcomer) > 0 {
                        break;
                    }
                    if share.held_by(holder) > 0 {
                        share.release(holder);
                        ended += 1;
                        while share.grant_next().is_some() {}
                        share.request(holder, || ());
                    }
                }
                prop_assert_eq!(1, share.held_by(newcomer));
                prop_assert!(ended <= heavy + 1, "{ended} queries ended before");
            }
        }
    }
}
