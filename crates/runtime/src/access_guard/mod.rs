//! Who may come in, and stay.

mod budget;
mod watch;

use std::sync::Arc;

use tidegate_metastore::Access;
use tidegate_token_verifier::{Authenticator, VerifiedToken, workspace_of};
use tidegate_types::{Principal, WorkspaceSlug};

use budget::Budget;

use crate::control::{CacheValidity, Closed, FeatureFlags};
use crate::identity::{IdentifyError, Identity, MissingUser};
use crate::service::Observer;
use crate::unknown_user::UnknownUsers;
use crate::workspace::{WorkspaceError, WorkspaceHandle, WorkspaceRegistry};

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
        let mut budget = Budget::new();
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
}
