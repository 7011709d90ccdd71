//! Grants and the access tokens under them, whoever asked.

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::effective_grant::{
    CheckEffectiveGrant, EffectiveGrant, IneffectiveReason,
};
use tidegate_control_plane::grant::{CreateGrant, EndGrant, EndReason, Grant};
use tidegate_oauth_types::{AccessTokenClaims, IssuedSecret, Resource, SecretKind};
use tidegate_types::{
    AccountId, ClientId, ExposeSecret, GrantId, ScopeSet, SecretString, WorkspaceSlug,
};

use crate::TokenReply;
use crate::authorize::secs;
use crate::denied::{About, Chain, Denied, GrantDenial, UnavailableDenial};
use crate::server::Inner;
use crate::transaction::Agreement;

/// A grant, and the refresh token that its client gets now.
pub(crate) struct Begun {
    pub(crate) grant: Grant,
    pub(crate) refresh_token: Option<SecretString>,
}

/// What an access token is about.
pub(crate) struct Subject<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) client: &'a ClientId,
    pub(crate) grant: &'a GrantId,
    pub(crate) workspace: Option<&'a WorkspaceSlug>,
    pub(crate) resource: &'a Resource,
    pub(crate) scopes: ScopeSet,
    /// When its grant ends, which it does not outlive.
    pub(crate) ends_at: Option<i64>,
}

impl Inner {
    /// Begins the grant that a person agreed to. It is refused when account, membership, client or flag were lost since.
    pub(crate) async fn begin_grant(&self, agreement: &Agreement) -> Result<Begun, Denied> {
        if let Some(off) = self.gate.off_in(&agreement.workspace).await {
            return Err(off.into());
        }
        let now = self.clock.unix_secs();
        let refresh_token = agreement
            .offline
            .then(|| IssuedSecret::draw(SecretKind::RefreshToken));
        // A grant without refresh tokens ends with its access token.
        let life = if agreement.offline {
            self.rules.grant_life
        } else {
            self.rules.access_life
        };
        let grant = Grant {
            id: agreement.grant.clone(),
            account: agreement.account.clone(),
            client: agreement.client.clone(),
            workspace: agreement.workspace.clone(),
            resource: agreement.resource.as_str().to_owned(),
            scopes: agreement.scopes,
            is_offline: agreement.offline,
            created_at: now,
            expires_at: now.saturating_add(secs(life)),
            last_used_at: None,
            address: agreement.address.clone(),
            ended: None,
        };
        let grant = self
            .create_grant(CreateGrant {
                grant,
                refresh_token: refresh_token.as_ref().map(|secret| secret.hash),
                rules: self.rules.refresh(),
            })
            .await?;
        Ok(Begun {
            grant,
            refresh_token: refresh_token.map(|secret| secret.text),
        })
    }

    /// Begins the grant that a person agreed to, and answers with its first tokens.
    pub(crate) async fn first_tokens(&self, agreement: &Agreement) -> Result<TokenReply, Denied> {
        let begun = self.begin_grant(agreement).await?;
        let reply = self.reply(&begun, None).await;
        self.or_end(&begun.grant, reply).await
    }

    /// Ends a grant that has just begun where no token of it goes out, so that it counts nowhere as a connection.
    pub(crate) async fn or_end<T>(
        &self,
        grant: &Grant,
        outcome: Result<T, Denied>,
    ) -> Result<T, Denied> {
        if outcome.is_err() {
            let end = EndGrant {
                id: grant.id.clone(),
                reason: EndReason::Unfinished,
            };
            if let Err(err) = self.manager.call(end).await {
                tracing::warn!(error = %Chain(&err), "could not end a grant that has no tokens");
            }
        }
        outcome
    }

    pub(crate) async fn create_grant(&self, create: CreateGrant) -> Result<Grant, Denied> {
        match self.manager.call(create).await {
            Ok(grant) => Ok(grant),
            // Account, client or workspace went away between the decision and now.
            Err(ManagerError::NotFound { .. }) => Err(GrantDenial::WithoutParties.into()),
            Err(err) => Err(err.into()),
        }
    }

    /// What a grant comes to now: account active, member, client allowed, scopes left.
    pub(crate) async fn effective_scopes(
        &self,
        grant: &Grant,
    ) -> Result<Result<ScopeSet, IneffectiveReason>, Denied> {
        let standing = self
            .manager
            .call(CheckEffectiveGrant {
                session: grant.id.clone(),
                workspace: grant.workspace.clone(),
            })
            .await?;
        Ok(match standing {
            EffectiveGrant::Good { scopes, .. } => Ok(scopes),
            EffectiveGrant::Refused(refusal) => Err(refusal),
        })
    }

    /// The token response for a grant. Without `scopes`, all that it comes to now.
    pub(crate) async fn reply(
        &self,
        begun: &Begun,
        scopes: Option<ScopeSet>,
    ) -> Result<TokenReply, Denied> {
        let grant = &begun.grant;
        let scopes = match scopes {
            Some(scopes) => scopes,
            None => self
                .effective_scopes(grant)
                .await?
                .map_err(GrantDenial::Ineffective)?,
        };
        let resource = Resource::parse(&grant.resource)?;
        let subject = Subject {
            account: &grant.account,
            client: &grant.client,
            grant: &grant.id,
            workspace: Some(&grant.workspace),
            resource: &resource,
            scopes,
            ends_at: Some(grant.expires_at),
        };
        let (access_token, expires_in) = self.access_token(&subject).await?;
        Ok(TokenReply {
            access_token,
            expires_in,
            refresh_token: begun
                .refresh_token
                .as_ref()
                .map(|token| token.expose_secret().into()),
            scope: scopes,
        })
    }

    /// A signed access token (RFC 9068) and the seconds that it lives.
    pub(crate) async fn access_token(
        &self,
        subject: &Subject<'_>,
    ) -> Result<(SecretString, u64), Denied> {
        let keys = self.keys.current().await?;
        let now = self.clock.unix_secs();
        let most = now.saturating_add(secs(self.rules.access_life));
        let exp = subject.ends_at.map_or(most, |ends| ends.min(most));
        let jti = GrantId::new().as_str().parse();
        let claims = AccessTokenClaims {
            iss: self.issuer(),
            sub: subject.account.clone(),
            aud: subject.resource.clone(),
            client_id: subject.client.clone(),
            scope: subject.scopes,
            jti: jti.map_err(|_| UnavailableDenial::TokenIdMalformed)?,
            iat: now,
            exp,
            gid: subject.grant.clone(),
            workspace: subject.workspace.cloned(),
        };
        let signed = keys.signer.sign(&claims);
        let token = signed.map_err(UnavailableDenial::SigningFailed)?;
        Ok((token, u64::try_from(exp - now).unwrap_or(0)))
    }
}

pub(crate) fn about(grant: &Grant) -> About {
    About {
        account: Some(grant.account.clone()),
        client: Some(grant.client.clone()),
        workspace: Some(grant.workspace.clone()),
    }
}
