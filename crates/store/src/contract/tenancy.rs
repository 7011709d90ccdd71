//! Principals never see each other's data, whatever they do in whatever order.
//!
//! Four principals, two users in each of two workspaces, work with the same session ids, stream names,
//! request ids, cache digests and token ids in a random interleaving. A model that keeps each principal
//! alone says what each step must answer. Any leak, overwriting or removal across principals makes an
//! answer differ.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use tidegate_types::{TokenId, UserId};

use super::{Harness, LONG, record, session, stream};
use crate::{
    CacheKey, EventId, Retention, SessionChange, SessionKey, SessionLimits, SharedState,
    StoredEvent, Validation,
};

/// Small bounds, so that they are met often.
const PER_USER: usize = 2;
const MAX_EVENTS: usize = 3;
const THINGS: u8 = 3;

/// Workspace and user of each principal. The workspaces are new ones for every interleaving.
const PRINCIPALS: [(&str, i64); 4] = [("acme", 1), ("acme", 2), ("rival", 1), ("rival", 2)];

/// What a principal does; the number names one of its sessions, requests, answers or tokens.
#[derive(Debug, Clone, Copy)]
enum Step {
    Open(u8),
    Touch(u8),
    Subscribe(u8),
    End(u8),
    Append(u8),
    Read(u8),
    RemoveEvents(u8),
    PutReply(u8),
    TakeReply(u8),
    PutAnswer(u8),
    GetAnswer(u8),
    Validate(u8),
    Revoke(u8),
    Forget(u8),
    GetValidation(u8),
}

fn steps() -> impl Strategy<Value = Vec<(u8, Step)>> {
    let step = (0_u8..15, 0..THINGS).prop_map(|(kind, n)| match kind {
        0 => Step::Open(n),
        1 => Step::Touch(n),
        2 => Step::Subscribe(n),
        3 => Step::End(n),
        4 => Step::Append(n),
        5 => Step::Read(n),
        6 => Step::RemoveEvents(n),
        7 => Step::PutReply(n),
        8 => Step::TakeReply(n),
        9 => Step::PutAnswer(n),
        10 => Step::GetAnswer(n),
        11 => Step::Validate(n),
        12 => Step::Revoke(n),
        13 => Step::Forget(n),
        _ => Step::GetValidation(n),
    });
    vec((any::<u8>().prop_map(|n| n % 4), step), 1..120)
}

/// What one principal must find.
#[derive(Default)]
struct Model {
    /// Subscriptions by session, and the sessions coldest first.
    sessions: BTreeMap<u8, BTreeSet<String>>,
    warmth: Vec<u8>,
    /// Events by stream, and the id of the last.
    events: BTreeMap<u8, (VecDeque<Bytes>, u64)>,
    replies: BTreeMap<u8, Bytes>,
    answers: BTreeMap<u8, Bytes>,
    validations: BTreeMap<u8, Validation>,
}

/// One principal, with what it must find and a number that makes everything it writes its own.
struct Principal {
    workspace: String,
    user: i64,
    written: usize,
    model: Model,
}

impl Principal {
    fn session(&self, n: u8) -> SessionKey {
        session(&self.workspace, self.user, n.into())
    }

    /// Two users of a workspace never have one digest, since it covers who asks; two workspaces may.
    fn answer(&self, n: u8) -> CacheKey {
        let mut digest = [n; 32];
        digest[0] = self.user.to_le_bytes()[0];
        CacheKey {
            workspace: super::workspace(&self.workspace),
            digest,
        }
    }

    /// A token is one user's; two workspaces may know the same id.
    fn token(&self, n: u8) -> TokenId {
        format!("token-{}-{n}", self.user)
            .parse()
            .expect("a token id")
    }

    /// Something that nobody else writes.
    fn fresh(&mut self) -> Bytes {
        self.written += 1;
        Bytes::from(format!("{}/{}/{}", self.workspace, self.user, self.written))
    }

    fn valid(&self) -> Validation {
        Validation::Valid {
            user: UserId(self.user),
            username: format!("{}@{}", self.user, self.workspace),
            standing: None,
        }
    }

    fn mark(&self) -> String {
        format!("{}@{}", self.user, self.workspace)
    }

    async fn take(&mut self, node: &SharedState, step: Step) {
        match step {
            Step::Open(_) | Step::Touch(_) | Step::Subscribe(_) | Step::End(_) => {
                self.step_of_sessions(node, step).await;
            }
            Step::Append(_) | Step::Read(_) | Step::RemoveEvents(_) => {
                self.step_of_events(node, step).await;
            }
            _ => self.step_of_values(node, step).await,
        }
    }

