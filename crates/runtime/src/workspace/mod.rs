//! Workspaces that are in use on this node.

mod actor;
mod announcement;
mod content;
mod handle;
mod registry;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tidegate_tools::Workspace;
use tidegate_types::{ServiceCode, WorkspaceSlug};

pub(crate) use actor::CatchUp;
pub(crate) use handle::FeedItem;
pub use handle::WorkspaceHandle;
pub(crate) use registry::WorkspaceRegistry;

/// Opens workspaces: where their metastores and engines are is not the runtime's business.
#[async_trait::async_trait]
pub trait OpenWorkspace: Send + Sync {
    /// Opens the metastore and prepares the engines of a workspace. `None`: there is no such workspace.
    ///
    /// # Errors
    /// When it exists and cannot be opened now; the next request tries again.
    async fn open(&self, slug: &WorkspaceSlug) -> Result<Option<Workspace>, OpenError>;

    /// Whether an open workspace is still there and where it was. Asked when something about it changed in the
    /// control plane; on `false` it is closed, and opened again by the next request. Workspaces of the configuration
    /// stay until the node stops, so that this is `true` unless it is implemented.
    ///
    /// # Errors
    /// It cannot be told now; the workspace goes on as it is.
    async fn is_current(&self, workspace: &Workspace) -> Result<bool, OpenError> {
        let _ = workspace;
        Ok(true)
    }
}

/// A workspace that exists and cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("workspace {slug} could not be opened")]
pub struct OpenError {
    /// The workspace.
    pub slug: WorkspaceSlug,
    /// Why, in words that may be shown on a probe: no host, no user, no file.
    pub reason: String,
    /// Why, for the log.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Why a workspace, or somebody's rights in it, cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WorkspaceError {
    /// No such workspace.
    #[error("there is no such workspace")]
    Unknown,
    /// The user is unknown there, or not active.
    #[error("the user is not an active member of the workspace")]
    NotAMember,
    /// It cannot be opened or asked now.
    #[error("the workspace cannot be reached")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// Its actor has more to do than it can take.
    #[error("the workspace is busy")]
    Overloaded,
}

impl WorkspaceError {
    /// The kind of failure that the edge shows.
    pub fn service_code(&self) -> ServiceCode {
        match self {
            Self::Unknown => ServiceCode::NotFound,
            Self::NotAMember => ServiceCode::Unauthenticated,
            Self::Unavailable(_) => ServiceCode::Unavailable,
            Self::Overloaded => ServiceCode::Overloaded,
        }
    }
}
