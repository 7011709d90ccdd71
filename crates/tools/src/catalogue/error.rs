//! Why a catalogue cannot be served.

use tidegate_protocol::parameter_header::InvalidHeaderAnnotation;

use crate::UnsupportedSchema;

/// A catalogue that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Two tools, resources or prompts of one name.
    #[error("{kind} {name:?} is there twice")]
    Duplicate {
        /// What it is.
        kind: &'static str,
        /// Its name or URI.
        name: String,
    },
    /// Names are 1 to 128 of `[A-Za-z0-9_.-]`.
    #[error("tool name {0:?} is not 1 to 128 of A-Z, a-z, 0-9, _, . and -")]
    InvalidName(String),
    /// The schema of the arguments cannot be held.
    #[error("tool {tool:?} cannot be published")]
    Schema {
        /// The tool.
        tool: String,
        /// What went wrong below.
        #[source]
        source: UnsupportedSchema,
    },
    /// A header annotation breaks the rules of 2026-07-28.
    #[error("tool {tool:?} cannot be published")]
    Header {
        /// The tool.
        tool: String,
        /// What went wrong below.
        #[source]
        source: InvalidHeaderAnnotation,
    },
    /// A definition does not serialize.
    #[error("tool {tool:?} cannot be published")]
    Definition {
        /// The tool.
        tool: String,
        /// What went wrong below.
        #[source]
        source: serde_json::Error,
    },
    /// A setting turns off a tool that does not exist.
    #[error("tool {name:?} cannot be turned off, since it does not exist{hint}")]
    UnknownDisabled {
        /// As the setting has it.
        name: String,
        /// The nearest name, as a clause.
        hint: String,
    },
}
