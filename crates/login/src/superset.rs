use tidegate_types::{Role, UserId, WorkspaceSlug};

use crate::SignIn;

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
    /// Whether the row is of a workspace of ours and was made for the account of the same name.
    pub is_made_here: bool,
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
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// What went wrong below.
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

    /// As what a user is to be a member of the workspace, by their rights there: `Admin` for Superset's administrators, `Editor`
    /// for its role Alpha, `Analyst` for who may run SQL, `Viewer` for others. Answers within 5 s.
    ///
    /// # Errors
    /// As [`Self::find`].
    async fn role_of(
        &self,
        workspace: &WorkspaceSlug,
        user: UserId,
    ) -> Result<Role, SupersetAccountsError>;

    /// Whether the workspace is one of ours, where a member's user is made when it is needed.
    ///
    /// # Errors
    /// The control plane does not answer.
    async fn makes_users(&self, workspace: &WorkspaceSlug) -> Result<bool, SupersetAccountsError>;
}

/// The user of a workspace's Superset that a member acts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupersetUser {
    /// There is one, and it is active.
    Active,
    /// It is switched off there: the member is refused.
    Inactive,
    /// There is none: the member is refused.
    Missing,
    /// There is none yet, and it is made when the member comes.
    MadeWhenNeeded,
    /// The workspace cannot be asked.
    Unknown,
}

impl SupersetUser {
    /// Whether a member who acts as this user is refused.
    pub const fn is_refused(self) -> bool {
        matches!(self, Self::Inactive | Self::Missing)
    }

    /// What there is by exactly this `ab_user.username`.
    pub async fn of(
        accounts: &dyn SupersetAccounts,
        workspace: &WorkspaceSlug,
        username: &str,
    ) -> Self {
        let asked = async {
            let found = accounts.find(workspace, username).await?;
            // Names go before addresses, so that another one has this as an address.
            let found = found.filter(|user| user.username == username);
            Ok::<Self, SupersetAccountsError>(match found {
                Some(user) if user.is_active => Self::Active,
                Some(_) => Self::Inactive,
                None if accounts.makes_users(workspace).await? => Self::MadeWhenNeeded,
                None => Self::Missing,
            })
        };
        asked.await.unwrap_or_else(|err| {
            let shown: &(dyn std::error::Error + 'static) = &err;
            tracing::warn!(error = shown, %workspace, "could not ask a Superset for a user");
            Self::Unknown
        })
    }
}

impl SignIn {
    /// The user that a member of a workspace acts as, by its `ab_user.username`.
    pub async fn superset_user(&self, workspace: &WorkspaceSlug, username: &str) -> SupersetUser {
        SupersetUser::of(self.parts.superset.as_ref(), workspace, username).await
    }
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

    async fn role_of(
        &self,
        _workspace: &WorkspaceSlug,
        _user: UserId,
    ) -> Result<Role, SupersetAccountsError> {
        Ok(Role::Viewer)
    }

    async fn makes_users(&self, _workspace: &WorkspaceSlug) -> Result<bool, SupersetAccountsError> {
        Ok(false)
    }
}
