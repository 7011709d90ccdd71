//! `POST /v1/auth/`: an API token for a short-lived access token.

use tidegate_control_plane::account::{AccountKey, FindAccount};
use tidegate_control_plane::api_token::{FindApiToken, NoteApiTokenUse};
use tidegate_oauth_types::{SecretHash, SecretKind};
use tidegate_store::LimitedEndpoint;
use tidegate_types::{ClientId, ExposeSecret, Peer, SecretString};

use crate::denied::{About, Denied, GrantDenial};
use crate::issue::Subject;
use crate::server::Inner;

impl Inner {
    pub(crate) async fn exchange_api_token(
        &self,
        name: &str,
        secret: &SecretString,
        peer: &Peer,
    ) -> Result<SecretString, Denied> {
        let rate = self.rules.limits.token;
        self.admit_address(LimitedEndpoint::Token, rate, peer)
            .await?;
        let secret = SecretHash::of_presented(SecretKind::ApiToken, secret.expose_secret())
            .map_err(|_| GrantDenial::ApiTokenMalformed)?;
        let token = self.manager.call(FindApiToken { secret }).await?;
        let token = token.ok_or(GrantDenial::ApiTokenUnknown)?;
        let about = About {
            account: Some(token.account.clone()),
            client: None,
            workspace: token.workspace.clone(),
        };
        let refused = |denial: GrantDenial| Denied::from(denial).about(about.clone());
        if token.id.as_str() != name {
            return Err(refused(GrantDenial::ApiTokenOfOtherName));
        }
        if token.ended_at.is_some() {
            return Err(refused(GrantDenial::ApiTokenEnded));
        }
        let now = self.clock.unix_secs();
        if token.expires_at.is_some_and(|ends| ends <= now) {
            return Err(refused(GrantDenial::ApiTokenExpired));
        }
        let key = AccountKey::Id(token.account.clone());
        let account = self.manager.call(FindAccount { key }).await?;
        if !account.is_some_and(|account| account.is_active) {
            return Err(refused(GrantDenial::AccountInactive));
        }
        let standing = self
            .standing_of(&token.id, &token.account, token.workspace.as_ref())
            .await?;
        let (_, scopes) = standing.ok_or_else(|| refused(GrantDenial::ApiTokenWithoutStanding))?;
        let resources = self.resources.load_full();
        let resource = match &token.workspace {
            Some(workspace) => resources.of_workspace(workspace),
            None => resources.generic(),
        };
        // Tokens without a client go by their own id, as they do when they are presented themselves.
        let client: ClientId = token
            .id
            .as_str()
            .parse()
            .map_err(|_| refused(GrantDenial::ApiTokenMalformed))?;
        let subject = Subject {
            account: &token.account,
            client: &client,
            grant: &token.id,
            workspace: token.workspace.as_ref(),
            resource: &resource,
            scopes: token.scopes.narrowed_to(scopes),
            ends_at: token.expires_at,
        };
        let (access_token, _) = self.access_token(&subject).await?;
        let use_noted = NoteApiTokenUse {
            id: token.id.clone(),
            from: Some(peer.address.to_string()),
        };
        let _ = self.manager.call(use_noted).await;
        self.recorder
            .record("api_token.exchanged", "ok", about, peer, None);
        Ok(access_token)
    }
}
