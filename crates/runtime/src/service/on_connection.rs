//! Calls that last as long as their connection: those of 2026-07-28, and of older clients outside a session.

use std::sync::Arc;

use futures_util::stream;

use super::call::{self, Call};
use super::{Caller, Core, Outcome};
use crate::answer::{Answer, Frame, FrameStream};
use crate::executor::CancelOnDrop;
use crate::outlet::{Inlet, Outgoing, Outlet};

/// Runs a call whose client is gone when its connection is: a disconnect cancels.
pub(crate) async fn answer(
    core: &Arc<Core>,
    caller: Caller,
    call: Call,
    accepts_stream: bool,
) -> Answer {
    let (outlet, mut inlet) = Outlet::new();
    let control = caller.workspace.executor().control(caller.principal.user);
    let guard = control.cancel_on_drop();
    let has_started = call.client.has_started.clone();
    let mut running: Running = Box::pin(call::run(Arc::clone(core), caller, call, outlet, control));
    if !accepts_stream {
        return running.await.into();
    }
    let (first, outcome) = tokio::select! {
        biased;
        outcome = &mut running => match inlet.try_recv() {
            Ok(first) => (Some(first), Some(outcome)),
            Err(_) => return outcome.into(),
        },
        Some(first) = inlet.recv() => (Some(first), None),
        () = call::takes_long(core, &has_started) => (None, None),
    };
    let running = match outcome {
        Some(outcome) => Box::pin(std::future::ready(outcome)) as Running,
        None => running,
    };
    let streaming = Streaming {
        first,
        inlet,
        running: Some(running),
        last: None,
        _guard: guard,
    };
    Answer::Stream(streaming.into_stream())
}

type Running = std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>>;

struct Streaming {
    first: Option<Outgoing>,
    inlet: Inlet,
    running: Option<Running>,
    last: Option<Outcome>,
    _guard: CancelOnDrop,
}

impl Streaming {
    fn into_stream(self) -> FrameStream {
        Box::pin(stream::unfold(self, Self::next))
    }

    async fn next(mut self) -> Option<(Frame, Self)> {
        let frame = |data| Frame::Message { id: None, data };
        loop {
            if let Some(first) = self.first.take() {
                if let Outgoing::Message(data) = first {
                    return Some((frame(data), self));
                }
                continue;
            }
            if self.last.is_some() {
                // The call is over: what it sent before comes first.
                if let Ok(outgoing) = self.inlet.try_recv() {
                    self.first = Some(outgoing);
                    continue;
                }
                let last = self.last.take()?;
                return Some((frame(last.into_message()), self));
            }
            let running = self.running.as_mut()?;
            tokio::select! {
                biased;
                Some(outgoing) = self.inlet.recv() => self.first = Some(outgoing),
                outcome = running => {
                    self.running = None;
                    self.last = Some(outcome);
                }
            }
        }
    }
}
