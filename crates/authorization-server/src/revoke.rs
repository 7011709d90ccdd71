//! Revocation (RFC 7009) and introspection (RFC 7662).

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_control_plane::account::{AccountKey, FindAccount};
use tidegate_control_plane::api_token::FindApiToken;
use tidegate_control_plane::effective_grant::{CheckEffectiveGrant, EffectiveGrant};
use tidegate_control_plane::grant::{
    EndGrant, EndReason, FindGrant, FindGrantOfRefreshToken, Grant,
};
use tidegate_control_plane::workspace::ListMemberships;
use tidegate_oauth_types::{
    AccessTokenClaims, ClientCredential, Parameters, SecretHash, SecretKind, bearer_token,
};
use tidegate_store::LimitedEndpoint;
use tidegate_types::{AccountId, ClientId, GrantId, Peer, ScopeSet, WorkspaceSlug};

use crate::denied::{ClientDenial, Denied};
use crate::issue::about;
use crate::server::Inner;

/// Our own clocks sign and check.
const LEEWAY: Duration = Duration::from_secs(30);

/// Who asks about a token.
enum Asker {
    /// A client, about its own.
    Client(ClientId),
    /// An administrator of the deployment, about any.
    Administrator,
}

/// What a token comes to now.
struct Active {
    account: AccountId,
    client: ClientId,
    scopes: ScopeSet,
    expires_at: Option<i64>,
    grant: GrantId,
    workspace: Option<WorkspaceSlug>,
    resource: Option<String>,
    claims: Option<AccessTokenClaims>,
}

impl Inner {
    pub(crate) async fn revoke(
        &self,
        authorization: Option<&str>,
        parameters: &Parameters,
        peer: &Peer,
    ) -> Result<(), Denied> {
        let rate = self.rules.limits.inspection;
        self.admit_address(LimitedEndpoint::Inspection, rate, peer)
            .await?;
        let credential = ClientCredential::read(authorization, parameters)?;
        let found = self.authenticate(&credential, peer).await?;
        let token = parameters
            .require("token")
            .map_err(|err| Denied::from(err).of_client(&found.client.id))?;
        let Some(grant) = self.grant_of(token).await? else {
            return Ok(());
        };
        // Another client's token is as unknown (RFC 7009 §2.1): nobody learns whose it is.
        if grant.client != found.client.id || grant.ended.is_some() {
            return Ok(());
        }
        let id = grant.id.clone();
        let reason = EndReason::ByClient;
        self.manager.call(EndGrant { id, reason }).await?;
        let detail = format!("grant {}", grant.id);
        self.recorder
            .record("token.revoked", "ok", about(&grant), peer, Some(detail));
        Ok(())
    }

    /// The grant of a refresh or access token, whatever its state.
    async fn grant_of(&self, token: &str) -> Result<Option<Grant>, Denied> {
        if let Ok(refresh_token) = SecretHash::of_presented(SecretKind::RefreshToken, token) {
            let find = FindGrantOfRefreshToken { refresh_token };
            return Ok(self.manager.call(find).await?);
        }
        match self.claims_of(token).await? {
            Some(claims) => Ok(self.manager.call(FindGrant { id: claims.gid }).await?),
            None => Ok(None),
        }
    }

    /// The claims of an access token of ours that has not expired.
    async fn claims_of(&self, token: &str) -> Result<Option<AccessTokenClaims>, Denied> {
        let keys = self.keys.current().await?;
        let now = self.clock.unix_secs();
        Ok(keys
            .verification
            .verify(token, &self.issuer(), now, LEEWAY)
            .ok())
    }

    pub(crate) async fn introspect(
        &self,
        authorization: Option<&str>,
        parameters: &Parameters,
        peer: &Peer,
    ) -> Result<Value, Denied> {
        let rate = self.rules.limits.inspection;
        self.admit_address(LimitedEndpoint::Inspection, rate, peer)
            .await?;
        let asker = self.asker(authorization, parameters, peer).await?;
        let token = parameters.require("token")?;
        let inactive = json!({ "active": false });
        let Some(active) = self.active(token).await? else {
            return Ok(inactive);
        };
        let may_know = match &asker {
            Asker::Client(client) => *client == active.client,
            Asker::Administrator => true,
        };
        if !may_know {
            return Ok(inactive);
        }
        Ok(self.described(active))
    }

