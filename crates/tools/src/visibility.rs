use std::sync::Arc;

use tidegate_metastore::Access;
use tidegate_types::{Principal, Scope};

use crate::ToolSpec;

/// Whether a principal may see and call a tool. Lists and calls ask the same question, so that what is
/// listed can be called and what is not listed cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolVisibility {
    /// It is listed and can be called.
    Allowed,
    /// The user might, but the token may not: a token with this scope could. Not listed.
    InsufficientScope(Scope),
    /// The user's roles do not grant it. For them the tool does not exist.
    Hidden,
}

/// What a user's roles grant; [`Access`] in production.
pub trait Grants {
    /// Whether a role grants a permission on a view, such as `can_read` on `Chart`.
    fn can(&self, permission: &str, view: &str) -> bool;
}

impl Grants for Access {
    fn can(&self, permission: &str, view: &str) -> bool {
        Access::can(self, permission, view)
    }
}

impl<G: Grants> Grants for Arc<G> {
    fn can(&self, permission: &str, view: &str) -> bool {
        G::can(self, permission, view)
    }
}

/// Decides about one tool. Roles go before scopes: who may not is not told which scope to ask for.
pub fn decide(spec: &ToolSpec, principal: &Principal, grants: &dyn Grants) -> ToolVisibility {
    let is_granted = spec
        .permission
        .is_none_or(|needed| grants.can(needed.permission, needed.view));
    if !is_granted {
        ToolVisibility::Hidden
    } else if principal.scopes.allows(spec.scope) {
        ToolVisibility::Allowed
    } else {
        ToolVisibility::InsufficientScope(spec.scope)
    }
}
