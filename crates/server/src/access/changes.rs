//! The manager's log of changes, read for the node, and for the parts around it that remember something as well.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_authorization_server::AuthorizationServer;
use tidegate_config::Settings;
use tidegate_control_plane::change::{LoggedChange, ReadChanges};
use tidegate_control_plane::workspace::{FindConnection, ListWorkspaces};
use tidegate_control_plane::{Manager, ManagerError};
use tidegate_runtime::{ChangeFeed, ControlChange, ControlChangePage, ControlError};
use tidegate_token_verifier::LiveResources;
use tidegate_types::WorkspaceSlug;
use tidegate_web::Directory;
use url::Url;

use super::FlagRules;
use crate::workspaces;

/// Reads the log, and keeps flags and names of workspaces fresh on the way.
pub(crate) struct Changes {
    manager: Manager,
    flags: Arc<FlagRules>,
    names: OnceLock<Names>,
    are_names_old: AtomicBool,
    /// Which of the manager's workspaces have something behind them: one that was declared once and is no more has not.
    connected: Mutex<HashMap<WorkspaceSlug, bool>>,
}

/// How long the names may hold up what else the log says.
const NAMES_LIMIT: Duration = Duration::from_millis(300);

/// What has to be told of new names.
struct Names {
    settings: Settings,
    issuer: Url,
    directory: Directory,
    authorization: AuthorizationServer,
    resources: LiveResources,
}

impl Changes {
    pub(super) fn new(manager: Manager, flags: Arc<FlagRules>) -> Self {
        Self {
            manager,
            flags,
            names: OnceLock::new(),
            are_names_old: AtomicBool::new(false),
            connected: Mutex::default(),
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
        resources: LiveResources,
    ) -> Result<(), ManagerError> {
        let names = Names {
            settings,
            issuer,
            directory,
            authorization,
            resources,
        };
        // Set once, by the application.
        let _ = self.names.set(names);
        self.refresh_names().await
    }

    async fn refresh_names(&self) -> Result<(), ManagerError> {
        let Some(names) = self.names.get() else {
            return Ok(());
        };
        let all = self.manager.call(ListWorkspaces {}).await?;
        self.connected
            .lock()
            .retain(|slug, _| all.iter().any(|workspace| workspace.slug == *slug));
        let mut others = Vec::new();
        for workspace in all {
            let mut own = workspaces::enabled(&names.settings);
            if !own.any(|own| own.slug == workspace.slug)
                && self.is_connected(&workspace.slug).await?
            {
                others.push(workspace);
            }
        }
        let others = others
            .iter()
            .map(|workspace| (&workspace.slug, workspace.hosts.as_slice()));
        let fresh = workspaces::names(&names.settings, others, &names.issuer);
        names.authorization.set_resources(fresh.resources.clone());
        names.resources.replace(fresh.resources.clone());
        names.directory.replace(fresh);
        Ok(())
    }

    async fn is_connected(&self, slug: &WorkspaceSlug) -> Result<bool, ManagerError> {
        let known = self.connected.lock().get(slug).copied();
        if let Some(is_connected) = known {
            return Ok(is_connected);
        }
        let find = FindConnection { slug: slug.clone() };
        let is_connected = self.manager.call(find).await?.is_some();
        self.connected.lock().insert(slug.clone(), is_connected);
        Ok(is_connected)
    }

    /// Before the changes are handed on, so that whoever acts on them finds the names as they are now; but a list of
    /// names that does not come is no reason to hold up a revocation, and is asked for again with the next reading.
    async fn refresh_names_soon(&self) {
        let refreshed = tokio::time::timeout(NAMES_LIMIT, self.refresh_names()).await;
        match refreshed {
            Ok(Ok(())) => self.are_names_old.store(false, Ordering::Release),
            Ok(Err(err)) => tracing::warn!(
                error = &err as &dyn std::error::Error,
                "the names of workspaces cannot be read; the earlier ones count"
            ),
            Err(_) => tracing::warn!(
                "the names of workspaces do not come in time; the earlier ones count"
            ),
        }
    }
}

#[async_trait::async_trait]
impl ChangeFeed for Changes {
    async fn read(&self, after: Option<u64>) -> Result<ControlChangePage, ControlError> {
        let failed = |err: ManagerError| ControlError(Box::new(err));
        let page = self.manager.call(ReadChanges { after }).await;
        let page = page.map_err(failed)?;
        let is_all = page.has_gap || after.is_none();
        let has = |of: fn(&LoggedChange) -> bool| is_all || page.changes.iter().any(of);
        if has(|change| matches!(change, LoggedChange::Flags { .. })) {
            self.flags.changed();
        }
        if has(|change| matches!(change, LoggedChange::Keys))
            && let Some(names) = self.names.get()
        {
            names.authorization.forget_keys();
        }
        if has(|change| matches!(change, LoggedChange::Workspace { .. })) {
            self.are_names_old.store(true, Ordering::Release);
        }
        if self.are_names_old.load(Ordering::Acquire) {
            self.refresh_names_soon().await;
        }
        Ok(ControlChangePage {
            changes: page.changes.into_iter().map(told).collect(),
            head: page.head,
            has_gap: page.has_gap,
        })
    }
}

fn told(change: LoggedChange) -> ControlChange {
    match change {
        LoggedChange::Session { workspace, id } => ControlChange::Session { workspace, id },
        LoggedChange::Workspace { workspace } => ControlChange::Workspace { workspace },
        LoggedChange::Flags { workspace } => ControlChange::Flags { workspace },
        LoggedChange::Keys => ControlChange::Keys,
        LoggedChange::Account => ControlChange::Account,
    }
}
