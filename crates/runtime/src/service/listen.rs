//! Streams of a workspace's changes: `subscriptions/listen` (2026-07-28) and the GET stream of sessions.
//!
//! Both are views of the workspace's change log. A node learns of a change by a signal and reads it from
//! the log, so that a lost signal delays a change and a slow stream never holds one.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_protocol::result::ResultBuilder;
use tidegate_protocol::{ProtocolVersion, RequestId, RpcError, reply};
use tidegate_store::{Change, Epoch, SessionKey};
use tidegate_types::{ServiceCode, check_name};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::stream_places::{NoPlace, StreamPlace};
use super::{Caller, Core};
use crate::answer::{Answer, Frame, FrameStream, Refused};
use crate::session::{EventPlace, StandalonePlace};
use crate::workspace::{FeedItem, WorkspaceHandle};

/// The stream id of the GET stream; its event ids are places in the change log.
pub(crate) const STANDALONE: &str = "standalone";

/// Resources that one stream may subscribe to, and the length of a URI.
const MAX_URIS: usize = 100;
const MAX_URI_BYTES: usize = 2_048;

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// What a `subscriptions/listen` asks for. Null is the same as left out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    #[serde(deserialize_with = "or_default")]
    tools_list_changed: bool,
    #[serde(deserialize_with = "or_default")]
    prompts_list_changed: bool,
    #[serde(deserialize_with = "or_default")]
    resources_list_changed: bool,
    #[serde(deserialize_with = "or_default")]
    resource_subscriptions: BTreeSet<String>,
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Wanted {
    fn includes(&self, change: &Change) -> bool {
        match change {
            // New rights may mean other tools.
            Change::Tools | Change::Rights | Change::Flags => self.tools_list_changed,
            Change::Prompts => self.prompts_list_changed,
            Change::Resources => self.resources_list_changed,
            Change::Resource { uri } => self.resource_subscriptions.contains(uri),
            Change::Revoked { .. } | Change::UserLost { .. } | Change::Content { .. } => false,
        }
    }

    fn honoured(&self) -> Value {
        let mut honoured = json!({});
        for (name, is_wanted) in [
            ("toolsListChanged", self.tools_list_changed),
            ("promptsListChanged", self.prompts_list_changed),
            ("resourcesListChanged", self.resources_list_changed),
        ] {
            if is_wanted {
                honoured[name] = json!(true);
            }
        }
        if !self.resource_subscriptions.is_empty() {
            honoured["resourceSubscriptions"] = json!(self.resource_subscriptions);
        }
        honoured
    }
}

/// `subscriptions/listen`.
pub(crate) fn modern(
    core: &Arc<Core>,
    caller: &Caller,
    id: &RequestId,
    version: ProtocolVersion,
    wanted: Option<&serde_json::value::RawValue>,
) -> Answer {
    let refuse = |text: &str| {
        Answer::Refused(Refused::new(
            ServiceCode::InvalidRequest,
            Some(id),
            RpcError::invalid_params(text),
        ))
    };
    let Some(wanted) = wanted else {
        return refuse("params.notifications is missing");
    };
    // serde would take an empty list for an object without members.
    let wanted = Some(wanted.get()).filter(|wanted| wanted.starts_with('{'));
    let Some(Ok(wanted)) = wanted.map(serde_json::from_str::<Wanted>) else {
        return refuse(
            "params.notifications must be an object of toolsListChanged, promptsListChanged, resourcesListChanged \
             (true or false) and resourceSubscriptions (URIs)",
        );
    };
    if wanted.resource_subscriptions.len() > MAX_URIS
        || wanted
            .resource_subscriptions
            .iter()
            .any(|uri| uri.len() > MAX_URI_BYTES)
    {
        return refuse(
            "params.notifications.resourceSubscriptions has at most 100 URIs of at most 2048 bytes",
        );
    }
    if let Some(err) = wanted
        .resource_subscriptions
        .iter()
        .find_map(|uri| check_name(uri).err())
    {
        let text = format!("a URI of params.notifications.resourceSubscriptions {err}");
        return refuse(&text);
    }
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

/// Changes of a workspace in order, none twice, from the feed of this node or, behind it, from the log.
struct Feed {
    core: Arc<Core>,
    workspace: WorkspaceHandle,
    live: broadcast::Receiver<FeedItem>,
    after: Epoch,
    is_behind: bool,
}

impl Feed {
    fn new(core: &Arc<Core>, workspace: &WorkspaceHandle, after: Option<Epoch>) -> Self {
        // The receiver comes first: what happens between the two is in both, and told once.
        let live = workspace.changes();
        let now = workspace.epoch();
        Self {
            core: Arc::clone(core),
            workspace: workspace.clone(),
            live,
            after: after.unwrap_or(now),
            is_behind: after.is_some_and(|after| after != now),
        }
    }

    /// The next changes, at least one. `None`: the workspace is no longer active here.
    async fn next(&mut self) -> Option<Vec<FeedItem>> {
        loop {
            if std::mem::take(&mut self.is_behind) {
                let changes = self.read_log().await;
                if !changes.is_empty() {
                    return Some(changes);
                }
            }
            match self.live.recv().await {
                Ok((epoch, change)) if epoch > self.after => {
                    self.after = epoch;
                    return Some(vec![(epoch, change)]);
                }
                // Known already, or the store lost the log and began another below this place: the log tells.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => self.is_behind = true,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    async fn read_log(&mut self) -> Vec<FeedItem> {
        let slug = &self.workspace.workspace().slug;
        match self.core.state.changes.read(slug, self.after).await {
            Ok(page) => {
                self.after = page.head;
                if page.has_gap {
                    // Anything may have changed.
                    return [Change::Tools, Change::Prompts, Change::Resources]
                        .map(|change| (page.head, change))
                        .to_vec();
                }
                page.changes
            }
            Err(err) => {
                tracing::warn!(
                    error = &err as &dyn std::error::Error,
                    "the change log cannot be read"
                );
                Vec::new()
            }
        }
    }
}
