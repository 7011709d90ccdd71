use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use super::PATIENCE;

/// One event of an SSE stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub id: Option<String>,
    pub data: String,
    pub retry_ms: Option<u64>,
}

impl Event {
    /// The JSON-RPC message. Panics on an event without one.
    pub(crate) fn message(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|err| panic!("{self:?}: {err}"))
    }
}

/// Reads an SSE stream. Dropping it closes the connection.
pub(crate) struct Events {
    response: reqwest::Response,
    rest: Vec<u8>,
    ready: VecDeque<Event>,
}

impl Events {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self {
            response,
            rest: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// The next event; `None` when the stream ended or its connection broke. Panics after [`PATIENCE`].
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.next_within(PATIENCE)
            .await
            .unwrap_or_else(|| panic!("no event within {PATIENCE:?}"))
    }

    /// The next event, or `Some(None)` at the end, or `None` when there is neither in time.
    pub(crate) async fn next_within(&mut self, patience: Duration) -> Option<Option<Event>> {
        tokio::time::timeout(patience, self.read()).await.ok()
    }

    async fn read(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let chunk = self.response.chunk().await.ok()??;
            self.rest.extend_from_slice(&chunk);
            while let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.rest.drain(..end + 2).collect();
                self.ready
                    .extend(parse(std::str::from_utf8(&block).unwrap()));
            }
        }
    }

    /// The next message, priming events left out.
    pub(crate) async fn message(&mut self) -> Option<Value> {
        loop {
            let event = self.next().await?;
            if !event.data.is_empty() {
                return Some(event.message());
            }
        }
    }

    /// The next message of a method; others are passed over. Panics when the stream ends first.
    pub(crate) async fn until(&mut self, method: &str) -> Value {
        loop {
            let message = self.message().await.expect("the stream goes on");
            if message["method"] == method {
                return message;
            }
        }
    }

    /// All events to the end of the stream.
    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

/// An event, or none of a block of comments.
fn parse(block: &str) -> Option<Event> {
    let mut event = Event::default();
    let mut data: Option<String> = None;
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = Some(value.to_owned()),
            "retry" => event.retry_ms = value.parse().ok(),
            "data" => match &mut data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    let has_fields = event.id.is_some() || data.is_some();
    event.data = data.unwrap_or_default();
    has_fields.then_some(event)
}
