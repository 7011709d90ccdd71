//! What the command line needs of a deployment, without a node.

use std::sync::Arc;

use tidegate_cli::{CommandManager, Deployment};
use tidegate_config::Settings;
use tidegate_control_plane::{Manager, ManagerError};
use tidegate_engines::SourceFactories;
use tidegate_login::SupersetUser;
use tidegate_types::{Clock, WorkspaceSlug};

use super::{manager, superset};
use crate::workspaces::KnownWorkspaces;

/// The deployment that the settings describe.
#[derive(Debug, Clone, Copy)]
pub struct CommandDeployment;

#[async_trait::async_trait]
impl Deployment for CommandDeployment {
    async fn open_manager(
        &self,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Result<CommandManager<Manager>, (String, ManagerError)> {
        let Some(configured) = &settings.manager else {
            return Ok(CommandManager::NotConfigured);
        };
        let place = manager::shown(&configured.place);
        let opened = async {
            let opened = manager::open_existing(&configured.place, clock).await?;
            if let Some(manager) = &opened {
                manager::declare_new(manager, settings).await?;
            }
            Ok(opened)
        };
        match opened.await {
            Ok(Some(manager)) => Ok(CommandManager::At(place, manager)),
            Ok(None) => Ok(CommandManager::Missing(place)),
            Err(err) => Err((place, err)),
        }
    }

    async fn superset_user(
        &self,
        settings: &Settings,
        manager: &Manager,
        clock: &Arc<dyn Clock>,
        workspace: &WorkspaceSlug,
        username: &str,
    ) -> SupersetUser {
        let manager = Some(manager.clone());
        let workspaces = KnownWorkspaces::new(
            settings,
            manager,
            None,
            SourceFactories::default(),
            Arc::clone(clock),
        );
        superset::ask_once(&workspaces, workspace, username).await
    }
}
