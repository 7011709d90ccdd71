//! Stage 3: running the operation on the workspace's executor.

use std::sync::Arc;
use std::time::Duration;

use tidegate_tools::{ToolFailure, Touches};
use tokio_util::sync::CancellationToken;

use super::CallClient;
use super::context::context;
use super::work::work;
use crate::executor::{CallControl, Deadline, Job};
use crate::outlet::Outlet;
use crate::service::channel::{CallChannel, Progressed};
use crate::service::operation::CheckedOperation;
use crate::service::{Caller, Core, Observation, Produced};

/// A call that is to run.
pub(super) struct Execution {
    pub(super) operation: CheckedOperation,
    pub(super) client: CallClient,
    pub(super) outlet: Outlet,
    /// How long it may take.
    pub(super) limit: Duration,
    pub(super) observation: Observation,
}

impl Execution {
    /// Runs it to its end.
    ///
    /// # Errors
    /// What the call came to, or that there is no room for it.
    pub(super) async fn run(
        self,
        core: &Arc<Core>,
        caller: &Caller,
        control: &CallControl,
    ) -> Result<Produced, ToolFailure> {
        let touches_databases = touches_databases(&self.operation);
        let job = self.into_job(core, caller, control.token().clone());
        let executor = caller.workspace.executor();
        if touches_databases {
            executor.run(job, control).await
        } else {
            executor.run_here(job, control).await
        }
    }

    fn into_job(self, core: &Arc<Core>, caller: &Caller, cancel: CancellationToken) -> Job {
        let CallClient {
            version,
            capabilities,
            progress_token,
            log_level,
            asking,
            guard,
            has_started,
        } = self.client;
        let deadline = Arc::new(Deadline::new(self.limit));
        let channel = CallChannel {
            version,
            capabilities,
            outlet: self.outlet,
            progress_token,
            log_level,
            asking,
            ask_limit: core.settings.ask_limit,
            cancel: cancel.clone(),
            deadline: Arc::clone(&deadline),
            progressed: Progressed::default(),
            observer: core.observer.clone(),
            question_prefix: core.node_id.as_str().chars().take(24).collect(),
        };
        let context = context(core, caller, channel, cancel.clone());
        let write = context.write.clone();
        let work = work(
            Arc::clone(core),
            caller.workspace.clone(),
            self.operation,
            context,
            version,
            has_started,
        );
        Job {
            work: Box::pin(work),
            deadline,
            cancel,
            write,
            observation: Some(self.observation),
            _guard: guard,
        }
    }
}

/// Whether it may wait for a database.
fn touches_databases(operation: &CheckedOperation) -> bool {
    match operation {
        CheckedOperation::Tool { entry, .. } => entry.spec().touches == Touches::Databases,
        CheckedOperation::Prompt { .. } | CheckedOperation::Resource { .. } => true,
    }
}
