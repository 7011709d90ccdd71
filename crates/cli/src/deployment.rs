//! The port to the parts of a deployment that only the server can open.

use std::sync::Arc;

use tidegate_config::Settings;
use tidegate_control_plane::{Manager, ManagerError};
use tidegate_login::SupersetUser;
use tidegate_types::{Clock, WorkspaceSlug};

/// The manager that commands ask, as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandManager<M> {
    /// The settings ask for none.
    NotConfigured,
    /// There is none at this place: no server made it yet.
    Missing(String),
    /// It is there.
    At(String, M),
}

/// What commands need besides the manager's operations.
#[async_trait::async_trait]
pub trait Deployment: Send + Sync {
    /// Opens the manager that the settings ask for, and never makes one. It knows the workspaces that the configuration
    /// names.
    ///
    /// # Errors
    /// It cannot be opened, or not be reached. The text says where it is.
    async fn open_manager(
        &self,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Result<CommandManager<Manager>, (String, ManagerError)>;

    /// The user of a workspace's Superset that a member would act as, without a node. A workspace that we embed is not
    /// opened: its users are made when they are needed.
    async fn superset_user(
        &self,
        settings: &Settings,
        manager: &Manager,
        clock: &Arc<dyn Clock>,
        workspace: &WorkspaceSlug,
        username: &str,
    ) -> SupersetUser;
}
