//! From a tool's name to a call that may go on.

use std::sync::Arc;

use tidegate_types::{Principal, Scope};

use super::{Catalogue, CatalogueEntry};
use crate::system::call_tool;
use crate::{ArgumentProblem, CallArguments, Grants, ToolFailure, ToolVisibility, decide};

/// A call that may go on: the tool that runs, and its own arguments.
pub struct ResolvedCall<'a> {
    /// The tool that runs; for a call through `call_tool` the inner one. Limits, cache, audit and metrics go
    /// by its spec.
    pub entry: &'a Arc<CatalogueEntry>,
    /// What it gets.
    pub arguments: CallArguments,
    /// Whether the call came through `call_tool`.
    pub is_indirect: bool,
}

/// Why a call may not go on.
#[derive(Debug, thiserror::Error)]
pub enum CallRefusal {
    /// There is no such tool for this principal; the text fits a protocol error.
    #[error("{0}")]
    UnknownTool(String),
    /// The token's scopes do not reach the tool; the text fits a protocol error as well.
    #[error("tool {tool:?} needs the scope {needed}, which the token does not have")]
    InsufficientScope {
        /// The tool that runs.
        tool: String,
        /// A scope that would do.
        needed: Scope,
    },
    /// `call_tool` cannot tell what to call: nothing was done.
    #[error("the arguments are not valid")]
    InvalidArguments(Vec<ArgumentProblem>),
}

impl From<CallRefusal> for ToolFailure {
    fn from(refusal: CallRefusal) -> Self {
        match refusal {
            CallRefusal::UnknownTool(message) => Self::NotFound(message),
            CallRefusal::InsufficientScope { .. } => Self::Forbidden(refusal.to_string()),
            CallRefusal::InvalidArguments(problems) => Self::InvalidArguments(problems),
        }
    }
}

impl Catalogue {
    /// Finds the tool of a call and decides whether it may run. A call of `call_tool` becomes the call that
    /// it stands for, under the same decision. Every call goes through here.
    ///
    /// # Errors
    /// See [`CallRefusal`]. A tool that is hidden is unknown.
    pub fn resolve_call<'a>(
        &'a self,
        name: &str,
        arguments: CallArguments,
        principal: &Principal,
        grants: &dyn Grants,
    ) -> Result<ResolvedCall<'a>, CallRefusal> {
        let entry = self.allowed(name, principal, grants)?;
        if name != call_tool::NAME {
            return Ok(ResolvedCall {
                entry,
                arguments,
                is_indirect: false,
            });
        }
        let (inner, arguments) =
            call_tool::unwrap(arguments).map_err(CallRefusal::InvalidArguments)?;
        let entry = self.allowed(&inner, principal, grants)?;
        Ok(ResolvedCall {
            entry,
            arguments,
            is_indirect: true,
        })
    }

    fn allowed(
        &self,
        name: &str,
        principal: &Principal,
        grants: &dyn Grants,
    ) -> Result<&Arc<CatalogueEntry>, CallRefusal> {
        let entry = self.tools.get(name);
        match entry.map(|entry| (entry, decide(entry.spec(), principal, grants))) {
            Some((entry, ToolVisibility::Allowed)) => Ok(entry),
            Some((_, ToolVisibility::InsufficientScope(needed))) => {
                Err(CallRefusal::InsufficientScope {
                    tool: name.to_owned(),
                    needed,
                })
            }
            // The hint names only what this principal may see.
            Some((_, ToolVisibility::Hidden)) | None => {
                let shown: String = name.chars().take(128).collect();
                let visible = self
                    .visible(principal, grants)
                    .map(|entry| entry.spec().name);
                let hint = crate::arguments::nearest(name, visible.filter(|other| *other != name));
                let hint = hint
                    .map(|hint| format!("; did you mean {hint:?}?"))
                    .unwrap_or_default();
                Err(CallRefusal::UnknownTool(format!(
                    "tool {shown:?} does not exist, or you may not use it{hint}"
                )))
            }
        }
    }
}
