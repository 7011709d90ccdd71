//! Scopes as people write them.

use clap::Args;
use tidegate_types::{Scope, ScopeSet};

#[derive(Args)]
pub(super) struct Scopes {
    /// What it may do at the most: read, query, write, admin; several with commas. Each includes those before it.
    #[arg(long, value_delimiter = ',', value_parser = scope, default_value = "read,query")]
    scopes: Vec<Scope>,
}

impl Scopes {
    pub(super) fn set(&self) -> ScopeSet {
        self.scopes.iter().copied().collect()
    }
}

/// With or without its prefix.
pub(super) fn scope(text: &str) -> Result<Scope, String> {
    text.parse()
        .or_else(|_| format!("mcp:{text}").parse())
        .map_err(|_: tidegate_types::UnknownScope| {
            format!("{text:?} is no scope: use read, query, write or admin")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_with_and_without_prefix() {
        assert_eq!(Ok(Scope::Query), scope("query"));
        assert_eq!(Ok(Scope::Query), scope("mcp:query"));
        assert!(scope("everything").is_err());
    }
}
