use tidegate_types::{UserId, WorkspaceSlug};

/// A row of a Superset's `ab_user`, with what is needed to sign in by it.
#[derive(Clone, PartialEq, Eq)]
pub struct SupersetAccount {
    /// `ab_user.id`.
    pub user_id: UserId,
    /// `ab_user.username`.
    pub username: String,
    /// `ab_user.email`; nobody proved that it is theirs.
    pub email: Option<String>,
    /// First and last name.
    pub full_name: String,
    /// `ab_user.password`: what werkzeug wrote, `None` where the user signs in by other means.
    pub password_hash: Option<String>,
    /// `ab_user.active`.
    pub is_active: bool,
}

/// Never shows the hash or who it is.
impl std::fmt::Debug for SupersetAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SupersetAccount")
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// A workspace's users could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("could not read the users of workspace {workspace}")]
pub struct SupersetAccountsError {
    /// Which.
    pub workspace: WorkspaceSlug,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The users of workspaces, as far as signing in needs them. Implemented through the metastores.
#[async_trait::async_trait]
pub trait SupersetAccounts: Send + Sync {
    /// The user whose `username` or `email` is `name`, exactly as it was typed without the blanks around it, active or not. A username goes
    /// before an e-mail address. Answers within 5 s.
    ///
    /// # Errors
    /// The workspace is not known, or its metastore does not answer.
    async fn find(
        &self,
        workspace: &WorkspaceSlug,
        name: &str,
    ) -> Result<Option<SupersetAccount>, SupersetAccountsError>;
}

/// For deployments where no Superset's accounts sign in.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSupersetAccounts;

#[async_trait::async_trait]
impl SupersetAccounts for NoSupersetAccounts {
    async fn find(
        &self,
        _workspace: &WorkspaceSlug,
        _name: &str,
    ) -> Result<Option<SupersetAccount>, SupersetAccountsError> {
        Ok(None)
    }
}
