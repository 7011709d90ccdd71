//! What the runtime relies on in actix, pinned: should a new version behave otherwise, the design of the
//! actors has to be looked at again.

#![expect(
    clippy::disallowed_methods,
    reason = "one test shows why do_send is banned"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::{
    Actor, ActorContext, Context, Handler, Message, ResponseFuture, Supervised, Supervisor,
};
use tokio::sync::Notify;

#[derive(Default, Clone)]
struct Seen {
    started: Arc<AtomicUsize>,
    handled: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
    release: Arc<Notify>,
}

struct Subject {
    seen: Seen,
    generation: usize,
}

impl Subject {
    fn new(seen: &Seen) -> Self {
        Self {
            seen: seen.clone(),
            generation: 0,
        }
    }
}

impl Actor for Subject {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(1);
        self.generation += 1;
        self.seen.started.fetch_add(1, Ordering::SeqCst);
    }
}

impl Supervised for Subject {}

#[derive(Message)]
#[rtype(result = "usize")]
struct Generation;

impl Handler<Generation> for Subject {
    type Result = usize;
    fn handle(&mut self, _: Generation, _: &mut Self::Context) -> usize {
        self.seen.handled.fetch_add(1, Ordering::SeqCst);
        self.generation
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

impl Handler<Stop> for Subject {
    type Result = ();
    fn handle(&mut self, _: Stop, context: &mut Self::Context) {
        context.stop();
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

impl Handler<Panic> for Subject {
    type Result = ();
    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("on purpose");
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Slow;

impl Handler<Slow> for Subject {
    type Result = ResponseFuture<()>;
    fn handle(&mut self, _: Slow, _: &mut Self::Context) -> Self::Result {
        self.seen.running.fetch_add(1, Ordering::SeqCst);
        let release = Arc::clone(&self.seen.release);
        Box::pin(async move { release.notified().await })
    }
}

#[actix_rt::test]
async fn a_supervisor_runs_the_same_value_again_after_a_stop() {
    let seen = Seen::default();
    let subject = Subject::new(&seen);
    let addr = Supervisor::start(move |_| subject);
    assert_eq!(1, addr.send(Generation).await.unwrap());
    addr.send(Stop).await.unwrap();
    assert_eq!(
        2,
        addr.send(Generation).await.unwrap(),
        "the value kept its count"
    );
}

#[actix_rt::test]
async fn a_supervisor_does_not_survive_a_panic() {
    let seen = Seen::default();
    let subject = Subject::new(&seen);
    let addr = Supervisor::start(move |_| subject);
    assert!(addr.send(Panic).await.is_err());
    assert!(addr.send(Generation).await.is_err());
    assert_eq!(1, seen.started.load(Ordering::SeqCst));
}

#[actix_rt::test]
async fn a_panic_in_an_actor_closes_its_address_and_spares_its_arbiter() {
    let seen = Seen::default();
    let (victim, neighbour) = (Subject::new(&seen).start(), Subject::new(&seen).start());
    assert!(victim.send(Panic).await.is_err());
    assert!(!victim.connected());
    assert_eq!(1, neighbour.send(Generation).await.unwrap());
}

#[actix_rt::test]
async fn the_mailbox_bounds_what_waits_and_not_what_runs() {
    let seen = Seen::default();
    let addr = Subject::new(&seen).start();
    let calls: Vec<_> = (0..20).map(|_| actix_rt::spawn(addr.send(Slow))).collect();
    while seen.running.load(Ordering::SeqCst) < 20 {
        tokio::task::yield_now().await;
    }
    seen.release.notify_waiters();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[actix_rt::test]
async fn try_send_keeps_the_bound_and_do_send_ignores_it() {
    let seen = Seen::default();
    let addr = Subject::new(&seen).start();
    // Nothing is handled until this task yields.
    let refused = (0..100)
        .filter(|_| addr.try_send(Generation).is_err())
        .count();
    assert!(refused > 0);
    for _ in 0..100 {
        addr.do_send(Generation);
    }
    let expected = 200 - refused;
    let all = async {
        while seen.handled.load(Ordering::SeqCst) < expected {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), all)
        .await
        .unwrap();
}
