//! An invitation with the secret of its link.

use tidegate_oauth_types::{IssuedSecret, SecretKind};
use tidegate_types::{AccountId, Role, WorkspaceSlug};

use super::{CreateInvitation, Invitation};
use crate::{Issued, Manager, ManagerError, UseCase};

/// Invites somebody and draws the secret of the link, `<issuer>/invitation/<secret>`. Errors as [`CreateInvitation`].
#[derive(Debug, Clone)]
pub struct IssueInvitation {
    /// The address of the invited person.
    pub email: String,
    /// Into which workspace.
    pub workspace: WorkspaceSlug,
    /// The role.
    pub role: Role,
    /// The account that invites.
    pub invited_by: AccountId,
}

impl UseCase for IssueInvitation {
    type Reply = Issued<Invitation>;

    async fn run(self, manager: &Manager) -> Result<Self::Reply, ManagerError> {
        let IssuedSecret { text, hash } = IssuedSecret::draw(SecretKind::Invitation);
        let create = CreateInvitation {
            secret: hash,
            email: self.email,
            workspace: self.workspace,
            role: self.role,
            invited_by: self.invited_by,
        };
        let made = manager.call(create).await?;
        Ok(Issued { made, secret: text })
    }
}
