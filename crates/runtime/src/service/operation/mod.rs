//! What can be asked of the catalogue: an operation is named, checked and done, a file each.

mod check;
mod produce;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tidegate_protocol::Method;
use tidegate_tools::{CallArguments, CatalogueEntry, Prompt};

pub(crate) use check::CheckedOperation;
pub(crate) use produce::Produced;

/// One thing to do.
pub(crate) enum Operation {
    /// `tools/call`.
    Tool {
        entry: Arc<CatalogueEntry>,
        /// As they came, read.
        arguments: CallArguments,
        /// Whether the call came through `call_tool`.
        is_indirect: bool,
    },
    /// `prompts/get`.
    Prompt {
        prompt: Arc<dyn Prompt>,
        arguments: BTreeMap<String, String>,
    },
    /// `resources/read`.
    Resource { uri: String },
}

/// What an operation is called by. Cheap to clone.
#[derive(Clone)]
pub(crate) struct OperationSummary {
    /// The protocol method.
    pub method: Method,
    /// A tool, a prompt or a URI.
    pub target: Arc<str>,
}

impl Operation {
    /// For records and seals.
    pub(crate) fn summary(&self) -> OperationSummary {
        match self {
            Self::Tool { entry, .. } => OperationSummary {
                method: Method::CallTool,
                target: entry.spec().name.into(),
            },
            Self::Prompt { prompt, .. } => OperationSummary {
                method: Method::GetPrompt,
                target: prompt.definition().name.into(),
            },
            Self::Resource { uri } => OperationSummary {
                method: Method::ReadResource,
                target: uri.as_str().into(),
            },
        }
    }

    /// The arguments as they came, for records and seals; none are the same as no members.
    pub(crate) fn arguments(&self) -> Cow<'_, Value> {
        match self {
            Self::Tool { arguments, .. } => Cow::Borrowed(arguments.value()),
            Self::Prompt { arguments, .. } => {
                let members = arguments
                    .iter()
                    .map(|(name, text)| (name.clone(), Value::from(text.as_str())));
                Cow::Owned(Value::Object(members.collect()))
            }
            Self::Resource { .. } => Cow::Owned(Value::Object(serde_json::Map::new())),
        }
    }

    /// The tool, if it is one.
    pub(crate) fn tool(&self) -> Option<&Arc<CatalogueEntry>> {
        match self {
            Self::Tool { entry, .. } => Some(entry),
            Self::Prompt { .. } | Self::Resource { .. } => None,
        }
    }
}
