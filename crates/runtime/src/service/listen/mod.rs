//! Streams of a workspace's changes: `subscriptions/listen` (2026-07-28) and the GET stream of sessions.
//!
//! Both are views of the workspace's change log. A node learns of a change by a signal and reads it from
//! the log, so that a lost signal delays a change and a slow stream never holds one.

mod feed;
mod wanted;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tidegate_protocol::result::ResultBuilder;
use tidegate_protocol::{ProtocolVersion, RequestId, reply};
use tidegate_store::{Change, Epoch, SessionKey};
use tidegate_types::ServiceCode;
use tokio_util::sync::CancellationToken;

use feed::Feed;
use wanted::Wanted;

use super::stream_places::{NoPlace, StreamPlace};
use super::{Caller, Core};
use crate::answer::{Answer, Frame, FrameStream, Refused};
use crate::session::{EventPlace, StandalonePlace};

/// The stream id of the GET stream; its event ids are places in the change log.
pub(crate) const STANDALONE: &str = "standalone";

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// `subscriptions/listen`.
pub(crate) fn modern(
    core: &Arc<Core>,
    caller: &Caller,
    id: &RequestId,
    version: ProtocolVersion,
    wanted: Option<&RawValue>,
) -> Answer {
    let wanted = match Wanted::read(wanted) {
        Ok(wanted) => wanted,
        Err(error) => {
            return Refused::new(ServiceCode::InvalidRequest, Some(id), error).into();
        }
    };
    let place = match core.streams.take(&caller.principal) {
        Ok(place) => place,
        Err(reason) => return no_place(Some(id), reason),
    };
    let subscription = id.to_value();
    let acknowledged = reply::notification(
        "notifications/subscriptions/acknowledged",
        &json!({ "_meta": { SUBSCRIPTION: subscription }, "notifications": wanted.honoured() }),
    );
    // The end of the stream is the answer to the request.
    let last = ResultBuilder::complete(version, &core.server)
        .finish_with_meta(SUBSCRIPTION, &subscription);
    let listener = Listener {
        feed: Feed::new(core, &caller.workspace, None),
        frames: VecDeque::from([Frame::Message {
            id: None,
            data: acknowledged,
        }]),
        node_ends: core.draining.clone(),
        last: Some(reply::success(id, &last)),
        kind: Kind::Modern {
            wanted,
            subscription,
        },
        _place: place,
    };
    Answer::Stream(listener.into_stream())
}

/// The GET stream of a session.
pub(crate) fn standalone(
    core: &Arc<Core>,
    caller: &Caller,
    key: SessionKey,
    place_in_session: StandalonePlace,
    after: Option<Epoch>,
    is_resumable: bool,
) -> Answer {
    let place = match core.streams.take(&caller.principal) {
        Ok(place) => place,
        Err(reason) => return no_place(None, reason),
    };
    let feed = Feed::new(core, &caller.workspace, after);
    let mut frames = VecDeque::new();
    if is_resumable {
        frames.push_back(Frame::Priming {
            id: place_of(feed.after),
        });
    }
    let listener = Listener {
        feed,
        frames,
        node_ends: core.draining.clone(),
        last: None,
        kind: Kind::Session {
            core: Arc::clone(core),
            key,
            place: place_in_session,
        },
        _place: place,
    };
    Answer::Stream(listener.into_stream())
}

fn no_place(id: Option<&RequestId>, reason: NoPlace) -> Answer {
    let (code, message) = match reason {
        NoPlace::OnNode => (
            ServiceCode::Overloaded,
            "this node has as many open streams as it can",
        ),
        NoPlace::OfUser => (
            ServiceCode::RateLimited,
            "you have as many open streams as a user may have; close one first",
        ),
    };
    Refused::later(code, id, message, 5).into()
}

fn place_of(epoch: Epoch) -> String {
    let stream = STANDALONE.parse().expect("the name is a stream id");
    EventPlace {
        stream,
        event: tidegate_store::EventId(epoch.0),
    }
    .to_string()
}

struct Listener {
    feed: Feed,
    frames: VecDeque<Frame>,
    node_ends: CancellationToken,
    last: Option<Bytes>,
    kind: Kind,
    _place: StreamPlace,
}

enum Kind {
    Modern {
        wanted: Wanted,
        subscription: Value,
    },
    Session {
        core: Arc<Core>,
        key: SessionKey,
        place: StandalonePlace,
    },
}

impl Listener {
    fn into_stream(self) -> FrameStream {
        Box::pin(stream::unfold(self, Self::next))
    }

    async fn next(mut self) -> Option<(Frame, Self)> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some((frame, self));
            }
            let changes = tokio::select! {
                biased;
                () = self.node_ends.cancelled() => {
                    let data = self.last.take()?;
                    return Some((Frame::Message { id: None, data }, self));
                }
                () = self.kind.ended() => return None,
                changes = self.feed.next() => changes?,
            };
            for (epoch, change) in changes {
                if let Some(frame) = self.kind.frame(epoch, &change).await {
                    self.frames.push_back(frame);
                }
            }
        }
    }
}

impl Kind {
    /// Fires when the stream's session is over; keeps the session alive until then, since its client listens.
    async fn ended(&self) {
        match self {
            Self::Modern { .. } => std::future::pending().await,
            Self::Session { core, key, place } => {
                let idle = core.settings.sessions.idle;
                loop {
                    tokio::select! {
                        () = place.ended() => return,
                        () = tokio::time::sleep((idle / 3).max(Duration::from_secs(1))) => {
                            if matches!(core.state.sessions.touch(key, idle).await, Ok(None)) {
                                return;
                            }
                        }
                    }
                }
            }
        }
    }

    async fn frame(&self, epoch: Epoch, change: &Change) -> Option<Frame> {
        match self {
            Self::Modern {
                wanted,
                subscription,
            } => {
                let (method, mut params) =
                    notification(change).filter(|_| wanted.includes(change))?;
                params["_meta"] = json!({ SUBSCRIPTION: subscription });
                Some(Frame::Message {
                    id: None,
                    data: reply::notification(method, &params),
                })
            }
            Self::Session { core, key, .. } => {
                let (method, params) = notification(change)?;
                if let Change::Resource { uri } = change {
                    // Subscribed to through any node, so the store knows.
                    let record = core
                        .state
                        .sessions
                        .touch(key, core.settings.sessions.idle)
                        .await
                        .ok()??;
                    if !record.subscriptions.contains(uri) {
                        return None;
                    }
                }
                Some(Frame::Message {
                    id: Some(place_of(epoch)),
                    data: reply::notification(method, &params),
                })
            }
        }
    }
}

fn notification(change: &Change) -> Option<(&'static str, Value)> {
    Some(match change {
        Change::Tools | Change::Rights | Change::Flags => {
            ("notifications/tools/list_changed", json!({}))
        }
        Change::Prompts => ("notifications/prompts/list_changed", json!({})),
        Change::Resources => ("notifications/resources/list_changed", json!({})),
        Change::Resource { uri } => ("notifications/resources/updated", json!({ "uri": uri })),
        Change::Revoked { .. } | Change::UserLost { .. } | Change::Content { .. } => return None,
    })
}
