//! The first start of a deployment.

use tidegate_config::{MetastoreSettings, Settings};
use tidegate_control_plane::account::{AccountKey, FindAccount};
use tidegate_control_plane::workspace::SetMembership;
use tidegate_login::FirstAdministrator;
use tidegate_types::Role;
use tidegate_web::ControlPlaneAccess;

use super::AccessError;
use crate::workspaces::enabled;

/// Makes the first administrator, where there is nobody yet, and lets them into the workspaces that we embed: nobody
/// else could. Workspaces with a Superset of their own are for somebody to open deliberately.
///
/// # Errors
/// See [`AccessError`].
pub(crate) async fn first_start(
    settings: &Settings,
    access: &ControlPlaneAccess,
) -> Result<Option<FirstAdministrator>, AccessError> {
    let Some(first) = access.sign_in.first_start().await? else {
        return Ok(None);
    };
    let find = FindAccount {
        key: AccountKey::Username(first.username.clone()),
    };
    if let Some(account) = access.manager.call(find).await? {
        let embedded =
            |metastore: &MetastoreSettings| matches!(metastore, MetastoreSettings::Embedded { .. });
        for workspace in enabled(settings).filter(|own| embedded(&own.metastore)) {
            let membership = SetMembership {
                workspace: workspace.slug.clone(),
                account: account.id.clone(),
                role: Role::Admin,
                superset_username: None,
            };
            access.manager.call(membership).await?;
        }
    }
    Ok(Some(first))
}
