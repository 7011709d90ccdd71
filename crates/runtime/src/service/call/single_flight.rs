//! Single flight: of equal calls on this node one is computed, and the others wait for what it comes to.
//!
//! Who waits does so within a deadline of its own and until its caller gives up. What the leader comes to, a
//! failure too, is what all get who wait, so that a slow part of the deployment costs each of them its own time
//! once. Only where the leader's client gave up does one of the others take its place.
//!
//! moka's `try_get_with` would share results and failures and go on with another caller when the first is dropped, and
//! deadlines and cancels could be put around it. But it keeps what it computed, while answers are kept in the shared store;
//! a caller who wants a fresh answer could not pass the computation that runs; a question to the leader's own client would
//! be everybody's failure; and nobody who waits would hear that the computation has a place to run, until when they may
//! still be refused with a status. What these need around moka is most of this file.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tidegate_store::CacheKey;
use tidegate_tools::ToolFailure;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::service::Produced;

/// What a computation came to.
pub(crate) type Computed = Arc<Result<Produced, ToolFailure>>;

/// Computations that are under way on this node, by what they compute.
#[derive(Debug, Default, Clone)]
pub(crate) struct InFlight(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    running: Mutex<HashMap<CacheKey, Running>>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Running {
    number: u64,
    state: watch::Receiver<State>,
    has_started: CancellationToken,
}

#[derive(Debug, Clone)]
enum State {
    Running,
    Done(Computed),
    /// It asks its client, which only its own caller can answer.
    Private,
    Abandoned,
}

/// What to do about an answer that is not kept.
pub(crate) enum Role {
    /// Compute it.
    Leader(Lead),
    /// Wait for it.
    Follower(Follow),
}

/// How waiting ended.
pub(crate) enum Waited {
    /// With what the leader came to.
    Done(Computed),
    /// Everybody has to compute for themselves.
    Private,
    /// The leader is gone: join again.
    Abandoned,
    /// The deadline passed.
    TimedOut,
    /// The caller gave up.
    Cancelled,
}

impl InFlight {
    /// Follows a computation that is under way, or leads one. `is_fresh`: one that began before now will not do.
    /// `has_started` fires when a computation that begins here has a place to run.
    pub(crate) fn join(
        &self,
        key: &CacheKey,
        is_fresh: bool,
        has_started: &CancellationToken,
    ) -> Role {
        let mut running = self.0.running.lock();
        if let Some(leader) = running.get(key)
            && !is_fresh
        {
            return Role::Follower(Follow {
                state: leader.state.clone(),
                has_started: leader.has_started.clone(),
            });
        }
        let (sender, state) = watch::channel(State::Running);
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let leader = Running {
            number,
            state,
            has_started: has_started.clone(),
        };
        running.insert(key.clone(), leader);
        Role::Leader(Lead {
            all: self.clone(),
            key: key.clone(),
            number,
            sender,
        })
    }
}

/// A computation under way. Dropped before its end, one of those who wait takes its place.
pub(crate) struct Lead {
    all: InFlight,
    key: CacheKey,
    number: u64,
    sender: watch::Sender<State>,
}

impl Lead {
    /// Gives those who wait what it came to. Who joins before this is dropped gets it, too, unless it concerns
    /// the leader's own client.
    pub(crate) fn finish(&self, computed: &Computed) {
        let state = match &**computed {
            Err(ToolFailure::Cancelled) => State::Abandoned,
            Err(ToolFailure::InputRequired { .. } | ToolFailure::MissingCapability(_)) => {
                State::Private
            }
            _ => State::Done(Arc::clone(computed)),
        };
        if !matches!(state, State::Done(_)) {
            self.leave();
        }
        self.sender.send_replace(state);
    }

    /// Lets the next one lead.
    fn leave(&self) {
        let mut running = self.all.0.running.lock();
        if running
            .get(&self.key)
            .is_some_and(|newest| newest.number == self.number)
        {
            running.remove(&self.key);
        }
    }

    /// Whether nobody who wanted a newer answer began after it.
    pub(crate) fn is_newest(&self) -> bool {
        let running = self.all.0.running.lock();
        running
            .get(&self.key)
            .is_some_and(|newest| newest.number == self.number)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.leave();
        self.sender.send_if_modified(|state| {
            let is_unfinished = matches!(state, State::Running);
            if is_unfinished {
                *state = State::Abandoned;
            }
            is_unfinished
        });
    }
}

/// Somebody else's computation.
pub(crate) struct Follow {
    state: watch::Receiver<State>,
    has_started: CancellationToken,
}

impl Follow {
    /// Waits for its end. Fires `has_started` when it has a place to run.
    pub(crate) async fn wait(
        mut self,
        deadline: Instant,
        cancel: &CancellationToken,
        has_started: &CancellationToken,
    ) -> Waited {
        let tell = async {
            self.has_started.cancelled().await;
            has_started.cancel();
            std::future::pending::<()>().await;
        };
        let end = self
            .state
            .wait_for(|state| !matches!(state, State::Running));
        tokio::select! {
            biased;
            () = cancel.cancelled() => Waited::Cancelled,
            end = end => match end.as_deref() {
                Ok(State::Done(computed)) => Waited::Done(Arc::clone(computed)),
                Ok(State::Private) => Waited::Private,
                Ok(State::Running | State::Abandoned) | Err(_) => Waited::Abandoned,
            },
            () = tokio::time::sleep_until(deadline) => Waited::TimedOut,
            () = tell => Waited::Abandoned,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use futures_util::future::join_all;

    use super::*;

    fn key() -> CacheKey {
        CacheKey {
            workspace: "acme".parse().unwrap(),
            digest: [1; 32],
        }
    }

    fn join(all: &InFlight) -> Role {
        all.join(&key(), false, &CancellationToken::new())
    }

    fn lead(all: &InFlight) -> Lead {
        match join(all) {
            Role::Leader(lead) => lead,
            Role::Follower(_) => panic!("nobody leads"),
        }
    }

    fn follow(all: &InFlight) -> Follow {
        match join(all) {
            Role::Follower(follow) => follow,
            Role::Leader(_) => panic!("somebody leads"),
        }
    }

    async fn wait(follow: Follow) -> Waited {
        let deadline = Instant::now() + Duration::from_mins(1);
        let token = CancellationToken::new();
        follow.wait(deadline, &token, &token.child_token()).await
    }

    fn answer(text: &'static str) -> Computed {
        Arc::new(Ok(Produced {
            result: Bytes::from_static(text.as_bytes()),
            ..Produced::default()
        }))
    }

    #[tokio::test]
    async fn those_who_wait_get_the_leader_s_answer() {
        let all = InFlight::default();
        let leader = lead(&all);
        let followers: Vec<_> = (0..3).map(|_| wait(follow(&all))).collect();
        leader.finish(&answer("one"));
        for waited in join_all(followers).await {
            assert!(
                matches!(waited, Waited::Done(computed) if computed.as_ref().as_ref().unwrap().result == "one")
            );
        }
        drop(leader);
        assert!(all.0.running.lock().is_empty());
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_all_who_wait() {
        let all = InFlight::default();
        let leader = lead(&all);
        let followers: Vec<_> = (0..50).map(|_| wait(follow(&all))).collect();
        leader.finish(&Arc::new(Err(ToolFailure::Timeout { seconds: 60 })));
        for waited in join_all(followers).await {
            assert!(
                matches!(waited, Waited::Done(computed) if matches!(*computed, Err(ToolFailure::Timeout { .. })))
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_ends_at_its_own_deadline() {
        let all = InFlight::default();
        let _leader = lead(&all);
        let start = Instant::now();
        let token = CancellationToken::new();
        let waited = follow(&all)
            .wait(start + Duration::from_secs(7), &token, &token)
            .await;
        assert!(matches!(waited, Waited::TimedOut));
        assert_eq!(Duration::from_secs(7), start.elapsed());
    }

    #[tokio::test]
    async fn who_waits_ends_when_its_caller_gives_up() {
        let all = InFlight::default();
        let _leader = lead(&all);
        let cancel = CancellationToken::new();
        let deadline = Instant::now() + Duration::from_mins(1);
        let started = CancellationToken::new();
        let waiting = follow(&all).wait(deadline, &cancel, &started);
        cancel.cancel();
        assert!(matches!(waiting.await, Waited::Cancelled));
    }

    #[tokio::test]
    async fn one_of_those_who_wait_takes_the_place_of_a_leader_whose_client_is_gone() {
        for is_told in [false, true] {
            let all = InFlight::default();
            let leader = lead(&all);
            let (first, second) = (wait(follow(&all)), wait(follow(&all)));
            if is_told {
                leader.finish(&Arc::new(Err(ToolFailure::Cancelled)));
            } else {
                drop(leader);
            }
            assert!(matches!(first.await, Waited::Abandoned));
            assert!(matches!(second.await, Waited::Abandoned));
            let _next = lead(&all);
            assert!(matches!(join(&all), Role::Follower(_)));
        }
    }

    #[tokio::test]
    async fn a_question_to_the_leader_s_client_is_nobody_else_s() {
        let all = InFlight::default();
        let leader = lead(&all);
        let waiting = wait(follow(&all));
        leader.finish(&Arc::new(Err(ToolFailure::InputRequired {
            requests: Vec::new(),
            state: None,
        })));
        assert!(matches!(waiting.await, Waited::Private));
    }

    #[tokio::test]
    async fn who_wants_a_fresh_answer_does_not_get_one_that_began_before() {
        let all = InFlight::default();
        let old = lead(&all);
        let Role::Leader(fresh) = all.join(&key(), true, &CancellationToken::new()) else {
            panic!("a fresh answer is computed anew");
        };
        assert!(!old.is_newest() && fresh.is_newest());
        drop(old);
        let waiting = wait(follow(&all));
        fresh.finish(&answer("fresh"));
        assert!(matches!(waiting.await, Waited::Done(_)));
    }

    #[tokio::test]
    async fn who_waits_is_told_when_the_computation_has_a_place_to_run() {
        let all = InFlight::default();
        let started = CancellationToken::new();
        let Role::Leader(leader) = all.join(&key(), false, &started) else {
            panic!("nobody leads");
        };
        let (cancel, told) = (CancellationToken::new(), CancellationToken::new());
        let deadline = Instant::now() + Duration::from_mins(1);
        let waiting = follow(&all).wait(deadline, &cancel, &told);
        let watching = async {
            started.cancel();
            told.cancelled().await;
            leader.finish(&answer("one"));
        };
        let (waited, ()) = tokio::join!(waiting, watching);
        assert!(matches!(waited, Waited::Done(_)));
    }
}
