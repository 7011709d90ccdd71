//! The manager that the settings ask for.

use std::sync::Arc;

use tidegate_config::{ManagerPlace, Settings};
use tidegate_control_plane::workspace::{DeclareWorkspaces, ListWorkspaces, Workspace};
use tidegate_control_plane::{
    LocalManager, LocalSettings, Manager, ManagerError, RemoteManager, RemoteSettings,
};
use tidegate_types::{Clock, ExposeSecret as _, WorkspaceSlug};
use url::Url;

/// Opens it, and makes it where it is not there.
pub(super) async fn open(
    place: &ManagerPlace,
    clock: &Arc<dyn Clock>,
) -> Result<Manager, ManagerError> {
    if let ManagerPlace::Sqlite { path, .. } = place
        && let Some(folder) = path.parent()
    {
        std::fs::create_dir_all(folder).map_err(|err| {
            ManagerError::Unavailable(
                format!("the folder {} cannot be made: {err}", folder.display()).into(),
            )
        })?;
    }
    match local(place) {
        Some(local) => {
            let manager = LocalManager::open(local, Arc::clone(clock)).await?;
            Ok(Manager::Local(Arc::new(manager)))
        }
        None => remote(place),
    }
}

/// Opens it for a command, which makes and changes nothing by that. `None`: it is not there.
pub(super) async fn open_existing(
    place: &ManagerPlace,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Manager>, ManagerError> {
    match local(place) {
        Some(local) => {
            let manager = LocalManager::open_existing(local, Arc::clone(clock)).await?;
            Ok(manager.map(|manager| Manager::Local(Arc::new(manager))))
        }
        None => remote(place).map(Some),
    }
}

fn local(place: &ManagerPlace) -> Option<LocalSettings> {
    match place {
        ManagerPlace::Sqlite { path, secret } => Some(LocalSettings::Sqlite {
            path: path.clone(),
            secret: secret.clone(),
        }),
        ManagerPlace::Postgres { url, secret } => Some(LocalSettings::Postgres {
            url: url.clone(),
            secret: secret.clone(),
        }),
        ManagerPlace::Remote { .. } => None,
    }
}

fn remote(place: &ManagerPlace) -> Result<Manager, ManagerError> {
    let ManagerPlace::Remote {
        url,
        token,
        timeout,
    } = place
    else {
        return Err(ManagerError::Internal("the manager is not remote".into()));
    };
    let remote = RemoteManager::new(&RemoteSettings {
        url: url.clone(),
        token: token.clone(),
        timeout: *timeout,
    })?;
    Ok(Manager::Remote(Arc::new(remote)))
}

/// Where it is, for people: a file, a database without user and password, another node.
pub(super) fn shown(place: &ManagerPlace) -> String {
    match place {
        ManagerPlace::Sqlite { path, .. } => path.display().to_string(),
        ManagerPlace::Postgres { url, .. } => match Url::parse(url.expose_secret()) {
            Ok(url) => {
                let port = url
                    .port()
                    .map_or_else(String::new, |port| format!(":{port}"));
                let host = url.host_str().unwrap_or_default();
                format!("postgres://{host}{port}{}", url.path())
            }
            Err(_) => "a PostgreSQL database".to_owned(),
        },
        ManagerPlace::Remote { url, .. } => url.as_str().trim_end_matches('/').to_owned(),
    }
}

/// Looks whether it can be used, and changes nothing. Whether there is one already.
pub(crate) async fn look(
    place: &ManagerPlace,
    clock: &Arc<dyn Clock>,
) -> Result<bool, ManagerError> {
    match local(place) {
        Some(local) => LocalManager::look(local, Arc::clone(clock)).await,
        None => remote(place)?.call(ListWorkspaces {}).await.map(|_| true),
    }
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
