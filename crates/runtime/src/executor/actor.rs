//! The actor that runs calls.

use actix::{Actor, Context, Handler, Message, ResponseFuture};
use tidegate_tools::ToolFailure;

use super::job::Job;
use super::pool::Lost;
use super::threads::ToolThreads;
use crate::service::Produced;

/// Runs the jobs that it is given, each on the tool threads, so that one that blocks its thread holds up
/// no other.
///
/// Started by: [`super::ExecutorPool`], one a slot. Owns: its running jobs. Loses when it dies: those jobs,
/// whose callers get an error that says so. Capacity: its mailbox; how many jobs run at once is the pool's
/// permits. Restarted by: the pool, on the next job.
pub(crate) struct ToolExecutor {
    threads: ToolThreads,
    mailbox: usize,
}

impl ToolExecutor {
    pub(crate) fn new(threads: ToolThreads, mailbox: usize) -> Self {
        Self { threads, mailbox }
    }
}

impl Actor for ToolExecutor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(self.mailbox);
    }
}

/// Runs a job. Reply: what it came to, or that nobody saw its end.
#[derive(Message)]
#[rtype(result = "Result<Result<Produced, ToolFailure>, Lost>")]
pub(crate) struct RunJob(pub Job);

impl Handler<RunJob> for ToolExecutor {
    type Result = ResponseFuture<Result<Result<Produced, ToolFailure>, Lost>>;

    fn handle(&mut self, RunJob(job): RunJob, _: &mut Self::Context) -> Self::Result {
        let running = self.threads.spawn(job.run());
        Box::pin(async move {
            let Some(running) = running else {
                return Err(Lost(ToolFailure::Cancelled));
            };
            running.await.map_err(|err| {
                Lost(if err.is_panic() {
                    ToolFailure::internal(Panicked)
                } else {
                    ToolFailure::Cancelled
                })
            })
        })
    }
}

/// A tool panicked. The message of the panic went to the log by the panic hook.
#[derive(Debug, thiserror::Error)]
#[error("the tool panicked")]
pub(crate) struct Panicked;

/// Stops the actor at once; for tests of its restart.
#[cfg(test)]
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Die;

#[cfg(test)]
impl Handler<Die> for ToolExecutor {
    type Result = ();
    fn handle(&mut self, _: Die, context: &mut Self::Context) {
        use actix::ActorContext as _;
        context.stop();
    }
}
