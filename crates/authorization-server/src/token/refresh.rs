//! A refresh token for tokens (RFC 6749 §6), rotated each time (RFC 9700 §4.14.2).

use tidegate_control_plane::effective_grant::IneffectiveReason;
use tidegate_control_plane::grant::{FindGrantOfRefreshToken, Grant, RotateRefreshToken, Rotation};
use tidegate_oauth_types::{
    IssuedSecret, Resource, ScopeRequest, SecretHash, SecretKind, unwrap_successor, wrap_successor,
};
use tidegate_types::{ExposeSecret, Peer, SecretString};

use super::{Issued, narrowed};
use crate::clients::FoundClient;
use crate::denied::{Denied, GrantDenial, RateDenial, UnavailableDenial};
use crate::issue::{Begun, about};
use crate::server::Inner;

impl Inner {
    pub(super) async fn refresh(
        &self,
        found: &FoundClient,
        token: SecretString,
        scope: Option<ScopeRequest>,
        resource: Option<Resource>,
        peer: &Peer,
    ) -> Issued {
        let presented = SecretHash::of_presented(SecretKind::RefreshToken, token.expose_secret())
            .map_err(|_| GrantDenial::RefreshTokenMalformed)?;
        let grant = self
            .manager
            .call(FindGrantOfRefreshToken {
                refresh_token: presented,
            })
            .await?
            .ok_or(GrantDenial::RefreshTokenUnknown)?;
        let about = about(&grant);
        // Everything that can be refused is refused before the token is used up, so that a flag that is off for an
        // hour does not log everybody out.
        let checked = self.check_refresh(found, &grant, scope.as_ref(), resource.as_ref());
        let scopes = checked
            .await
            .map_err(|denied| denied.about(about.clone()))?;
        let rotated = self.rotate(found, &token, presented, peer).await;
        let begun = rotated.map_err(|denied| denied.about(about.clone()))?;
        let reply = self.reply(&begun, Some(scopes)).await;
        let reply = reply.map_err(|denied| denied.about(about.clone()))?;
        Ok((reply, about))
    }

    async fn check_refresh(
        &self,
        found: &FoundClient,
        grant: &Grant,
        scope: Option<&ScopeRequest>,
        resource: Option<&Resource>,
    ) -> Result<tidegate_types::ScopeSet, Denied> {
        if grant.client != found.client.id {
            return Err(GrantDenial::ClientMismatch.into());
        }
        let granted = Resource::parse(&grant.resource)?;
        self.check_resource(resource, &granted)?;
        self.check_workspace_gate(&grant.workspace).await?;
        match self.effective_scopes(grant).await? {
            Ok(most) => narrowed(scope, most),
            Err(IneffectiveReason::Hibernated) => Err(UnavailableDenial::Hibernated.into()),
            Err(refusal) => Err(GrantDenial::Ineffective(refusal).into()),
        }
    }

    /// Exchanges the token for its successor, the same one however often it is asked within the window.
    async fn rotate(
        &self,
        found: &FoundClient,
        token: &SecretString,
        presented: SecretHash,
        peer: &Peer,
    ) -> Result<Begun, Denied> {
        let successor = IssuedSecret::draw(SecretKind::RefreshToken);
        let wrapped = wrap_successor(token.expose_secret(), successor.text.expose_secret());
        let rotation = self
            .manager
            .call(RotateRefreshToken {
                client: found.client.id.clone(),
                presented,
                successor: successor.hash,
                wrapped_successor: wrapped,
                rules: self.rules.refresh(),
            })
            .await?;
        let (grant, refresh_token) = match rotation {
            Rotation::Rotated(grant) => (grant, successor.text),
            Rotation::Repeated {
                grant,
                wrapped_successor,
            } => {
                let detail = format!("grant {}", grant.id);
                let action = "grant.refresh_repeated";
                let of_grant = grant.id.as_str();
                self.recorder
                    .record_often(action, of_grant, about(&grant), peer, detail);
                let successor = unwrap_successor(token.expose_secret(), &wrapped_successor)
                    .ok_or(GrantDenial::SuccessorDamaged)?;
                (grant, successor)
            }
            Rotation::Replayed(grant) => {
                tracing::warn!(grant = %grant.id, "a refresh token was presented again after its window, and its grant ended");
                let detail = format!("grant {}", grant.id);
                let outcome = "grant_ended";
                self.recorder.record(
                    "grant.replay_detected",
                    outcome,
                    about(&grant),
                    peer,
                    Some(detail),
                );
                return Err(GrantDenial::RefreshTokenReplayed.into());
            }
            Rotation::TooOften(_) => return Err(RateDenial::RefreshRepeated.into()),
            Rotation::Ended(_) => return Err(GrantDenial::RefreshTokenEnded.into()),
            Rotation::Unknown => return Err(GrantDenial::RefreshTokenUnknown.into()),
        };
        Ok(Begun {
            grant,
            refresh_token: Some(refresh_token),
        })
    }
}
