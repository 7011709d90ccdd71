//! The manager's log of changes, read for the node, and for the parts around it that remember something as well.

use std::sync::{Arc, OnceLock};

use tidegate_authorization::AuthorizationServer;
use tidegate_config::Settings;
use tidegate_manager::change::{Change, ReadChanges};
use tidegate_manager::workspace::{FindConnection, ListWorkspaces};
use tidegate_manager::{Manager, ManagerError};
use tidegate_runtime::{ChangeFeed, ControlChange, ControlChangePage, ControlError};
use tidegate_web::Directory;
use url::Url;

use super::FlagRules;
use crate::workspaces;

/// Reads the log, and keeps flags and names of workspaces fresh on the way.
pub(crate) struct Changes {
    manager: Manager,
    flags: Arc<FlagRules>,
    names: OnceLock<Names>,
}

/// What has to be told of new names.
struct Names {
    settings: Settings,
    issuer: Url,
    directory: Directory,
    authorization: AuthorizationServer,
}

impl Changes {
    pub(super) fn new(manager: Manager, flags: Arc<FlagRules>) -> Self {
        Self {
            manager,
            flags,
            names: OnceLock::new(),
        }
    }

    /// From now on the directory has the names of the manager's workspaces as well.
    ///
    /// # Errors
    /// The manager cannot be reached; the names come with the next change then.
    pub(crate) async fn keep_names(
        &self,
        settings: Settings,
        issuer: Url,
        directory: Directory,
        authorization: AuthorizationServer,
    ) -> Result<(), ManagerError> {
        let names = Names {
            settings,
            issuer,
            directory,
            authorization,
        };
        // Set once, by the application.
        let _ = self.names.set(names);
        self.refresh_names().await
    }

    async fn refresh_names(&self) -> Result<(), ManagerError> {
        let Some(names) = self.names.get() else {
            return Ok(());
        };
        let mut others = Vec::new();
        for workspace in self.manager.call(ListWorkspaces {}).await? {
            let mut own = workspaces::enabled(&names.settings);
            let find = FindConnection {
                slug: workspace.slug.clone(),
            };
            // One that was declared once and is no more has nothing behind it.
            if !own.any(|own| own.slug == workspace.slug)
                && self.manager.call(find).await?.is_some()
            {
                others.push(workspace);
            }
        }
        let others = others
            .iter()
            .map(|workspace| (&workspace.slug, workspace.hosts.as_slice()));
        let fresh = workspaces::names(&names.settings, others, &names.issuer);
        names.authorization.set_resources(fresh.resources.clone());
        names.directory.replace(fresh);
        Ok(())
    }
}

#[async_trait::async_trait]
impl ChangeFeed for Changes {
    async fn read(&self, after: Option<u64>) -> Result<ControlChangePage, ControlError> {
        let failed = |err: ManagerError| ControlError(Box::new(err));
        let page = self.manager.call(ReadChanges { after }).await;
        let page = page.map_err(failed)?;
        let is_all = page.has_gap || after.is_none();
        let has = |of: fn(&Change) -> bool| is_all || page.changes.iter().any(of);
        if has(|change| matches!(change, Change::Flags { .. })) {
            self.flags.changed();
        }
        if has(|change| matches!(change, Change::Keys))
            && let Some(names) = self.names.get()
        {
            names.authorization.forget_keys();
        }
        // Before the page is handed on: whoever acts on it finds the names as they are now, and a failure is read again.
        if has(|change| matches!(change, Change::Workspace { .. })) {
            self.refresh_names().await.map_err(failed)?;
        }
        Ok(ControlChangePage {
            changes: page.changes.into_iter().map(told).collect(),
            head: page.head,
            has_gap: page.has_gap,
        })
    }
}

fn told(change: Change) -> ControlChange {
    match change {
        Change::Session { workspace, id } => ControlChange::Session { workspace, id },
        Change::Workspace { workspace } => ControlChange::Workspace { workspace },
        Change::Flags { workspace } => ControlChange::Flags { workspace },
        Change::Keys => ControlChange::Keys,
        Change::Account => ControlChange::Account,
    }
}
