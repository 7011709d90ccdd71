//! Who may come in, and stay.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tidegate_metastore::Access;
use tidegate_token_verifier::{Authenticator, VerifiedToken, workspace_of};
use tidegate_types::{Principal, ServiceCode, WorkspaceSlug};

use crate::answer::Answer;
use crate::control::{CacheValidity, Closed, FeatureFlags};
use crate::identity::{IdentifyError, Identity, MissingUser};
use crate::service::{Caller, Observer};
use crate::unknown_user::UnknownUsers;
use crate::workspace::{WorkspaceError, WorkspaceHandle, WorkspaceRegistry};

/// How long it may take to tell who calls and whether they are served, opening the workspace left out: the keys of
/// tokens, the control plane, the metastore and the flags together, however many of them do not answer.
const ADMISSION_DEADLINE: Duration = Duration::from_secs(5);

/// Decides whether a caller is served, on each request and for as long as a stream is open.
pub(crate) struct AccessGuard {
    pub authenticator: Arc<dyn Authenticator>,
    pub identity: Identity,
    pub flags: FeatureFlags,
    pub validity: Arc<CacheValidity>,
    pub workspaces: Arc<WorkspaceRegistry>,
    pub unknown_users: UnknownUsers,
    pub observer: Observer,
}

/// A caller who is let in.
pub(crate) struct Admitted {
    pub workspace: WorkspaceHandle,
    pub token: Arc<VerifiedToken>,
    pub principal: Arc<Principal>,
    pub access: Arc<Access>,
}

impl AccessGuard {
    /// Lets a caller in, in this order: token, its workspace, membership, flags.
    ///
    /// Flags come last, so that only members learn that a workspace is there and closed; but who is no member because
    /// nobody can be asked is told that the workspace sleeps, if it does.
    ///
    /// # Errors
    /// See [`IdentifyError`].
    pub(crate) async fn admit(
        &self,
        named: Option<&WorkspaceSlug>,
        bearer: Option<&str>,
    ) -> Result<Admitted, IdentifyError> {
        let mut budget = Budget::new(ADMISSION_DEADLINE);
        // Before the workspace is looked for, so that nobody without a token finds out which ones there are.
        let token = budget.spend(async { Ok(self.authenticator.authenticate(bearer).await?) });
        let token = token.await?;
        let slug = workspace_of(&token, named)?.ok_or(IdentifyError::Unnamed)?;
        let entered = match self.workspaces.get(slug).await {
            Ok(workspace) => budget
                .spend(self.enter(workspace, &token))
                .await
                .inspect_err(|err| self.note_unavailable(slug, err)),
            Err(err) => Err(err.into()),
        };
        match entered {
            Ok((workspace, principal, access)) => {
                if let Some(closed) = budget.spend(self.closed(slug, &token)).await? {
                    return Err(closed.into());
                }
                Ok(Admitted {
                    workspace,
                    token,
                    principal,
                    access,
                })
            }
            Err(IdentifyError::Workspace(
                err @ (WorkspaceError::Unavailable(_) | WorkspaceError::Overloaded),
            )) => match budget.spend(self.closed(slug, &token)).await {
                Ok(Some(Closed::Hibernated)) => Err(Closed::Hibernated.into()),
                _ => Err(err.into()),
            },
            Err(IdentifyError::UnknownUser(unknown)) => {
                if let Some(arguments) = self.unknown_users.tell(slug, &token, &unknown) {
                    self.observer.unknown_user(slug, &token.client, arguments);
                }
                Err(IdentifyError::UnknownUser(unknown))
            }
            Err(err) => Err(err),
        }
    }

    async fn enter(
        &self,
        workspace: WorkspaceHandle,
        token: &VerifiedToken,
    ) -> Result<(WorkspaceHandle, Arc<Principal>, Arc<Access>), IdentifyError> {
        let principal = self.identity.identify(&workspace, token).await?;
        let access = match workspace.access(principal.user).await {
            // Gone since it was known.
            Err(WorkspaceError::NotAMember) if token.grant.is_some() => {
                return Err(IdentifyError::NoUser(MissingUser {
                    username: (*principal.username).into(),
                    account: None,
                    workspace: principal.workspace.clone(),
                }));
            }
            Err(WorkspaceError::NotAMember) => return Err(IdentifyError::NotAMember),
            access => access?,
        };
        Ok((workspace, principal, access))
    }

    /// Writes down why nobody can say who calls. Callers are told that, and not why.
    fn note_unavailable(&self, slug: &WorkspaceSlug, err: &IdentifyError) {
        if let IdentifyError::Workspace(WorkspaceError::Unavailable(source)) = err {
            self.observer.unidentified(slug, &**source);
        }
    }

    async fn closed(
        &self,
        slug: &WorkspaceSlug,
        token: &VerifiedToken,
    ) -> Result<Option<Closed>, IdentifyError> {
        let refusal = self.flags.refusal(slug, token.kind).await;
        refusal.map_err(|err| WorkspaceError::Unavailable(Arc::new(err)).into())
    }

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

/// Time that several questions share.
struct Budget(Duration);

/// The parts that were asked did not answer in the time that there is for all of them.
#[derive(Debug, thiserror::Error)]
#[error("what has to be asked about a caller did not answer within {} s", ADMISSION_DEADLINE.as_secs())]
struct Spent;

impl Budget {
    fn new(time: Duration) -> Self {
        Self(time)
    }

    /// Runs a question in what is left, and takes the time that it took from it.
    async fn spend<T>(
        &mut self,
        question: impl Future<Output = Result<T, IdentifyError>>,
    ) -> Result<T, IdentifyError> {
        let begun = tokio::time::Instant::now();
        let answer = tokio::time::timeout(self.0, question).await;
        self.0 = self.0.saturating_sub(begun.elapsed());
        answer.unwrap_or_else(|_| Err(WorkspaceError::Unavailable(Arc::new(Spent)).into()))
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
