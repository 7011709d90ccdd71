use std::sync::Arc;

use tidegate_types::{ClientName, Credential, ScopeSet};

use crate::{AuthFailure, Authenticator, TokenKind, VerifiedToken};

/// Everyone is one user, whatever they send.
#[derive(Debug)]
pub struct DevelopmentAuthenticator {
    token: Arc<VerifiedToken>,
}

impl DevelopmentAuthenticator {
    /// For the user of this name (`ab_user.username`).
    pub fn new(username: &str) -> Self {
        let token = VerifiedToken {
            kind: TokenKind::Development,
            subject: username.into(),
            client: ClientName("development".into()),
            scopes: ScopeSet::all(),
            credential: Credential::Development,
            expires_at_unix_secs: None,
            grant: None,
            workspace: None,
        };
        Self {
            token: Arc::new(token),
        }
    }
}

#[async_trait::async_trait]
impl Authenticator for DevelopmentAuthenticator {
    async fn authenticate(&self, _bearer: Option<&str>) -> Result<Arc<VerifiedToken>, AuthFailure> {
        Ok(Arc::clone(&self.token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everyone_is_the_development_user_with_or_without_a_token() {
        let authenticator = DevelopmentAuthenticator::new("admin");
        for bearer in [None, Some("anything")] {
            let token = authenticator.authenticate(bearer).await.unwrap();
            assert_eq!("admin", token.subject.as_str());
            assert_eq!(Credential::Development, token.credential);
        }
    }
}
