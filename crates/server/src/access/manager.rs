//! The manager that the settings ask for.

use std::sync::Arc;

use tidegate_config::{ManagerPlace, Settings};
use tidegate_manager::workspace::{DeclareWorkspaces, ListWorkspaces, Workspace};
use tidegate_manager::{
    LocalManager, LocalSettings, Manager, ManagerError, RemoteManager, RemoteSettings,
};
use tidegate_types::{Clock, WorkspaceSlug};

/// Opens it.
pub(super) async fn open(
    place: &ManagerPlace,
    clock: &Arc<dyn Clock>,
) -> Result<Manager, ManagerError> {
    let local = match place {
        ManagerPlace::Sqlite { path, secret } => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|err| {
                    ManagerError::Unavailable(
                        format!("the folder {} cannot be made: {err}", folder.display()).into(),
                    )
                })?;
            }
            LocalSettings::Sqlite {
                path: path.clone(),
                secret: secret.clone(),
            }
        }
        ManagerPlace::Postgres { url, secret } => LocalSettings::Postgres {
            url: url.clone(),
            secret: secret.clone(),
        },
        ManagerPlace::Remote {
            url,
            token,
            timeout,
        } => {
            let remote = RemoteManager::new(&RemoteSettings {
                url: url.clone(),
                token: token.clone(),
                timeout: *timeout,
            })?;
            return Ok(Manager::Remote(Arc::new(remote)));
        }
    };
    let manager = LocalManager::open(local, Arc::clone(clock)).await?;
    Ok(Manager::Local(Arc::new(manager)))
}

/// Looks whether it can be used, and changes nothing. Whether there is one already.
pub(crate) async fn look(
    place: &ManagerPlace,
    clock: &Arc<dyn Clock>,
) -> Result<bool, ManagerError> {
    let local = match place {
        ManagerPlace::Sqlite { path, secret } => LocalSettings::Sqlite {
            path: path.clone(),
            secret: secret.clone(),
        },
        ManagerPlace::Postgres { url, secret } => LocalSettings::Postgres {
            url: url.clone(),
            secret: secret.clone(),
        },
        ManagerPlace::Remote { .. } => {
            let manager = open(place, clock).await?;
            return manager.call(ListWorkspaces {}).await.map(|_| true);
        }
    };
    LocalManager::look(local, Arc::clone(clock)).await
}

/// Tells the manager of the workspaces that the configuration names, where it does not know them yet. A command may be
/// run with another configuration than the nodes', and must not tell the manager that what that names is gone.
pub(super) async fn declare_new(
    manager: &Manager,
    settings: &Settings,
) -> Result<(), ManagerError> {
    let known = manager.call(ListWorkspaces {}).await?;
    let is_known = |slug: &WorkspaceSlug| known.iter().any(|workspace| workspace.slug == *slug);
    let named = || crate::workspaces::enabled(settings).map(|workspace| &workspace.slug);
    let mut declared = known.iter().filter(|workspace| workspace.is_declared);
    let names_all = declared.all(|workspace| named().any(|slug| *slug == workspace.slug));
    if names_all && !named().all(is_known) {
        declare(manager, settings).await?;
    }
    Ok(())
}

/// Tells the manager which workspaces the configuration names.
pub(super) async fn declare(manager: &Manager, settings: &Settings) -> Result<(), ManagerError> {
    let workspaces = crate::workspaces::enabled(settings)
        .map(|workspace| Workspace {
            slug: workspace.slug.clone(),
            title: workspace.slug.to_string(),
            region: String::new(),
            hosts: workspace.hosts.clone(),
            public_url: workspace.public_url.as_ref().map(ToString::to_string),
            is_declared: true,
            is_hibernated: false,
            created_at: 0,
        })
        .collect();
    manager.call(DeclareWorkspaces { workspaces }).await
}
