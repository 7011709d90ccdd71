//! Tokens of others: whom their claims name.

use std::sync::Arc;

use tidegate_token_verifier::VerifiedToken;

use super::shared::validated_of;
use super::user::look_up;
use super::{IdentifyError, Identity, Known, Validated};
use crate::workspace::WorkspaceHandle;

impl Identity {
    pub(super) async fn identify_by_subject(
        &self,
        workspace: &WorkspaceHandle,
        token: &VerifiedToken,
    ) -> Result<Arc<Validated>, IdentifyError> {
        let id = token.subject.id().clone();
        if let Some(Known::Good(validated)) = workspace.validated().get(&id) {
            return Ok(validated);
        }
        let slug = &workspace.workspace().slug;
        let epoch = workspace.epoch();
        let (outcome, generation) = self.remembered(slug, &id).await;
        let known = if let Some(known) = outcome {
            known
        } else {
            let found = look_up(workspace, &token.subject).await?;
            self.remember(slug, &id, found, generation).await
        };
        let validated = validated_of(known)?;
        // What was read before a change may already be wrong: it serves this request alone.
        if epoch == workspace.epoch() {
            workspace
                .validated()
                .insert(id, Known::Good(Arc::clone(&validated)));
        }
        Ok(validated)
    }
}
