//! The time that it may take to let a caller in.

use std::sync::Arc;
use std::time::Duration;

use crate::identity::IdentifyError;
use crate::workspace::WorkspaceError;

/// How long it may take to tell who calls and whether they are served, opening the workspace left out: the keys of
/// tokens, the control plane, the metastore and the flags together, however many of them do not answer.
const ADMISSION_DEADLINE: Duration = Duration::from_secs(5);

/// Time that several questions share.
pub(super) struct Budget(Duration);

/// The parts that were asked did not answer in the time that there is for all of them.
#[derive(Debug, thiserror::Error)]
#[error("what has to be asked about a caller did not answer within {} s", ADMISSION_DEADLINE.as_secs())]
struct Spent;

impl Budget {
    pub(super) fn new() -> Self {
        Self(ADMISSION_DEADLINE)
    }

    /// Runs a question in what is left, and takes the time that it took from it.
    pub(super) async fn spend<T>(
        &mut self,
        question: impl Future<Output = Result<T, IdentifyError>>,
    ) -> Result<T, IdentifyError> {
        let begun = tokio::time::Instant::now();
        let answer = tokio::time::timeout(self.0, question).await;
        self.0 = self.0.saturating_sub(begun.elapsed());
        answer.unwrap_or_else(|_| Err(WorkspaceError::Unavailable(Arc::new(Spent)).into()))
    }
}
