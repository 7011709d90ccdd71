//! The way from a running call back to its client, for each era.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tidegate_protocol::{
    ClientCapabilities, InputRequest, LogLevel, ProtocolVersion, RequestId, reply,
};
use tidegate_tools::{Answers, ClientChannel, Questions, ToolFailure};
use tokio_util::sync::CancellationToken;

use super::observe::Observer;
use crate::executor::Deadline;
use crate::outlet::Outlet;
use crate::session::SessionHandle;

/// How a client can be asked.
pub(crate) enum Asking {
    /// 2026-07-28: the answers come with the call that is made again.
    Retry {
        /// `inputResponses`.
        answers: BTreeMap<String, Value>,
        /// `requestState`, opened.
        state: Option<Value>,
    },
    /// Sessions: requests of the server.
    Session(SessionHandle),
    /// Legacy calls outside a session or in a batch: not at all.
    Never,
}

/// The channel of one call.
pub(crate) struct CallChannel {
    pub version: ProtocolVersion,
    pub capabilities: ClientCapabilities,
    pub outlet: Outlet,
    pub progress_token: Option<Box<RawValue>>,
    /// Log messages from this level on; none without.
    pub log_level: Option<LogLevel>,
    pub asking: Asking,
    pub ask_limit: Duration,
    pub cancel: CancellationToken,
    pub deadline: Arc<Deadline>,
    pub progressed: Progressed,
    pub observer: Observer,
    pub question_prefix: String,
}

impl Asking {
    /// Whether the call brings answers to earlier questions.
    pub(crate) fn is_retry(&self) -> bool {
        matches!(self, Self::Retry { answers, state } if !answers.is_empty() || state.is_some())
    }
}

impl CallChannel {
    fn send_or_drop(&self, message: Bytes) {
        if !self.outlet.try_send(message) {
            self.observer.dropped_notification();
        }
    }

    /// Whether the client declared it, and its revision knows it.
    fn can_answer(&self, question: &InputRequest) -> bool {
        let is_known =
            !matches!(question, InputRequest::Elicitation { .. }) || self.version.has_elicitation();
        is_known && question.is_supported_by(&self.capabilities)
    }

    async fn ask_in_session(
        &self,
        session: &SessionHandle,
        questions: Questions,
    ) -> Result<Answers, ToolFailure> {
        let mut waiting = Vec::with_capacity(questions.len());
        for (number, (key, question)) in questions.into_iter().enumerate() {
            let id = format!("{}-{number}-{}", self.question_prefix, random_suffix());
            let reply = session
                .expect_reply(&id)
                .await
                .map_err(|err| ToolFailure::failed(err.to_string()))?;
            let request = reply::server_request(
                &RequestId::from_text(&id),
                question.method(),
                &question.params(),
            );
            if !self.outlet.send(request).await {
                return Err(ToolFailure::Cancelled);
            }
            waiting.push((key, reply));
        }
        let mut answers = Vec::with_capacity(waiting.len());
        for (key, reply) in waiting {
            let reply = reply.await.map_err(|_| ToolFailure::Cancelled)?;
            answers.push((key, result_of(&reply)?));
        }
        Ok(answers)
    }
}

/// How far a call has said that it is.
#[derive(Debug)]
pub(crate) struct Progressed(AtomicU64);

impl Default for Progressed {
    fn default() -> Self {
        Self(AtomicU64::new(Self::NOTHING_YET))
    }
}

impl Progressed {
    /// Bits that are no float of a progress: they are greater than those of all others.
    const NOTHING_YET: u64 = u64::MAX;

    /// Notes a progress. `false` when it does not grow, or is no progress: it must not be sent (2025-03-26 and
    /// later, "Progress Flow").
    fn advance(&self, progress: f64) -> bool {
        if !progress.is_finite() || progress < 0.0 {
            return false;
        }
        // Adding zero makes -0.0 the same as 0.0. Bits of floats that are not negative compare as the floats do.
        let progress = (progress + 0.0).to_bits();
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| {
                (last == Self::NOTHING_YET || progress > last).then_some(progress)
            })
            .is_ok()
    }
}

fn random_suffix() -> String {
    tidegate_types::NodeId::random().as_str().to_owned()
}

