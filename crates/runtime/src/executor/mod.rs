//! Running tools: an executor for each workspace, and how they share the node.

mod actor;
mod control;
mod deadline;
mod handle;
mod job;
mod node;
mod running;
mod shares;
mod slots;
#[cfg(test)]
mod tests;
mod threads;

use std::time::Duration;

use tidegate_tools::ToolFailure;

pub(crate) use control::{CallControl, CancelOnDrop};
pub(crate) use deadline::Deadline;
pub(crate) use handle::ExecutorHandle;
pub(crate) use job::Job;
pub(crate) use node::Executors;
use slots::Slots;

/// How many calls a node takes, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Threads that tools run on.
    pub threads: usize,
    /// Calls that make progress at once.
    pub running: usize,
    /// Further ones that may be in flight: they wait for a slot, a database or a person.
    pub waiting: usize,
    /// How long one waits for a slot.
    pub wait_timeout: Duration,
    /// How long the threads may be unresponsive, and a call may ignore its deadline.
    pub watchdog: Duration,
}

impl Limits {
    /// Every call that is sent to an executor has a place.
    fn mailbox(&self) -> usize {
        self.running.saturating_add(self.waiting).max(16)
    }
}

/// The answer to a call for which there is no room.
fn busy(slots: &Slots) -> ToolFailure {
    let message = if slots.is_draining() {
        "this node is stopping; the call was not begun, send it again"
    } else {
        "this node runs as many calls as it can"
    };
    ToolFailure::Busy {
        message: message.into(),
        retry_after_secs: 1,
    }
}

/// The answer to a call whose executor died before the call began.
fn lost() -> ToolFailure {
    ToolFailure::Busy {
        message: "the part of this node that runs calls was restarted; the call was not begun, send it again".into(),
        retry_after_secs: 1,
    }
}
