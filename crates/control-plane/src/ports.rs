//! What authentication asks of the manager: the ports of `tidegate-token-verifier`, answered by operations.

use async_trait::async_trait;
use tidegate_oauth_types::SecretHash;
use tidegate_token_verifier::{
    ApiTokenFound, ApiTokens, AuthFailure, GrantRefusal, GrantStatus, GrantStatusSource, OwnKeys,
};
use tidegate_types::{GrantId, WorkspaceSlug};

use crate::api_token::FindApiToken;
use crate::effective_grant::{CheckEffectiveGrant, EffectiveGrant, IneffectiveReason};
use crate::signing_key::ListSigningKeys;
use crate::{Manager, ManagerError};

/// A caller learns that it cannot be told now; why is for the operator.
fn unavailable(err: &ManagerError) -> AuthFailure {
    tracing::warn!(
        error = err as &dyn std::error::Error,
        "the manager did not answer an authentication query"
    );
    AuthFailure::Unavailable
}

#[async_trait]
impl GrantStatusSource for Manager {
    async fn grant_status(
        &self,
        grant: &GrantId,
        workspace: &WorkspaceSlug,
    ) -> Result<GrantStatus, AuthFailure> {
        let check = CheckEffectiveGrant {
            session: grant.clone(),
            workspace: workspace.clone(),
        };
        match self.call(check).await {
            Ok(grant) => Ok(grant.into()),
            Err(err) => Err(unavailable(&err)),
        }
    }
}

impl From<EffectiveGrant> for GrantStatus {
    fn from(grant: EffectiveGrant) -> Self {
        match grant {
            EffectiveGrant::Good {
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
            EffectiveGrant::Refused(refusal) => Self::Refused(refusal.into()),
        }
    }
}

impl From<IneffectiveReason> for GrantRefusal {
    fn from(refusal: IneffectiveReason) -> Self {
        match refusal {
            IneffectiveReason::Unknown => Self::Unknown,
            IneffectiveReason::Ended => Self::Ended,
            IneffectiveReason::Expired => Self::Expired,
            IneffectiveReason::OtherWorkspace => Self::OtherWorkspace,
            IneffectiveReason::AccountInactive => Self::AccountInactive,
            IneffectiveReason::NotAMember => Self::NotAMember,
            IneffectiveReason::ClientRefused => Self::ClientRefused,
            IneffectiveReason::NoScope => Self::NoScope,
            IneffectiveReason::Hibernated => Self::Hibernated,
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
