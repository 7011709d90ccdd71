//! One client: a session where its revision has them, and one call after the other.

use std::time::{Duration, Instant};

use goose::goose::{GooseUser, TransactionResult};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tidegate_protocol::ProtocolVersion;

use super::{Credentials, Target, next_id, slow};
use crate::address::LoopbackUrl;
use crate::check::{Defect, Expected, check};
use crate::scenario::{Chosen, ClientKind, Ending, SessionHabit, SlowReading, choose, fill};
use crate::wire;

/// What clients of one kind have in common.
pub(super) struct Habits {
    url: LoopbackUrl,
    credentials: Credentials,
    version: ProtocolVersion,
    users: Vec<String>,
    session: Option<SessionHabit>,
    slow: Option<SlowReading>,
    calls: Vec<Chosen>,
}

impl Habits {
    pub(super) fn of(target: &Target, kind: &ClientKind) -> anyhow::Result<Self> {
        Ok(Self {
            url: target.url.clone(),
            credentials: target.credentials.clone(),
            version: kind.version()?,
            users: kind.users.clone(),
            session: kind.session,
            slow: kind.slow,
            calls: kind.chosen()?,
        })
    }
}

/// What one client remembers.
#[derive(Debug, Clone, Default)]
pub(super) struct Client {
    token: Option<String>,
    session: Option<Session>,
}

#[derive(Debug, Clone)]
struct Session {
    id: String,
    calls_left: u32,
}

/// One exchange, as it is recorded.
struct Exchange {
    took: Duration,
    status: u16,
    outcome: Result<(), String>,
}

impl Client {
    pub(super) fn new(habits: &Habits, number: usize) -> Self {
        Self {
            token: habits.credentials.of_client(&habits.users, number),
            session: None,
        }
    }

    /// Makes one call, in a session where there has to be one.
    pub(super) async fn step(
        &mut self,
        habits: &Habits,
        user: &mut GooseUser,
    ) -> TransactionResult {
        if let Some(habit) = habits.session
            && self.session.is_none()
        {
            let opened = self.open(habits, habit, user).await;
            record(user, "initialize", &opened).await?;
            if self.session.is_none() {
                return Ok(());
            }
        }
        let (chosen, arguments) = {
            let mut rng = rand::rng();
            let chosen = choose(&habits.calls, &mut rng);
            (
                chosen,
                chosen
                    .call
                    .arguments
                    .as_ref()
                    .map(|template| fill(template, &mut rng)),
            )
        };
        let id = Value::from(next_id());
        let body = chosen.call.body(habits.version, &id, arguments.as_ref());
        let headers = chosen.call.headers(habits.version, self.token.as_deref());
        let exchange = match habits.slow {
            Some(reading) => slowly(habits, headers, &body, reading, &id, &chosen.expected).await,
            None => {
                self.post(habits, user, headers, body, Some((&id, &chosen.expected)))
                    .await
                    .0
            }
        };
        let leaves_many = habits
            .session
            .is_some_and(|habit| habit.ending == Ending::Abandoned);
        if exchange.status == 404 && leaves_many && self.session.take().is_some() {
            // It ended to make room for the same user's next ones: a client opens another then.
            let expected = Exchange {
                outcome: Ok(()),
                ..exchange
            };
            return record(user, "404, initialize again", &expected).await;
        }
        record(user, &chosen.label, &exchange).await?;
        self.leave(habits, user).await
    }

    async fn open(&mut self, habits: &Habits, habit: SessionHabit, user: &GooseUser) -> Exchange {
        let id = next_id();
        let headers = self.plain_headers();
        let expected = Expected {
            member: Some("/protocolVersion".into()),
            text_member: None,
        };
        let body = wire::initialize(habits.version, id);
        let (mut exchange, answered) = self
            .post(habits, user, headers, body, Some((&id.into(), &expected)))
            .await;
        let session = answered
            .as_ref()
            .and_then(|headers| headers.get("mcp-session-id")?.to_str().ok());
        match session {
            Some(session) if exchange.outcome.is_ok() => {
                self.session = Some(Session {
                    id: session.to_owned(),
                    calls_left: habit.calls,
                });
                let headers = self.plain_headers();
                let (ready, _) = self
                    .post(habits, user, headers, wire::INITIALIZED.into(), None)
                    .await;
                exchange.took += ready.took;
                let made_room = ready.status == 404 && habit.ending == Ending::Abandoned;
                if !made_room {
                    exchange.outcome = ready.outcome;
                }
                if made_room || exchange.outcome.is_err() {
                    self.session = None;
                }
            }
            None if exchange.outcome.is_ok() => exchange.outcome = Err("no Mcp-Session-Id".into()),
            _ => {}
        }
        exchange
    }