/// The result of a client's response, or its refusal as a failure that the model sees.
fn result_of(reply: &Bytes) -> Result<Value, ToolFailure> {
    let mut message: Value = serde_json::from_slice(reply).map_err(ToolFailure::internal)?;
    if let Some(error) = message.get("error") {
        let text: String = error["message"]
            .as_str()
            .unwrap_or("no reason given")
            .chars()
            .take(500)
            .collect();
        return Err(ToolFailure::failed(format!(
            "the client did not answer: {text}"
        )));
    }
    Ok(message["result"].take())
}

#[async_trait::async_trait]
impl ClientChannel for CallChannel {
    fn capabilities(&self) -> &ClientCapabilities {
        &self.capabilities
    }

    fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        let Some(token) = &self.progress_token else {
            return;
        };
        if !self.progressed.advance(progress) {
            return;
        }
        let mut params = json!({ "progressToken": token, "progress": progress });
        if let Some(total) = total.filter(|total| total.is_finite()) {
            params["total"] = json!(total);
        }
        // 2025-03-26 brought the message.
        if let Some(message) = message {
            params["message"] = json!(message);
        }
        self.send_or_drop(reply::notification("notifications/progress", &params));
    }

    fn log(&self, level: LogLevel, logger: &str, data: Value) {
        if self.log_level.is_some_and(|wanted| level >= wanted) {
            let params = json!({ "level": level.as_str(), "logger": logger, "data": data });
            self.send_or_drop(reply::notification("notifications/message", &params));
        }
    }

    fn state(&self) -> Option<&Value> {
        match &self.asking {
            Asking::Retry { state, .. } => state.as_ref(),
            Asking::Session(_) | Asking::Never => None,
        }
    }

    async fn ask(
        &self,
        questions: Questions,
        state: Option<Value>,
    ) -> Result<Answers, ToolFailure> {
        if let Some((_, question)) = questions
            .iter()
            .find(|(_, question)| !self.can_answer(question))
        {
            return Err(ToolFailure::MissingCapability(question.clone()));
        }
        match &self.asking {
            Asking::Retry { answers, .. } => {
                let answered: Option<Answers> = questions
                    .iter()
                    .map(|(key, _)| Some((key.clone(), answers.get(key)?.clone())))
                    .collect();
                match answered {
                    Some(answered) if !questions.is_empty() => Ok(answered),
                    _ => Err(ToolFailure::InputRequired {
                        requests: questions,
                        state,
                    }),
                }
            }
            Asking::Session(session) => {
                let limit = self.ask_limit;
                let ask = tokio::time::timeout(limit, self.ask_in_session(session, questions));
                tokio::select! {
                    biased;
                    () = self.cancel.cancelled() => Err(ToolFailure::Cancelled),
                    answers = self.deadline.off_the_clock(ask) => {
                        answers.unwrap_or(Err(ToolFailure::Timeout { seconds: limit.as_secs() }))
                    }
                }
            }
            Asking::Never => Err(questions
                .into_iter()
                .next()
                .map_or(ToolFailure::Cancelled, |(_, question)| {
                    ToolFailure::MissingCapability(question)
                })),
        }
    }

    fn close_connection(&self) {
        if self.version.has_priming_event() {
            self.outlet.close_connection();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_grows_or_is_not_sent() {
        for (reported, sent) in [
            (
                &[0.0, 0.0, 0.5, 0.5, 0.25, 1.0, 1.0][..],
                &[0.0, 0.5, 1.0][..],
            ),
            (&[-1.0, -0.5, 2.0, -3.0, 3.0], &[2.0, 3.0]),
            (&[-0.0, 0.0, 1.0], &[0.0, 1.0]),
            (&[f64::NAN, f64::INFINITY, 1.0, f64::NEG_INFINITY], &[1.0]),
            (&[f64::MAX, f64::MAX, 1.0], &[f64::MAX]),
            (&[f64::MIN_POSITIVE, 0.0], &[f64::MIN_POSITIVE]),
        ] {
            let progressed = Progressed::default();
            let advanced: Vec<f64> = reported
                .iter()
                .copied()
                .filter(|progress| progressed.advance(*progress))
                .collect();
            assert_eq!(sent, advanced, "{reported:?}");
        }
    }
}
