//! The actor of a live session.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture,
    WrapFuture,
};
use bytes::Bytes;
use tidegate_store::{Retention, SessionKey, SharedState, Signal, StreamId, StreamKey, Topic};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::SessionError;
use super::calls::RunningCalls;
use super::stream::{CallPump, Progress, pump};

/// Calls, questions and streams that one session may have at once.
pub(super) const MAX_AT_ONCE: usize = 64;

/// How long an actor without anything to do stays.
const IDLE: Duration = Duration::from_mins(1);

/// Runs what is alive of one session on this node.
///
/// Started by: [`super::SessionRegistry`], on the first request here that needs it. Owns: the order of its
/// streams, the questions that wait for the client, its running calls. Loses when it dies: the connection
/// between a running call and its client; what was sent is in the event store. Capacity: its mailbox and
/// [`MAX_AT_ONCE`] of each. Restarted by: the registry, on the next request.
pub(crate) struct SessionActor {
    key: SessionKey,
    state: SharedState,
    retention: Retention,
    calls: Arc<RunningCalls>,
    questions: HashMap<String, oneshot::Sender<Bytes>>,
    streams: HashMap<StreamId, watch::Sender<Progress>>,
    standalone: Option<(CancellationToken, Weak<()>)>,
    ended: CancellationToken,
    is_used: bool,
    mailbox: usize,
}

impl SessionActor {
    pub(super) fn new(
        key: SessionKey,
        state: SharedState,
        retention: Retention,
        calls: Arc<RunningCalls>,
        ended: CancellationToken,
        mailbox: usize,
    ) -> Self {
        Self {
            key,
            state,
            retention,
            calls,
            questions: HashMap::new(),
            streams: HashMap::new(),
            standalone: None,
            ended,
            is_used: true,
            mailbox,
        }
    }

    /// Streams without a reader or a pump are of no use here: the store has them.
    fn drop_finished_streams(&mut self) {
        self.streams
            .retain(|_, progress| progress.receiver_count() > 0 || progress.borrow().is_pumped());
    }

    fn has_streams_or_questions(&self) -> bool {
        let has_standalone = self
            .standalone
            .as_ref()
            .is_some_and(|(_, stream)| stream.strong_count() > 0);
        has_standalone || !self.questions.is_empty() || !self.streams.is_empty()
    }

    fn resolve(&mut self, request: &str, reply: Bytes) -> bool {
        // The asker may have given up; the reply is nobody else's business then.
        self.questions
            .remove(request)
            .is_some_and(|asker| asker.send(reply).is_ok())
    }

    /// Looks in the store for replies to questions that were asked here.
    fn fetch_replies(&self, requests: Vec<String>, context: &mut Context<Self>) {
        for request in requests {
            let (replies, key) = (Arc::clone(&self.state.replies), self.key.clone());
            let fetch = async move { (replies.take(&key, &request).await, request) };
            context.spawn(
                fetch
                    .into_actor(self)
                    .map(|(reply, request), actor, _| match reply {
                        Ok(Some(reply)) => {
                            actor.resolve(&request, reply);
                        }
                        Ok(None) => {}
                        Err(err) => tracing::warn!(
                            error = &err as &dyn std::error::Error,
                            "could not take a client's reply"
                        ),
                    }),
            );
        }
    }
}

impl Actor for SessionActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(self.mailbox);
        context.run_interval(IDLE, |actor, context| {
            actor.drop_finished_streams();
            if !std::mem::take(&mut actor.is_used)
                && !actor.has_streams_or_questions()
                && actor.calls.close_if_empty()
            {
                context.stop();
            }
        });
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.calls.abandon();
        self.ended.cancel();
    }
}

/// Waits for the client's answer to a question that is about to be sent.
#[derive(Message)]
#[rtype(result = "Result<(), SessionError>")]
pub(super) struct ExpectReply {
    pub request: String,
    pub asker: oneshot::Sender<Bytes>,
}

impl Handler<ExpectReply> for SessionActor {
    type Result = Result<(), SessionError>;

    fn handle(
        &mut self,
        ExpectReply { request, asker }: ExpectReply,
        _: &mut Self::Context,
    ) -> Self::Result {
        self.is_used = true;
        self.questions.retain(|_, asker| !asker.is_closed());
        if self.questions.len() >= MAX_AT_ONCE {
            return Err(SessionError::TooMany);
        }
        self.questions.insert(request, asker);
        Ok(())
    }
}

/// Brings the client's answer. Reply: whether the question was asked here.
#[derive(Message)]
#[rtype(result = "bool")]
pub(super) struct DeliverReply {
    pub request: String,
    pub reply: Bytes,
}

impl Handler<DeliverReply> for SessionActor {
    type Result = bool;

    fn handle(
        &mut self,
        DeliverReply { request, reply }: DeliverReply,
        _: &mut Self::Context,
    ) -> bool {
        self.resolve(&request, reply)
    }
}

