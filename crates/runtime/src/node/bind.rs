//! Who calls, and into which workspace.

use tidegate_types::{Principal, WorkspaceSlug};

use super::Node;
use crate::access_guard::Admitted;
use crate::identity::IdentifyError;
use crate::service::{Caller, TraceParent};

/// A caller who is authenticated and bound to a workspace. Only [`Node::bind`] makes one, so that nothing
/// can be asked of a node by anybody else.
#[derive(Clone)]
pub struct Bound(pub(super) Caller);

impl Bound {
    /// Who it is.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }
}

impl Node {
    /// Authenticates a caller and binds them to a workspace: the one that the request names, or else the one that the
    /// token is for.
    ///
    /// # Errors
    /// See [`IdentifyError`].
    pub async fn bind<'a>(
        &self,
        workspace: impl Into<Option<&'a WorkspaceSlug>>,
        bearer: Option<&str>,
        trace: TraceParent,
    ) -> Result<Bound, IdentifyError> {
        let admitted = self.access_guard.admit(workspace.into(), bearer).await;
        let Admitted {
            workspace,
            token,
            principal,
            access,
        } = admitted
            .inspect_err(|err| tracing::debug!(reason = %err, "a caller was turned away"))?;
        Ok(Bound(Caller {
            workspace,
            principal,
            access,
            token,
            trace,
        }))
    }
}
