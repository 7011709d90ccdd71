//! What authentication asks of the manager: the ports of `tidegate-token-verifier`, answered by operations.

use async_trait::async_trait;
use tidegate_oauth_types::SecretHash;
use tidegate_token_verifier::{
    ApiTokenFound, ApiTokens, AuthFailure, NoStanding, OwnKeys, Standing as AuthStanding,
    StandingSource,
};
use tidegate_types::{GrantId, WorkspaceSlug};

use crate::api_token::FindApiToken;
use crate::signing_key::ListSigningKeys;
use crate::standing::{CheckStanding, Refusal, Standing};
use crate::{Manager, ManagerError};

/// A caller learns that it cannot be told now; why is for the operator.
fn unavailable(err: &ManagerError) -> AuthFailure {
    tracing::warn!(
        error = err as &dyn std::error::Error,
        "the manager did not answer a question of authentication"
    );
    AuthFailure::Unavailable
}

#[async_trait]
impl StandingSource for Manager {
    async fn standing(
        &self,
        grant: &GrantId,
        workspace: &WorkspaceSlug,
    ) -> Result<AuthStanding, AuthFailure> {
        let check = CheckStanding {
            session: grant.clone(),
            workspace: workspace.clone(),
        };
        match self.call(check).await {
            Ok(standing) => Ok(standing.into()),
            Err(err) => Err(unavailable(&err)),
        }
    }
}

impl From<Standing> for AuthStanding {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Good {
                account,
                superset_username,
                client,
                scopes,
            } => Self::Good {
                account,
                username: superset_username,
                client,
                scopes,
            },
            Standing::Refused(refusal) => Self::Refused(refusal.into()),
        }
    }
}

impl From<Refusal> for NoStanding {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::Unknown,
            Refusal::Ended => Self::Ended,
            Refusal::Expired => Self::Expired,
            Refusal::OtherWorkspace => Self::OtherWorkspace,
            Refusal::AccountInactive => Self::AccountInactive,
            Refusal::NotAMember => Self::NotAMember,
            Refusal::ClientRefused => Self::ClientRefused,
            Refusal::NoScope => Self::NoScope,
            Refusal::Hibernated => Self::Hibernated,
        }
    }
}

#[async_trait]
impl ApiTokens for Manager {
    async fn find(&self, hash: &SecretHash) -> Result<Option<ApiTokenFound>, AuthFailure> {
        let found = self.call(FindApiToken { secret: *hash }).await;
        let found = found.map_err(|err| unavailable(&err))?;
        Ok(found
            .filter(|token| token.ended_at.is_none())
            .map(|token| ApiTokenFound {
                id: token.id,
                account: token.account,
                workspace: token.workspace,
                scopes: token.scopes,
                expires_at: token.expires_at,
            }))
    }
}

#[async_trait]
impl OwnKeys for Manager {
    async fn public_jwks(&self) -> Result<Vec<serde_json::Value>, AuthFailure> {
        let keys = self.call(ListSigningKeys {}).await;
        let keys = keys.map_err(|err| unavailable(&err))?;
        Ok(keys.into_iter().map(|key| key.public_jwk).collect())
    }
}
