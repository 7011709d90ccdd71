//! Who may stay: callers whose streams are open.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tidegate_token_verifier::VerifiedToken;
use tidegate_types::ServiceCode;

use super::AccessGuard;
use crate::answer::Answer;
use crate::identity::IdentifyError;
use crate::service::Caller;
use crate::workspace::WorkspaceHandle;

impl AccessGuard {
    /// The answer, whose stream, if it is one, ends when its caller is not to be served any more.
    pub(crate) fn watch(self: &Arc<Self>, caller: &Caller, answer: Answer) -> Answer {
        let Answer::Stream(frames) = answer else {
            return answer;
        };
        if !self.validity.has_feed() {
            return Answer::Stream(frames);
        }
        let mut changes = self.validity.watch();
        // What changed since the caller was let in counts as well.
        changes.mark_changed();
        let access_guard = Arc::clone(self);
        let (workspace, token) = (caller.workspace.clone(), Arc::clone(&caller.token));
        let is_turned_away = async move {
            // The node keeps the other end as long as it lives.
            while changes.changed().await.is_ok() {
                loop {
                    match access_guard.look_again(&workspace, &token).await {
                        Look::Stay => break,
                        Look::Leave => return,
                        Look::Unknown => tokio::time::sleep(LOOK_AGAIN).await,
                    }
                }
            }
        };
        Answer::Stream(Box::pin(frames.take_until(Box::pin(is_turned_away))))
    }

    /// Whether the caller of an open stream would still be let in.
    async fn look_again(&self, workspace: &WorkspaceHandle, token: &VerifiedToken) -> Look {
        let slug = &workspace.workspace().slug;
        if !self.workspaces.is_open(workspace) {
            return Look::Leave;
        }
        if !self.identity.still_holds(workspace, token)
            && let Err(err) = self.enter(workspace.clone(), token).await
        {
            self.note_unavailable(slug, &err);
            return Look::of(&err);
        }
        match self.closed(slug, token).await {
            Ok(None) => Look::Stay,
            Ok(Some(_)) => Look::Leave,
            Err(err) => Look::of(&err),
        }
    }
}

/// How soon somebody is looked at again when nobody could be asked.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What looking at the caller of an open stream comes to.
enum Look {
    Stay,
    Leave,
    Unknown,
}

impl Look {
    fn of(err: &IdentifyError) -> Self {
        match err.service_code() {
            // These say nothing about the caller.
            ServiceCode::Unavailable | ServiceCode::Overloaded | ServiceCode::Timeout => {
                Self::Unknown
            }
            _ => Self::Leave,
        }
    }
}
