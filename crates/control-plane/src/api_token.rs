//! API tokens: for programs of one person, MCP only.

mod creation;
mod issuing;
mod row;
mod using;

pub use issuing::IssueApiToken;

use serde::{Deserialize, Serialize};
use tidegate_oauth_types::SecretHash;
use tidegate_types::{AccountId, GrantId, ScopeSet, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation, UnixSecs};

/// An API token. Its id stands where a grant id does, so that one kill switch ends both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its id: the `name` of `POST /v1/auth/`.
    pub id: GrantId,
    /// The account's id.
    pub account: AccountId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do at the most.
    pub scopes: ScopeSet,
    /// The one workspace that it is for; any of its owner's without.
    pub workspace: Option<WorkspaceSlug>,
    /// The last characters of the secret, to tell tokens apart.
    pub hint: String,
    /// When it was made.
    pub created_at: UnixSecs,
    /// When it ends.
    pub expires_at: Option<UnixSecs>,
    /// The last use, exact to a minute.
    pub last_used_at: Option<UnixSecs>,
    /// The address of the last use.
    pub last_used_from: Option<String>,
    /// When it was ended.
    pub ended_at: Option<UnixSecs>,
}

/// Makes one. `Invalid`, `LimitReached` (10 live ones an account), `NotFound`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateApiToken {
    /// The account's id.
    pub account: AccountId,
    /// 1 to 100 printable characters.
    pub name: String,
    /// What it may do; not empty.
    pub scopes: ScopeSet,
    /// The one workspace; its owner must be a member.
    pub workspace: Option<WorkspaceSlug>,
    /// Of the secret.
    pub secret: SecretHash,
    /// Its last 4 characters.
    pub hint: String,
    /// When it ends.
    pub expires_at: Option<UnixSecs>,
}

impl Operation for CreateApiToken {
    type Reply = ApiToken;
    const NAME: &'static str = "api_token.create";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        creation::create(self, manager).await
    }
}

/// The token of a secret, ended or not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindApiToken {
    /// Of what was presented.
    pub secret: SecretHash,
}

impl Operation for FindApiToken {
    type Reply = Option<ApiToken>;
    const NAME: &'static str = "api_token.find";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        using::find(&self, manager).await
    }
}

/// An account's tokens, the newest first, without those that ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListApiTokens {
    /// The account's id.
    pub account: AccountId,
}

impl Operation for ListApiTokens {
    type Reply = Vec<ApiToken>;
    const NAME: &'static str = "api_token.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        using::list(&self.account, manager).await
    }
}

/// Ends one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndApiToken {
    /// The connection's or API token's id.
    pub id: GrantId,
    /// Whose it must be; anybody's without.
    pub account: Option<AccountId>,
}

impl Operation for EndApiToken {
    type Reply = Option<ApiToken>;
    const NAME: &'static str = "api_token.end";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        using::end(&self, manager).await
    }
}

/// Notes a use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoteApiTokenUse {
    /// The connection's or API token's id.
    pub id: GrantId,
    /// From which address.
    pub from: Option<String>,
}

impl Operation for NoteApiTokenUse {
    type Reply = ();
    const NAME: &'static str = "api_token.note_use";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        using::note(self, manager).await
    }
}
