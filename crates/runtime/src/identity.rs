//! From a verified token to a principal of a workspace.
//!
//! A token's subject is looked up in the workspace's metastore, and the outcome is kept: in the shared
//! store for 5 minutes (session validation), so that a revocation holds on every node at once, and on
//! this node for seconds, so that most requests ask nobody.

use std::sync::Arc;
use std::time::Duration;

use tidegate_auth::{AuthFailure, Authenticator, VerifiedToken};
use tidegate_store::{Generation, Remembered, Validation, ValidationCache};
use tidegate_types::{Credential, Principal, ServiceCode, TokenId, UserId, WorkspaceSlug};

use crate::workspace::{WorkspaceError, WorkspaceHandle};

/// How long a validated session counts everywhere.
const VALIDATION_TTL: Duration = Duration::from_mins(5);

/// A token's user in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Validated {
    /// The user.
    pub(crate) user: UserId,
    /// `ab_user.username`.
    pub(crate) username: Arc<str>,
}

/// Why nobody is known to be calling.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// The credential did not pass.
    #[error(transparent)]
    Auth(#[from] AuthFailure),
    /// The credential is good, and nobody in this workspace goes by it.
    #[error("the token's subject is not an active member of the workspace")]
    NotAMember,
    /// The token was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// The workspace cannot be asked.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

impl IdentifyError {
    /// The kind of failure that the edge shows.
    pub fn service_code(&self) -> ServiceCode {
        match self {
            Self::Auth(failure) => failure.service_code(),
            Self::NotAMember | Self::Revoked => ServiceCode::Unauthenticated,
            Self::Workspace(err) => err.service_code(),
        }
    }
}

/// Tells who calls.
pub(crate) struct Identity {
    pub authenticator: Arc<dyn Authenticator>,
    pub validations: Arc<dyn ValidationCache>,
}

impl Identity {
    /// Checks a bearer token. This comes before the workspace is looked for, so that nobody without a token
    /// finds out which ones there are.
    ///
    /// # Errors
    /// See [`AuthFailure`].
    pub(crate) async fn authenticate(
        &self,
        bearer: Option<&str>,
    ) -> Result<Arc<VerifiedToken>, AuthFailure> {
        self.authenticator.authenticate(bearer).await
    }

    /// The principal that a verified token speaks for in a workspace.
    ///
    /// # Errors
    /// See [`IdentifyError`].
    pub(crate) async fn identify(
        &self,
        workspace: &WorkspaceHandle,
        token: &VerifiedToken,
    ) -> Result<Arc<Principal>, IdentifyError> {
        let id = match &token.credential {
            Credential::Token(id) => id.clone(),
            // The development user has no token; its name stands in for one.
            Credential::Development => development_token(&token.subject),
        };
        // Ids of tokens ought to be unique (RFC 7519 §4.1.7), and are not with every issuer.
        let validated = match workspace.validated().get(&id) {
            Some(validated) if *validated.username == *token.subject => validated,
            _ => self.validate(workspace, &id, &token.subject).await?,
        };
        Ok(Arc::new(Principal {
            workspace: workspace.workspace().slug.clone(),
            user: validated.user,
            username: Arc::clone(&validated.username),
            scopes: token.scopes,
            client: token.client.clone(),
            credential: token.credential.clone(),
        }))
    }

    async fn validate(
        &self,
        workspace: &WorkspaceHandle,
        token: &TokenId,
        subject: &str,
    ) -> Result<Arc<Validated>, IdentifyError> {
        let slug = &workspace.workspace().slug;
        let epoch = workspace.epoch();
        let remembered = self.remembered(slug, token).await;
        let generation = remembered.as_ref().map(|known| known.generation);
        let known = match remembered.and_then(|known| known.outcome) {
            // What is remembered is of another subject, and stays so.
            Some(Validation::Valid { username, .. }) if username != subject => {
                look_up(workspace, subject).await?
            }
            Some(known) => known,
            None => {
                let found = look_up(workspace, subject).await?;
                self.remember(slug, token, found, generation).await
            }
        };
        match known {
            Validation::Valid { user, username, .. } => {
                let validated = Arc::new(Validated {
                    user,
                    username: username.into(),
                });
                // What was read before a change may already be wrong: it serves this request alone.
                if epoch == workspace.epoch() {
                    workspace
                        .validated()
                        .insert(token.clone(), Arc::clone(&validated));
                }
                Ok(validated)
            }
            Validation::Revoked => Err(IdentifyError::Revoked),
        }
    }

    /// The shared outcome. With the store gone the metastore is asked each time, which any node can.
    async fn remembered(&self, slug: &WorkspaceSlug, token: &TokenId) -> Option<Remembered> {
        match self.validations.get(slug, token).await {
            Ok(remembered) => Some(remembered),
            Err(err) => {
                tracing::warn!(
                    error = &err as &dyn std::error::Error,
                    "session validation goes on without the store"
                );
                None
            }
        }
    }

    async fn remember(
        &self,
        slug: &WorkspaceSlug,
        token: &TokenId,
        found: Validation,
        generation: Option<Generation>,
    ) -> Validation {
        let Some(generation) = generation else {
            return found;
        };
        self.validations
            .put(slug, token, found.clone(), generation, VALIDATION_TTL)
            .await
            .unwrap_or(found)
    }
}

/// The subject's user in the workspace's metastore.
async fn look_up(workspace: &WorkspaceHandle, subject: &str) -> Result<Validation, IdentifyError> {
    let user = workspace
        .workspace()
        .metastore
        .users()
        .by_username(subject)
        .await
        .map_err(|err| {
            tracing::warn!(
                error = &err as &dyn std::error::Error,
                "could not look up a user"
            );
            WorkspaceError::Unavailable(Arc::new(err))
        })?;
    let user = user.ok_or(IdentifyError::NotAMember)?;
    Ok(Validation::Valid {
        user: user.id,
        username: user.username,
        standing: None,
    })
}

fn development_token(username: &str) -> TokenId {
    let hex: String =
        username
            .bytes()
            .take(50)
            .fold(String::from("development-"), |mut text, byte| {
                use std::fmt::Write as _;
                let _ = write!(text, "{byte:02x}");
                text
            });
    hex.parse().expect("hexadecimal digits are visible ASCII")
}
