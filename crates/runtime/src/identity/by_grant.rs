//! Tokens of our own: what their grant comes to now.

use std::sync::Arc;
use std::time::Duration;

use tidegate_store::{KnownGrantStatus, Validation};
use tidegate_token_verifier::{
    AuthFailure, GrantRefusal, GrantStatus, Subject, VerifiedToken, token_id_of,
};
use tidegate_types::GrantId;

use super::error::refusal_of;
use super::shared::validated_of;
use super::user::look_up;
use super::{IdentifyError, Identity, Known, MissingUser, Validated};
use crate::workspace::WorkspaceHandle;

/// How long the control plane may take to say whether a grant counts.
const STANDING_TIMEOUT: Duration = Duration::from_secs(3);

impl Identity {
    pub(super) async fn identify_by_grant(
        &self,
        workspace: &WorkspaceHandle,
        grant: &GrantId,
    ) -> Result<Arc<Validated>, IdentifyError> {
        let id = token_id_of(grant);
        let slug = &workspace.workspace().slug;
        match workspace.validated().get(&id) {
            Some(Known::Good(validated)) if self.counts(&validated, grant, workspace) => {
                return Ok(validated);
            }
            Some(Known::Refused(reason, as_of))
                if self.validity.standing_holds(as_of, grant, slug) =>
            {
                return Err(refusal_of(reason));
            }
            _ => {}
        }
        let epoch = workspace.epoch();
        // Read before anything is asked: what changes meanwhile makes the answer old.
        let as_of = self.validity.place();
        let (outcome, generation) = self.remembered(slug, &id).await;
        if let Some(known) = outcome {
            let validated = validated_of(known)?;
            if self.counts(&validated, grant, workspace) {
                if epoch == workspace.epoch() {
                    workspace
                        .validated()
                        .insert(id, Known::Good(Arc::clone(&validated)));
                }
                return Ok(validated);
            }
        }
        let found = match self.ask(workspace, grant, as_of).await? {
            Ok(found) => found,
            Err(reason) => {
                if let Some(as_of) = as_of {
                    workspace
                        .validated()
                        .insert(id, Known::Refused(reason, as_of));
                }
                return Err(refusal_of(reason));
            }
        };
        if as_of.is_none() {
            return validated_of(found);
        }
        let validated = validated_of(self.remember(slug, &id, found, generation).await)?;
        if epoch == workspace.epoch() {
            workspace
                .validated()
                .insert(id, Known::Good(Arc::clone(&validated)));
        }
        Ok(validated)
    }

    /// Whether what was learned of the token's grant still counts, as far as this node knows without asking.
    pub(crate) fn still_holds(&self, workspace: &WorkspaceHandle, token: &VerifiedToken) -> bool {
        let Some(grant) = &token.grant else {
            return true;
        };
        let known = workspace.validated().get(&token_id_of(grant));
        matches!(known, Some(Known::Good(validated)) if self.counts(&validated, grant, workspace))
    }

    /// Whether what was learned about the grant rests on everything that changed since.
    fn counts(&self, validated: &Validated, grant: &GrantId, workspace: &WorkspaceHandle) -> bool {
        let slug = &workspace.workspace().slug;
        validated
            .standing
            .as_ref()
            .is_some_and(|known| self.validity.standing_holds(known.as_of, grant, slug))
    }

    /// Asks the control plane for the grant, and the metastore for the user that it acts as.
    async fn ask(
        &self,
        workspace: &WorkspaceHandle,
        grant: &GrantId,
        as_of: Option<u64>,
    ) -> Result<Result<Validation, GrantRefusal>, IdentifyError> {
        let slug = &workspace.workspace().slug;
        let source = self.standing.as_ref().ok_or(AuthFailure::Refused)?;
        let ask = async {
            let _turn = self.asking.acquire().await;
            source.grant_status(grant, slug).await
        };
        let standing = tokio::time::timeout(STANDING_TIMEOUT, ask)
            .await
            .unwrap_or(Err(AuthFailure::Unavailable))?;
        let (account, username, client, scopes) = match standing {
            GrantStatus::Refused(reason) => return Ok(Err(reason)),
            GrantStatus::Good {
                account,
                username,
                client,
                scopes,
            } => (account, username, client, scopes),
        };
        let acts_as = Subject::from(&*username);
        let found = match look_up(workspace, &acts_as).await {
            // The control plane said that they are a member: so they may know what is missing.
            Err(IdentifyError::NotAMember | IdentifyError::UnknownUser(_)) => {
                return Err(IdentifyError::NoUser(MissingUser {
                    username: username.into(),
                    account: Some(account),
                    workspace: slug.clone(),
                }));
            }
            found => found?,
        };
        let Validation::Valid { user, username, .. } = found else {
            return Err(IdentifyError::NotAMember);
        };
        Ok(Ok(Validation::Valid {
            user,
            username,
            standing: Some(KnownGrantStatus {
                account,
                client,
                scopes,
                as_of: as_of.unwrap_or(0),
            }),
        }))
    }
}