/// Takes over a running call whose answer becomes a stream: from now on the actor keeps its events, whether
/// or not anybody reads them. Reply: where to read how far the stream is.
#[derive(Message)]
#[rtype(result = "Result<watch::Receiver<Progress>, SessionError>")]
pub(super) struct OpenStream {
    pub stream: StreamId,
    pub pump: CallPump,
}

impl Handler<OpenStream> for SessionActor {
    type Result = Result<watch::Receiver<Progress>, SessionError>;

    fn handle(
        &mut self,
        OpenStream { stream, pump: call }: OpenStream,
        context: &mut Self::Context,
    ) -> Self::Result {
        self.is_used = true;
        if !self.has_room_for_a_stream() {
            return Err(SessionError::TooMany);
        }
        let (progress, reader) = watch::channel(Progress::pumped());
        self.streams.insert(stream.clone(), progress.clone());
        let key = StreamKey {
            session: self.key.clone(),
            stream,
        };
        context
            .spawn(pump(key, call, progress, self.state.clone(), self.retention).into_actor(self));
        Ok(reader)
    }
}

impl SessionActor {
    fn has_room_for_a_stream(&mut self) -> bool {
        if self.streams.len() >= MAX_AT_ONCE {
            self.drop_finished_streams();
        }
        self.streams.len() < MAX_AT_ONCE
    }
}

/// Follows a stream that began here or elsewhere. Reply: where to read how far it is.
#[derive(Message)]
#[rtype(result = "Result<watch::Receiver<Progress>, SessionError>")]
pub(super) struct FollowStream(pub StreamId);

impl Handler<FollowStream> for SessionActor {
    type Result = Result<watch::Receiver<Progress>, SessionError>;

    fn handle(
        &mut self,
        FollowStream(stream): FollowStream,
        _: &mut Self::Context,
    ) -> Self::Result {
        self.is_used = true;
        if let Some(progress) = self.streams.get(&stream) {
            return Ok(progress.subscribe());
        }
        if !self.has_room_for_a_stream() {
            return Err(SessionError::TooMany);
        }
        let (progress, reader) = watch::channel(Progress::default());
        self.streams.insert(stream, progress);
        Ok(reader)
    }
}

/// Makes room for a new GET stream: a session has one, since a message belongs on one stream alone. Reply:
/// the stream's place.
#[derive(Message)]
#[rtype(result = "StandalonePlace")]
pub(super) struct TakeStandalone;

/// The place of a session's GET stream.
#[derive(Debug, actix::MessageResponse)]
pub(crate) struct StandalonePlace {
    ended: CancellationToken,
    _stream: Arc<()>,
}

impl StandalonePlace {
    /// Fires when a newer GET stream takes over or the session ends here.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

impl Handler<TakeStandalone> for SessionActor {
    type Result = StandalonePlace;

    fn handle(&mut self, _: TakeStandalone, _: &mut Self::Context) -> StandalonePlace {
        self.is_used = true;
        let (ended, stream) = (self.ended.child_token(), Arc::new(()));
        if let Some((previous, _)) = self
            .standalone
            .replace((ended.clone(), Arc::downgrade(&stream)))
        {
            previous.cancel();
        }
        StandalonePlace {
            ended,
            _stream: stream,
        }
    }
}

/// A signal about this session from any node.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Signalled(pub Signal);

impl Handler<Signalled> for SessionActor {
    type Result = ();

    fn handle(&mut self, Signalled(signal): Signalled, context: &mut Self::Context) {
        match signal {
            Signal::EventsAppended { stream, upto } => {
                if let Some(progress) = self.streams.get(&stream) {
                    progress.send_if_modified(|progress| progress.beat(upto));
                }
            }
            Signal::ReplyArrived { request } => {
                if self.questions.contains_key(&request) {
                    self.fetch_replies(vec![request], context);
                }
            }
            Signal::SessionEnded => {
                self.calls.end();
                context.stop();
            }
            // A handle takes cancellations past the mailbox.
            Signal::Changed | Signal::CancelRequested { .. } => {}
        }
    }
}

/// Signals may have been lost: looks at everything that one could have been about. Reply: none.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct LookAgain;

impl Handler<LookAgain> for SessionActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: LookAgain, context: &mut Self::Context) -> Self::Result {
        let requests = self.questions.keys().cloned().collect();
        self.fetch_replies(requests, context);
        for progress in self.streams.values() {
            progress.send_modify(Progress::look_again);
        }
        let (key, sessions, relay, topic) = (
            self.key.clone(),
            Arc::clone(&self.state.sessions),
            Arc::clone(&self.state.relay),
            Topic::Session(self.key.clone()),
        );
        Box::pin(async move {
            // The session may have ended meanwhile. Reading it does not keep it alive: the owner's own
            // requests do, and they check for themselves.
            if let Ok(live) = sessions.of_user(&key.workspace, key.user).await
                && !live.contains(&key.session)
            {
                let _ = relay.publish(&topic, &Signal::SessionEnded).await;
            }
        })
    }
}
