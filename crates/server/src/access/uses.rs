//! How often grants and API tokens are used, told to the manager.

use tidegate_control_plane::Manager;
use tidegate_control_plane::api_token::NoteApiTokenUse;
use tidegate_control_plane::grant::NoteGrantUse;
use tidegate_runtime::{ControlError, GrantUse, GrantUses};

pub(super) struct ManagerUses(pub Manager);

#[async_trait::async_trait]
impl GrantUses for ManagerUses {
    async fn note(&self, uses: &[GrantUse]) -> Result<(), ControlError> {
        let failed = |err| ControlError(Box::new(err));
        let (tokens, grants): (Vec<_>, Vec<_>) = uses.iter().partition(|of| of.is_api_token);
        if !grants.is_empty() {
            let calls = grants.iter().map(|of| (of.id.clone(), of.calls)).collect();
            self.0.call(NoteGrantUse { calls }).await.map_err(failed)?;
        }
        for token in tokens {
            let note = NoteApiTokenUse {
                id: token.id.clone(),
                from: None,
            };
            self.0.call(note).await.map_err(failed)?;
        }
        Ok(())
    }
}
