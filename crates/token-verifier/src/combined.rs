use std::sync::Arc;

use tidegate_config::AuthSettings;
use tidegate_types::Clock;

use crate::{
    AuthFailure, Authenticator, OwnTokenAuthenticator, SetupError, StaticTokens, VerifiedToken,
    from_settings,
};

/// Tokens of several kinds, told apart by their form before anything is checked: API tokens and JWTs that name us as
/// their issuer are ours and nobody else's, then static tokens, then whatever another authenticator takes.
#[derive(Debug)]
pub struct CombinedAuthenticator {
    own: Option<OwnTokenAuthenticator>,
    static_tokens: StaticTokens,
    other: Option<Arc<dyn Authenticator>>,
}

impl CombinedAuthenticator {
    /// Accepts what is given.
    pub fn new(
        own: Option<OwnTokenAuthenticator>,
        static_tokens: StaticTokens,
        other: Option<Arc<dyn Authenticator>>,
    ) -> Self {
        Self {
            own,
            static_tokens,
            other,
        }
    }

    /// The authenticator of a deployment: what the settings ask for, and our own tokens where there is a manager.
    ///
    /// # Errors
    /// A key cannot be read, or there is nobody whose tokens are accepted.
    pub fn from_settings(
        settings: &AuthSettings,
        own: Option<OwnTokenAuthenticator>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<dyn Authenticator>, SetupError> {
        let other = from_settings(settings, clock)?;
        let static_tokens = StaticTokens::new(&settings.static_tokens);
        match (own, other) {
            (None, None) if static_tokens.is_empty() => Err(SetupError::Nobody),
            (None, Some(other)) if static_tokens.is_empty() => Ok(other),
            (own, other) => Ok(Arc::new(Self::new(own, static_tokens, other))),
        }
    }
}

#[async_trait::async_trait]
impl Authenticator for CombinedAuthenticator {
    async fn authenticate(&self, bearer: Option<&str>) -> Result<Arc<VerifiedToken>, AuthFailure> {
        if let Some(token) = bearer.filter(|token| !token.is_empty()) {
            if let Some(own) = &self.own {
                if let Some(known) = own.known(token) {
                    return Ok(known);
                }
                if own.claims_as_own(token) {
                    return own.authenticate(bearer).await;
                }
            }
            if !self.static_tokens.is_empty()
                && let Some(token) = self.static_tokens.find(token)
            {
                return Ok(Arc::clone(token));
            }
        }
        match &self.other {
            Some(other) => other.authenticate(bearer).await,
            None if bearer.is_none_or(str::is_empty) => Err(AuthFailure::Missing),
            None => Err(AuthFailure::Refused),
        }
    }

    fn keys_changed(&self) {
        if let Some(own) = &self.own {
            own.keys_changed();
        }
        if let Some(other) = &self.other {
            other.keys_changed();
        }
    }
}

#[cfg(test)]
mod tests;
