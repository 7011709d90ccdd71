//! Invitations by a link.

mod accept;
mod issuing;
mod open;

pub use issuing::IssueInvitation;
pub(crate) use open::remove_expired;

use serde::{Deserialize, Serialize};
use tidegate_oauth_types::SecretHash;
use tidegate_types::{AccountId, Role, WorkspaceSlug};

use crate::account::UpstreamIdentity;
use crate::{LocalManager, ManagerError, Operation, UnixSecs};

/// An invitation that was not taken yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// What it goes by in lists.
    pub id: String,
    /// For whom; the account made by it has this address, not verified unless a provider proves it.
    pub email: String,
    /// Into which workspace.
    pub workspace: WorkspaceSlug,
    /// The role.
    pub role: Role,
    /// The account that invited.
    pub invited_by: AccountId,
    /// The time of expiry.
    pub expires_at: UnixSecs,
}

/// Invites somebody; the secret goes into the link. An open invitation of the same address into the same workspace is
/// replaced. `Invalid`, `NotFound`, `LimitReached` (100 open ones a workspace).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateInvitation {
    /// Of the link's secret.
    pub secret: SecretHash,
    /// The address of the invited person.
    pub email: String,
    /// Into which.
    pub workspace: WorkspaceSlug,
    /// The role.
    pub role: Role,
    /// The account that invited.
    pub invited_by: AccountId,
}

impl Operation for CreateInvitation {
    type Reply = Invitation;
    const NAME: &'static str = "invitation.create";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        open::create(manager, self).await
    }
}

/// The invitation of a link, while it is good.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindInvitation {
    /// Of the link's secret.
    pub secret: SecretHash,
}

impl Operation for FindInvitation {
    type Reply = Option<Invitation>;
    const NAME: &'static str = "invitation.find";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        open::find(manager, &self.secret).await
    }
}

/// Takes it, once: makes an account, or lets the one in that is signed in. Where an account has the invited address
/// verified, that account alone is let in. Whoever sends a link has it as well, so that it proves nobody's address and makes
/// nobody somebody else. `NotFound`, `Conflict` (sign in first; another is signed in; the name is taken), `Invalid`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AcceptInvitation {
    /// Of the link's secret.
    pub secret: SecretHash,
    /// Who is signed in: that account is let in, and keeps its own address.
    pub signed_in_as: Option<AccountId>,
    /// For a new account.
    pub username: String,
    /// For a new account.
    pub display_name: String,
    /// For a new account.
    pub password_hash: Option<String>,
    /// For a new account without a password: what a provider calls its owner. It is tied to the account with it.
    #[serde(default)]
    pub identity: Option<UpstreamIdentity>,
    /// Whether that provider proved the invited address and is trusted for it, so that the account has it verified.
    #[serde(default)]
    pub is_email_proved: bool,
}

impl Operation for AcceptInvitation {
    type Reply = crate::account::Account;
    const NAME: &'static str = "invitation.accept";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        accept::accept(manager, self).await
    }
}

/// Open invitations of a workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListInvitations {
    /// The workspace.
    pub workspace: WorkspaceSlug,
}

impl Operation for ListInvitations {
    type Reply = Vec<Invitation>;
    const NAME: &'static str = "invitation.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        open::list(manager, &self.workspace).await
    }
}

/// Takes an invitation back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveInvitation {
    /// The invitation's id.
    pub id: String,
}

impl Operation for RemoveInvitation {
    type Reply = bool;
    const NAME: &'static str = "invitation.remove";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        open::remove(manager, &self.id).await
    }
}