    async fn step_of_sessions(&mut self, node: &SharedState, step: Step) {
        match step {
            Step::Open(n) => {
                let limits = SessionLimits {
                    idle: LONG,
                    per_user: PER_USER,
                };
                let opened = record(&self.mark());
                let ended = node
                    .sessions
                    .create(&self.session(n), &opened, limits)
                    .await
                    .unwrap();
                self.model.warmth.retain(|other| *other != n);
                let surplus = (self.model.warmth.len() + 1).saturating_sub(PER_USER);
                let expected: Vec<u8> = self.model.warmth.drain(..surplus).collect();
                self.model.warmth.push(n);
                for cold in &expected {
                    self.model.sessions.remove(cold);
                }
                self.model.sessions.insert(n, BTreeSet::new());
                let expected: Vec<_> = expected
                    .into_iter()
                    .map(|n| self.session(n).session)
                    .collect();
                assert_eq!(expected, ended);
            }
            Step::Touch(n) => {
                let found = node.sessions.touch(&self.session(n), LONG).await.unwrap();
                let expected = self.model.sessions.get(&n).map(|subscriptions| {
                    let mut expected = record(&self.mark());
                    expected.subscriptions.clone_from(subscriptions);
                    expected
                });
                assert_eq!(expected, found);
                if found.is_some() {
                    self.model.warmth.retain(|other| *other != n);
                    self.model.warmth.push(n);
                }
            }
            Step::Subscribe(n) => {
                let uri = String::from_utf8_lossy(&self.fresh()).into_owned();
                let change = SessionChange::Subscribe(uri.clone());
                let is_live = node
                    .sessions
                    .change(&self.session(n), change)
                    .await
                    .unwrap();
                let subscriptions = self.model.sessions.get_mut(&n);
                assert_eq!(subscriptions.is_some(), is_live);
                subscriptions.map(|subscriptions| subscriptions.insert(uri));
            }
            Step::End(n) => {
                let was_live = node.sessions.end(&self.session(n)).await.unwrap();
                assert_eq!(self.model.sessions.remove(&n).is_some(), was_live);
                self.model.warmth.retain(|other| *other != n);
            }
            _ => unreachable!("not a step of sessions"),
        }
    }

    async fn step_of_events(&mut self, node: &SharedState, step: Step) {
        match step {
            Step::Append(n) => {
                let data = self.fresh();
                let event = StoredEvent {
                    data: data.clone(),
                    is_last: false,
                };
                let retention = Retention {
                    max_events: MAX_EVENTS,
                    ttl: LONG,
                };
                let id = node
                    .events
                    .append(&stream(self.session(n), "get"), event, retention)
                    .await;
                let (events, last) = self.model.events.entry(n).or_default();
                events.push_back(data);
                if events.len() > MAX_EVENTS {
                    events.pop_front();
                }
                *last += 1;
                assert_eq!(EventId(*last), id.unwrap());
            }
            Step::Read(n) => {
                let page = node
                    .events
                    .read(&stream(self.session(n), "get"), EventId::START, 100)
                    .await;
                let found = page.unwrap().map(|page| {
                    page.events
                        .into_iter()
                        .map(|(id, event)| (id.0, event.data))
                        .collect::<Vec<_>>()
                });
                let expected = self.model.events.get(&n).map(|(events, last)| {
                    let first = *last - events.len() as u64 + 1;
                    (first..).zip(events.iter().cloned()).collect::<Vec<_>>()
                });
                assert_eq!(expected, found);
            }
            Step::RemoveEvents(n) => {
                node.events
                    .remove(&[stream(self.session(n), "get")])
                    .await
                    .unwrap();
                self.model.events.remove(&n);
            }
            _ => unreachable!("not a step of events"),
        }
    }

    async fn step_of_values(&mut self, node: &SharedState, step: Step) {
        let workspace = super::workspace(&self.workspace);
        match step {
            Step::PutReply(n) => {
                let reply = self.fresh();
                node.replies
                    .put(&self.session(n), "1", reply.clone(), LONG)
                    .await
                    .unwrap();
                self.model.replies.insert(n, reply);
            }
            Step::TakeReply(n) => {
                let reply = node.replies.take(&self.session(n), "1").await.unwrap();
                assert_eq!(self.model.replies.remove(&n), reply);
            }
            Step::PutAnswer(n) => {
                let answer = self.fresh();
                node.cache
                    .put(&self.answer(n), answer.clone(), LONG)
                    .await
                    .unwrap();
                self.model.answers.insert(n, answer);
            }
            Step::GetAnswer(n) => {
                let answer = node.cache.get(&self.answer(n)).await.unwrap();
                assert_eq!(self.model.answers.get(&n), answer.as_ref());
            }
            Step::Validate(n) => {
                let outcome = self.valid();
                let token = self.token(n);
                let known = node.validations.get(&workspace, &token).await.unwrap();
                let stands = node
                    .validations
                    .put(&workspace, &token, outcome.clone(), known.generation, LONG)
                    .await;
                let expected = self.model.validations.entry(n).or_insert(outcome);
                assert_eq!(*expected, stands.unwrap());
            }
            Step::Revoke(n) => {
                node.validations
                    .revoke(&workspace, &self.token(n), LONG)
                    .await
                    .unwrap();
                self.model.validations.insert(n, Validation::Revoked);
            }
            Step::Forget(n) => {
                node.validations
                    .forget(&workspace, &self.token(n))
                    .await
                    .unwrap();
                if self.model.validations.get(&n) != Some(&Validation::Revoked) {
                    self.model.validations.remove(&n);
                }
            }
            Step::GetValidation(n) => {
                let known = node.validations.get(&workspace, &self.token(n)).await;
                let outcome = known.unwrap().outcome;
                assert_eq!(self.model.validations.get(&n), outcome.as_ref());
            }
            _ => unreachable!("not a step of values"),
        }
    }
}

/// Runs random interleavings, steps alternating between two nodes of one deployment.
pub fn principals_never_see_each_others_data<H: Harness, F: Future<Output = H>>(
    start: impl FnOnce() -> F,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime for the test");
    let (_harness, nodes) = runtime.block_on(async {
        let harness = start().await;
        let nodes = [harness.node(), harness.other_node().await];
        (harness, nodes)
    });
    let case = Cell::new(0);
    let config = Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        case.set(case.get() + 1);
        runtime.block_on(async {
            let mut principals = PRINCIPALS.map(|(workspace, user)| Principal {
                workspace: format!("{workspace}-{}", case.get()),
                user,
                written: 0,
                model: Model::default(),
            });
            for (index, (who, step)) in steps.into_iter().enumerate() {
                principals[usize::from(who)]
                    .take(&nodes[index % 2], step)
                    .await;
            }
        });
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
