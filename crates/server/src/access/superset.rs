//! A Superset's own accounts, through the workspaces' metastores.

use std::time::Duration;

use tidegate_signin::{SupersetAccount, SupersetAccounts, SupersetAccountsError};
use tidegate_types::WorkspaceSlug;

use crate::late_node::LateNode;

/// How long a metastore may take to answer somebody who signs in.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) struct MetastoreAccounts(pub LateNode);

#[async_trait::async_trait]
impl SupersetAccounts for MetastoreAccounts {
    async fn find(
        &self,
        workspace: &WorkspaceSlug,
        name: &str,
    ) -> Result<Option<SupersetAccount>, SupersetAccountsError> {
        type Source = Box<dyn std::error::Error + Send + Sync>;
        let ask = async {
            let metastore = self.0.metastore(workspace).await.map_err(Source::from)?;
            metastore.users().account(name).await.map_err(Source::from)
        };
        let failed = |source| SupersetAccountsError {
            workspace: workspace.clone(),
            source,
        };
        let found = match tokio::time::timeout(LIMIT, ask).await {
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
            password_hash: account.password,
            is_active: account.is_active,
        }))
    }
}
