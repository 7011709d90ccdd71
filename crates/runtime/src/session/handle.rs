use std::sync::Arc;
use std::time::Duration;

use actix::{Addr, MailboxError, Message};
use bytes::Bytes;
use tidegate_protocol::RequestId;
use tidegate_store::{EventId, SessionKey, SharedState, Signal, StreamId, StreamKey};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::actor::{
    DeliverReply, ExpectReply, FollowStream, OpenStream, SessionActor, Signalled, StandalonePlace,
    TakeStandalone,
};
use super::calls::{CallGuard, RunningCalls};
use super::stream::{CallPump, EventPlace, Progress, reader};
use super::{SessionError, actor::LookAgain};
use crate::answer::FrameStream;
use crate::executor::CallControl;

/// The only way to a live session.
#[derive(Clone)]
pub(crate) struct SessionHandle {
    pub(super) addr: Addr<SessionActor>,
    pub(super) key: Arc<SessionKey>,
    pub(super) state: SharedState,
    pub(super) calls: Arc<RunningCalls>,
    pub(super) ended: CancellationToken,
    pub(super) deadline: Duration,
}

impl SessionHandle {
    async fn ask<M>(&self, message: M) -> Result<M::Result, SessionError>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        SessionActor: actix::Handler<M>,
    {
        match self.addr.send(message).timeout(self.deadline).await {
            Ok(reply) => Ok(reply),
            Err(MailboxError::Closed) => Err(SessionError::Gone),
            Err(MailboxError::Timeout) => Err(SessionError::Overloaded),
        }
    }

    /// Notes a running call until the guard is dropped. `None`: its actor stops, and another one is needed.
    ///
    /// # Errors
    /// `DuplicateRequest`, `TooMany`; `Gone`: the session ended.
    pub(super) fn begin_call(
        &self,
        request: &RequestId,
        control: &CallControl,
    ) -> Result<Option<CallGuard>, SessionError> {
        self.calls.begin(request, control)
    }

    /// Cancels a call if it runs here.
    pub(crate) fn cancel_call(&self, request: &RequestId) -> bool {
        self.calls.cancel(request)
    }

    /// Prepares for the client's answer to a question that is about to be sent.
    ///
    /// # Errors
    /// `TooMany`, `Gone`, `Overloaded`.
    pub(crate) async fn expect_reply(
        &self,
        request: &str,
    ) -> Result<oneshot::Receiver<Bytes>, SessionError> {
        let (asker, reply) = oneshot::channel();
        self.ask(ExpectReply {
            request: request.to_owned(),
            asker,
        })
        .await??;
        Ok(reply)
    }

    /// Brings the client's answer if the question was asked here.
    pub(crate) async fn deliver_reply(
        &self,
        request: &str,
        reply: Bytes,
    ) -> Result<bool, SessionError> {
        self.ask(DeliverReply {
            request: request.to_owned(),
            reply,
        })
        .await
    }

    /// Turns a running call into a stream that survives its connection.
    ///
    /// # Errors
    /// `TooMany`, `Gone`, `Overloaded`.
    pub(crate) async fn open_stream(&self, pump: CallPump) -> Result<FrameStream, SessionError> {
        let stream = random_stream();
        let progress = self
            .ask(OpenStream {
                stream: stream.clone(),
                pump,
            })
            .await??;
        Ok(self.read(stream, EventId::START, progress))
    }

    /// Resumes a stream after an event.
    ///
    /// # Errors
    /// `UnknownEvent`: there is no such stream, or it ended with the event.
    pub(crate) async fn resume_stream(
        &self,
        place: EventPlace,
    ) -> Result<FrameStream, SessionError> {
        let key = self.stream_key(place.stream.clone());
        // Read from the event itself on: after the last one of a stream there is nothing to wait for.
        let before = EventId(place.event.0.saturating_sub(1));
        let page = self.state.events.read(&key, before, 1).await?;
        match page.as_ref().and_then(|page| page.events.first()) {
            // What came after it may have fallen out of the store, its end not.
            Some((event, stored)) if *event != place.event || !stored.is_last => {}
            _ => return Err(SessionError::UnknownEvent),
        }
        let progress = self.ask(FollowStream(place.stream.clone())).await??;
        Ok(self.read(place.stream, place.event, progress))
    }

    fn read(
        &self,
        stream: StreamId,
        after: EventId,
        progress: watch::Receiver<Progress>,
    ) -> FrameStream {
        reader(
            self.stream_key(stream),
            after,
            progress,
            self.state.clone(),
            self.ended.clone(),
        )
    }

    fn stream_key(&self, stream: StreamId) -> StreamKey {
        StreamKey {
            session: SessionKey::clone(&self.key),
            stream,
        }
    }

    /// Makes room for a new GET stream, ending the one before.
    ///
    /// # Errors
    /// `Gone`, `Overloaded`.
    pub(crate) async fn take_standalone(&self) -> Result<StandalonePlace, SessionError> {
        self.ask(TakeStandalone).await
    }

    /// Passes a signal on. A cancellation goes past the mailbox: it must not wait behind progress. `false`: the
    /// mailbox was full and the signal is lost.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        if let Signal::CancelRequested { request } = &signal {
            self.calls.cancel_json(request);
            return true;
        }
        self.addr.try_send(Signalled(signal)).is_ok()
    }

    /// Makes the actor look at everything that lost signals could have been about.
    pub(crate) fn look_again(&self) -> bool {
        self.addr.try_send(LookAgain).is_ok()
    }

    pub(super) fn is_alive(&self) -> bool {
        self.addr.connected()
    }
}

fn random_stream() -> StreamId {
    let random = tidegate_types::SessionId::random();
    random.as_str()[..20]
        .parse()
        .expect("hexadecimal digits are a stream id")
}
