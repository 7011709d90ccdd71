//! An API token with its secret.

use tidegate_oauth_types::{IssuedSecret, SecretKind};
use tidegate_types::{AccountId, ExposeSecret as _, ScopeSet, WorkspaceSlug};

use super::{ApiToken, CreateApiToken};
use crate::{Issued, Manager, ManagerError, UnixSecs, UseCase};

/// Characters of the secret that lists show.
const HINT_CHARS: usize = 4;

/// Makes an API token and draws its secret. Errors as [`CreateApiToken`].
#[derive(Debug, Clone)]
pub struct IssueApiToken {
    /// Whose it is.
    pub account: AccountId,
    /// 1 to 100 printable characters.
    pub name: String,
    /// What it may do; not empty.
    pub scopes: ScopeSet,
    /// The one workspace; its owner must be a member.
    pub workspace: Option<WorkspaceSlug>,
    /// When it ends.
    pub expires_at: Option<UnixSecs>,
}

impl UseCase for IssueApiToken {
    type Reply = Issued<ApiToken>;

    async fn run(self, manager: &Manager) -> Result<Self::Reply, ManagerError> {
        let IssuedSecret { text, hash } = IssuedSecret::draw(SecretKind::ApiToken);
        let shown = text.expose_secret();
        let create = CreateApiToken {
            account: self.account,
            name: self.name,
            scopes: self.scopes,
            workspace: self.workspace,
            secret: hash,
            hint: shown[shown.len() - HINT_CHARS..].to_owned(),
            expires_at: self.expires_at,
        };
        let made = manager.call(create).await?;
        Ok(Issued { made, secret: text })
    }
}
