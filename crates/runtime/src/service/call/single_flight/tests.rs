use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::Instant;

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
