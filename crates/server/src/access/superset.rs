//! A Superset's own accounts, through the workspaces' metastores.

use std::sync::Arc;
use std::time::Duration;

use tidegate_login::{SupersetAccount, SupersetAccounts, SupersetAccountsError, SupersetUser};
use tidegate_metastore::Access;
use tidegate_types::{Role, UserId, WorkspaceSlug};

use super::provisioning::Provisioning;
use crate::late_node::LateNode;
use crate::workspaces::{KnownWorkspaces, Source};

/// Asks a workspace's Superset for a user, without a node; what cannot be asked in time is unknown.
pub(super) async fn ask_once(
    workspaces: &KnownWorkspaces,
    workspace: &WorkspaceSlug,
    username: &str,
) -> SupersetUser {
    let ask = async {
        let Some(metastore) = workspaces.metastore_of_superset(workspace).await? else {
            return Ok(SupersetUser::MadeWhenNeeded);
        };
        let found = metastore.users().account(username).await?;
        let found = found.filter(|account| account.user.username == username);
        Ok::<_, Source>(match found {
            Some(account) if account.is_active => SupersetUser::Active,
            Some(_) => SupersetUser::Inactive,
            None => SupersetUser::Missing,
        })
    };
    match tokio::time::timeout(LIMIT, ask).await {
        Ok(Ok(user)) => user,
        Ok(Err(_)) | Err(_) => SupersetUser::Unknown,
    }
}

/// What a user's rights come to. A role caps what programs may do for somebody, and their rights decide: so that it is the
/// narrowest that stands in nobody's way.
fn role_by_rights(access: &Access) -> Role {
    let has = |name: &str| access.roles().iter().any(|role| role.name == name);
    if access.is_admin() {
        Role::Admin
    } else if has("Alpha") {
        Role::Editor
    } else if access.can("can_execute_sql_query", "SQLLab") {
        Role::Analyst
    } else {
        Role::Viewer
    }
}

/// How long a metastore may take to answer somebody who signs in.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) struct MetastoreAccounts {
    pub(super) node: LateNode,
    pub(super) provisioning: Arc<Provisioning>,
}

#[async_trait::async_trait]
impl SupersetAccounts for MetastoreAccounts {
    async fn find(
        &self,
        workspace: &WorkspaceSlug,
        name: &str,
    ) -> Result<Option<SupersetAccount>, SupersetAccountsError> {
        let ask = async {
            let metastore = self.node.metastore(workspace).await.map_err(Source::from)?;
            let found = metastore.users().account(name).await;
            let found = found.map_err(Source::from)?;
            let is_ours = found.is_some() && self.provisioning.is_embedded(workspace).await?;
            Ok((found, is_ours))
        };
        let failed = |source| SupersetAccountsError {
            workspace: workspace.clone(),
            source,
        };
        let (found, is_ours) = match tokio::time::timeout(LIMIT, ask).await {
            Ok(found) => found.map_err(failed)?,
            Err(elapsed) => return Err(failed(elapsed.into())),
        };
        Ok(found.map(|account| SupersetAccount {
            user_id: account.user.id,
            full_name: format!("{} {}", account.user.first_name, account.user.last_name)
                .trim()
                .to_owned(),
            username: account.user.username,
            email: Some(account.user.email).filter(|email| !email.is_empty()),
            // Those that are made for members have no password.
            is_made_here: is_ours && account.password.is_none(),
            password_hash: account.password,
            is_active: account.is_active,
        }))
    }

    async fn role_of(
        &self,
        workspace: &WorkspaceSlug,
        user: UserId,
    ) -> Result<Role, SupersetAccountsError> {
        let failed = |source| SupersetAccountsError {
            workspace: workspace.clone(),
            source,
        };
        let ask = async {
            let metastore = self.node.metastore(workspace).await.map_err(Source::from)?;
            metastore.access_of(user).await.map_err(Source::from)
        };
        let access = match tokio::time::timeout(LIMIT, ask).await {
            Ok(access) => access.map_err(failed)?,
            Err(elapsed) => return Err(failed(elapsed.into())),
        };
        Ok(access.map_or(Role::Viewer, |access| role_by_rights(&access)))
    }

    async fn makes_users(&self, workspace: &WorkspaceSlug) -> Result<bool, SupersetAccountsError> {
        let is_embedded = self.provisioning.is_embedded(workspace).await;
        is_embedded.map_err(|source| SupersetAccountsError {
            workspace: workspace.clone(),
            source,
        })
    }
}
