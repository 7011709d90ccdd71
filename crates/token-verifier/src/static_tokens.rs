//! Static tokens of an older set-up, accepted while clients move to others.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate_config::StaticToken;
use tidegate_types::{ClientName, Credential, ExposeSecret, ScopeSet};

use crate::token_cache::digest_of;
use crate::{TokenKind, VerifiedToken};

/// Static tokens by SHA-256. They never end and reach as far as their user's own rights.
#[derive(Debug, Default)]
pub struct StaticTokens {
    by_digest: HashMap<[u8; 32], Arc<VerifiedToken>>,
}

impl StaticTokens {
    /// The tokens of the configuration. What is kept of one is its hash.
    pub fn new(tokens: &[StaticToken]) -> Self {
        let by_digest = tokens
            .iter()
            .map(|configured| {
                let id = format!("static:{}", configured.name);
                let id = id
                    .parse()
                    .unwrap_or_else(|_| "static".parse().expect("six letters are visible ASCII"));
                let token = VerifiedToken {
                    kind: TokenKind::Static,
                    subject: configured.user.as_str().into(),
                    client: ClientName(configured.name.as_str().into()),
                    scopes: ScopeSet::all(),
                    credential: Credential::Token(id),
                    expires_at_unix_secs: None,
                    grant: None,
                    workspace: configured.workspace.clone(),
                };
                (digest_of(configured.token.expose_secret()), Arc::new(token))
            })
            .collect();
        Self { by_digest }
    }

    /// Whether there are none, so that nothing needs to be hashed.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_digest.is_empty()
    }

    /// The token of a presented text. Found by hash: how long that takes says nothing of the token.
    pub(crate) fn find(&self, presented: &str) -> Option<&Arc<VerifiedToken>> {
        self.by_digest.get(&digest_of(presented))
    }
}