    /// Counts the call, and ends the session after its last one.
    async fn leave(&mut self, habits: &Habits, user: &mut GooseUser) -> TransactionResult {
        let (Some(habit), Some(session)) = (habits.session, &mut self.session) else {
            return Ok(());
        };
        session.calls_left = session.calls_left.saturating_sub(1);
        if session.calls_left > 0 {
            return Ok(());
        }
        if habit.ending == Ending::Closed {
            let began = Instant::now();
            let headers = self.header_map(self.plain_headers());
            let answer = user
                .client
                .delete(habits.url.join("/mcp"))
                .headers(headers)
                .send()
                .await;
            let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
            let outcome = match status {
                200 | 204 => Ok(()),
                other => Err(format!("HTTP {other}")),
            };
            record(
                user,
                "DELETE",
                &Exchange {
                    took: began.elapsed(),
                    status,
                    outcome,
                },
            )
            .await?;
        }
        self.session = None;
        Ok(())
    }

    fn plain_headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("Accept", "application/json, text/event-stream".to_owned()),
        ];
        headers.extend(
            self.token
                .as_ref()
                .map(|token| ("Authorization", format!("Bearer {token}"))),
        );
        headers
    }

    fn header_map(&self, headers: Vec<(&'static str, String)>) -> HeaderMap {
        let session = self
            .session
            .as_ref()
            .map(|session| ("Mcp-Session-Id", session.id.clone()));
        headers
            .into_iter()
            .chain(session)
            .filter_map(|(name, value)| {
                Some((
                    HeaderName::from_bytes(name.as_bytes()).ok()?,
                    HeaderValue::from_str(&value).ok()?,
                ))
            })
            .collect()
    }

    /// A POST, timed to the last byte of its answer. Without `asked` it is a notification.
    async fn post(
        &self,
        habits: &Habits,
        user: &GooseUser,
        headers: Vec<(&'static str, String)>,
        body: String,
        asked: Option<(&Value, &Expected)>,
    ) -> (Exchange, Option<HeaderMap>) {
        let began = Instant::now();
        let request = user
            .client
            .post(habits.url.join("/mcp"))
            .headers(self.header_map(headers))
            .body(body);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(err) => return (Exchange::lost(began, &err), None),
        };
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let exchange = match (answer.text().await, asked) {
            (Ok(text), Some((id, expected))) => Exchange::of(began, status, &text, id, expected),
            (Ok(_), None) if status == 202 => Exchange {
                took: began.elapsed(),
                status,
                outcome: Ok(()),
            },
            (Ok(_), None) => Exchange {
                took: began.elapsed(),
                status,
                outcome: Err(format!("HTTP {status}")),
            },
            (Err(err), _) => Exchange::lost(began, &err),
        };
        (exchange, Some(headers))
    }
}

impl Exchange {
    fn of(began: Instant, status: u16, body: &str, id: &Value, expected: &Expected) -> Self {
        let took = began.elapsed();
        let outcome = match check(body, id, expected) {
            Ok(()) if status == 200 => Ok(()),
            Ok(()) => Err(format!("HTTP {status}")),
            Err(Defect::NotAnAnswer) if status != 200 => Err(format!("HTTP {status}")),
            Err(defect) => Err(defect.to_string()),
        };
        Self {
            took,
            status,
            outcome,
        }
    }

    fn lost(began: Instant, err: &reqwest::Error) -> Self {
        let outcome = Err(if err.is_timeout() {
            "no answer in time".into()
        } else {
            "the connection failed".into()
        });
        Self {
            took: began.elapsed(),
            status: 0,
            outcome,
        }
    }
}

async fn slowly(
    habits: &Habits,
    headers: Vec<(&'static str, String)>,
    body: &str,
    reading: SlowReading,
    id: &Value,
    expected: &Expected,
) -> Exchange {
    let began = Instant::now();
    match slow::post(&habits.url, &headers, body, reading).await {
        Ok((status, body)) => Exchange::of(began, status, &body, id, expected),
        Err(err) => Exchange {
            took: began.elapsed(),
            status: 0,
            outcome: Err(err.to_string()),
        },
    }
}

/// Goose would time a request to the head of its answer, and judge it by its status.
async fn record(user: &mut GooseUser, label: &str, exchange: &Exchange) -> TransactionResult {
    let error = exchange.outcome.as_ref().err().map(String::as_str);
    let status = (exchange.status != 0).then_some(exchange.status);
    user.record_custom_request_duration("MCP", label, exchange.took, error.is_none(), status, error)
        .await
}