    async fn asker(
        &self,
        authorization: Option<&str>,
        parameters: &Parameters,
        peer: &Peer,
    ) -> Result<Asker, Denied> {
        if let Some(token) = authorization.and_then(bearer_token) {
            return self.check_administrator(token).await;
        }
        let credential = ClientCredential::read(authorization, parameters)?;
        let found = self.authenticate(&credential, peer).await?;
        // A public client proves nothing, and could try tokens that it found (RFC 7662 §2.1).
        if matches!(credential, ClientCredential::Public { .. }) {
            return Err(
                Denied::from(ClientDenial::PublicClientIntrospects).of_client(&found.client.id)
            );
        }
        Ok(Asker::Client(found.client.id))
    }

    async fn check_administrator(&self, token: &str) -> Result<Asker, Denied> {
        let refused = ClientDenial::NotAnAdministratorsToken;
        let Ok(secret) = SecretHash::of_presented(SecretKind::ApiToken, token) else {
            return Err(refused.into());
        };
        let found = self.manager.call(FindApiToken { secret }).await?;
        let Some(token) = found else {
            return Err(refused.into());
        };
        let is_live = token.ended_at.is_none()
            && token
                .expires_at
                .is_none_or(|ends| ends > self.clock.unix_secs());
        let key = AccountKey::Id(token.account);
        let account = self.manager.call(FindAccount { key }).await?;
        match account {
            Some(account) if is_live && account.is_active && account.is_administrator => {
                Ok(Asker::Administrator)
            }
            _ => Err(refused.into()),
        }
    }

    async fn active(&self, token: &str) -> Result<Option<Active>, Denied> {
        if SecretHash::of_presented(SecretKind::RefreshToken, token).is_ok() {
            // A refresh token is between the client and us; nobody else has anything to decide by it.
            return Ok(None);
        }
        if let Ok(secret) = SecretHash::of_presented(SecretKind::ApiToken, token) {
            return self.active_api_token(secret).await;
        }
        let Some(claims) = self.claims_of(token).await? else {
            return Ok(None);
        };
        let standing = self
            .standing_of(&claims.gid, &claims.sub, claims.workspace.as_ref())
            .await?;
        Ok(standing.map(|(client, scopes)| Active {
            account: claims.sub.clone(),
            client,
            scopes: claims.scope.narrowed_to(scopes),
            expires_at: Some(claims.exp),
            grant: claims.gid.clone(),
            workspace: claims.workspace.clone(),
            resource: Some(claims.aud.as_str().to_owned()),
            claims: Some(claims),
        }))
    }

    async fn active_api_token(&self, secret: SecretHash) -> Result<Option<Active>, Denied> {
        let Some(token) = self.manager.call(FindApiToken { secret }).await? else {
            return Ok(None);
        };
        let standing = self
            .standing_of(&token.id, &token.account, token.workspace.as_ref())
            .await?;
        Ok(standing.map(|(client, scopes)| Active {
            account: token.account,
            client,
            scopes: token.scopes.narrowed_to(scopes),
            expires_at: token.expires_at,
            grant: token.id,
            workspace: token.workspace,
            resource: None,
            claims: None,
        }))
    }

    /// Client and scopes, where the grant counts: in its workspace, or in any of the account's.
    pub(crate) async fn standing_of(
        &self,
        session: &GrantId,
        account: &AccountId,
        workspace: Option<&WorkspaceSlug>,
    ) -> Result<Option<(ClientId, ScopeSet)>, Denied> {
        let places = if let Some(workspace) = workspace {
            vec![workspace.clone()]
        } else {
            let account = account.clone();
            let places = self.manager.call(ListMemberships { account }).await?;
            places.into_iter().map(|place| place.workspace).collect()
        };
        let mut best: Option<(ClientId, ScopeSet)> = None;
        for workspace in places.into_iter().take(100) {
            let check = CheckEffectiveGrant {
                session: session.clone(),
                workspace,
            };
            if let EffectiveGrant::Good { client, scopes, .. } = self.manager.call(check).await? {
                let wider = best
                    .as_ref()
                    .map_or(ScopeSet::NONE, |(_, before)| *before)
                    .iter()
                    .chain(scopes.iter())
                    .collect();
                best = Some((client, wider));
            }
        }
        Ok(best)
    }

    fn described(&self, active: Active) -> Value {
        let mut answer = json!({
            "active": true,
            "token_type": "Bearer",
            "iss": self.issuer(),
            "sub": active.account,
            "client_id": active.client,
            "scope": active.scopes,
            "gid": active.grant,
        });
        // Members without a value are left out, never null (C19).
        if let Some(exp) = active.expires_at {
            answer["exp"] = json!(exp);
        }
        if let Some(workspace) = active.workspace {
            answer["workspace"] = json!(workspace);
        }
        if let Some(resource) = active.resource {
            answer["aud"] = json!(resource);
        }
        if let Some(claims) = active.claims {
            answer["iat"] = json!(claims.iat);
            answer["jti"] = json!(claims.jti);
        }
        answer
    }
}
