//! Operations whose arguments are good.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_tools::{Accepted, CatalogueEntry, Prompt, ToolFailure};

use super::Operation;

/// An operation with arguments that were checked.
pub(crate) enum CheckedOperation {
    Tool {
        entry: Arc<CatalogueEntry>,
        arguments: Accepted,
    },
    Prompt {
        prompt: Arc<dyn Prompt>,
        arguments: BTreeMap<String, String>,
    },
    Resource {
        uri: String,
    },
}

impl Operation {
    /// Checks the arguments.
    ///
    /// # Errors
    /// `InvalidArguments`; nothing was done.
    pub(crate) fn check(self) -> Result<CheckedOperation, ToolFailure> {
        Ok(match self {
            Self::Tool {
                entry, arguments, ..
            } => CheckedOperation::Tool {
                arguments: entry
                    .tool()
                    .accept(arguments)
                    .map_err(ToolFailure::InvalidArguments)?,
                entry,
            },
            Self::Prompt { prompt, arguments } => CheckedOperation::Prompt { prompt, arguments },
            Self::Resource { uri } => CheckedOperation::Resource { uri },
        })
    }
}
