//! Whether what the settings name can be reached, without serving and without changing anything.

use std::sync::Arc;

use tidegate_config::{MetastoreSettings as Where, Settings, StateBackend, WorkspaceSettings};
use tidegate_metastore::Metastore;
use tidegate_types::{Clock, SystemClock, error_chain};

use crate::access::manager;
use crate::{state, workspaces};

type ProbeOutcome = Result<String, String>;

/// One part that a node needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// `redis`, `manager`, `workspace acme`.
    pub part: String,
    /// What was found, or what is wrong. Without secrets.
    pub outcome: Result<String, String>,
}

/// Tries Redis, the manager and the metastores of the configuration, one after the other.
pub async fn check_connections(settings: &Settings) -> Vec<Connection> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut found = Vec::new();
    if let StateBackend::Redis(redis) = &settings.state.backend {
        let outcome = state::look(redis).await;
        found.push(Connection {
            part: "redis".to_owned(),
            outcome: outcome
                .map(|()| "answers".to_owned())
                .map_err(|err| error_chain(&err)),
        });
    }
    if let Some(configured) = &settings.manager {
        let outcome = manager::look(&configured.place, &clock).await;
        let said = |exists| {
            if exists {
                "is there"
            } else {
                "is made by the first start"
            }
        };
        found.push(Connection {
            part: "manager".to_owned(),
            outcome: outcome
                .map(|exists| said(exists).to_owned())
                .map_err(|err| error_chain(&err)),
        });
    }
    for workspace in workspaces::enabled(settings) {
        found.push(Connection {
            part: format!("workspace {}", workspace.slug),
            outcome: look_at(workspace).await,
        });
    }
    found
}

async fn look_at(workspace: &WorkspaceSettings) -> ProbeOutcome {
    let settings = workspaces::metastore_settings(workspace);
    let metastore = match &workspace.metastore {
        Where::Embedded { folder } if !folder.join("metastore.sqlite").exists() => {
            return Ok("is made by the first start".to_owned());
        }
        Where::Embedded { folder } => {
            Metastore::open_sqlite(folder.join("metastore.sqlite"), false, settings).await
        }
        Where::Sqlite { path } => Metastore::open_sqlite(path, false, settings).await,
        Where::Postgres { url } => Metastore::connect_postgres(url, settings),
    };
    let metastore = metastore.map_err(|err| error_chain(&err))?;
    metastore
        .check_revision()
        .await
        .map_err(|err| error_chain(&err))?;
    let found = metastore.databases().stored_passwords().await;
    let found = found.map_err(|err| error_chain(&err))?;
    match workspaces::secret_key_problem(&workspace.slug, &found) {
        Some(problem) => Err(format!("{problem} ({})", found.unreadable.join(", "))),
        None if found.readable > 0 => Ok(format!(
            "holds Superset 6.1's tables; the secret key decrypts the passwords of its databases ({} tried)",
            found.readable
        )),
        None => Ok("holds Superset 6.1's tables".to_owned()),
    }
}
