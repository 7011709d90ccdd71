//! The token endpoint (RFC 6749 §3.2).

mod assertion;
mod code;
mod device;
mod machine;
mod refresh;

use tidegate_control_plane::client::ClientKind;
use tidegate_oauth_types::{
    ClientCredential, GrantType, Parameters, Resource, ScopeRequest, TokenRequest,
};
use tidegate_store::LimitedEndpoint;
use tidegate_types::{Peer, ScopeSet, WorkspaceSlug};

use crate::TokenReply;
use crate::clients::FoundClient;
use crate::denied::{About, Denied, GrantTypeDenial, ScopeDenial, TargetDenial};
use crate::server::Inner;

impl Inner {
    pub(crate) async fn token(
        &self,
        authorization: Option<&str>,
        parameters: &Parameters,
        peer: &Peer,
    ) -> Result<TokenReply, Denied> {
        let limits = &self.rules.limits;
        self.admit_address(LimitedEndpoint::Token, limits.token, peer)
            .await?;
        let credential = ClientCredential::read(authorization, parameters)?;
        let request = TokenRequest::parse(parameters)
            .map_err(|err| Denied::from(err).of_client(credential.id()))?;
        if let Some(off) = self.gate.off().await {
            return Err(Denied::from(off).of_client(credential.id()));
        }
        let found = self.authenticate(&credential, peer).await?;
        let id = found.client.id.clone();
        self.admit_client(LimitedEndpoint::Token, limits.token_of_client, &id)
            .await?;
        check_grant_type(&found, request.grant_type()).map_err(|denied| denied.of_client(&id))?;
        let grant_type = request.grant_type();
        let issued = match request {
            TokenRequest::AuthorizationCode {
                code,
                redirect_uri,
                verifier,
                resource,
            } => {
                let presented = code::Presented {
                    code,
                    redirect_uri,
                    verifier,
                    resource,
                };
                self.exchange_code(&found, presented, peer).await
            }
            TokenRequest::Refresh {
                token,
                scope,
                resource,
            } => self.refresh(&found, token, scope, resource, peer).await,
            TokenRequest::ClientCredentials { scope, resource } => {
                self.machine_token(&found, scope, resource).await
            }
            TokenRequest::DeviceCode {
                device_code,
                resource,
            } => self.device_token(&found, device_code, resource, peer).await,
            TokenRequest::JwtBearer {
                assertion,
                scope,
                resource,
            } => {
                self.assertion_token(&found, assertion, scope, resource, peer)
                    .await
            }
        };
        let (reply, about) = issued.map_err(|denied| denied.of_client(&id))?;
        let detail = format!("{}: {}", grant_type.as_str(), reply.scope);
        self.recorder
            .record("token.issued", "ok", about, peer, Some(detail));
        Ok(reply)
    }
}

/// A reply, and what its record is about.
type Issued = Result<(TokenReply, About), Denied>;

/// Whether the client registered for the grant type. Who has a refresh token may use it.
fn check_grant_type(found: &FoundClient, asked: GrantType) -> Result<(), Denied> {
    let is_registered = found.metadata().grant_types.contains(&asked);
    let is_machine = found.client.kind == ClientKind::Machine;
    let is_allowed = match asked {
        GrantType::RefreshToken => true,
        // Only an administrator, or a person within their rights, makes machines.
        GrantType::ClientCredentials => is_machine && is_registered,
        GrantType::AuthorizationCode | GrantType::DeviceCode | GrantType::JwtBearer => {
            !is_machine && is_registered
        }
    };
    if is_allowed {
        return Ok(());
    }
    Err(GrantTypeDenial::AtTokenEndpoint.into())
}

impl Inner {
    /// Whether a request's `resource` is that of the grant. Absent is as good (C31).
    fn check_resource(&self, asked: Option<&Resource>, granted: &Resource) -> Result<(), Denied> {
        let Some(asked) = asked else {
            return Ok(());
        };
        let audience = self.audience(Some(asked))?;
        if audience.resource == *granted {
            return Ok(());
        }
        Err(TargetDenial::Mismatch.into())
    }

    /// The workspace's own flag, which may change at any time.
    async fn check_workspace_gate(&self, workspace: &WorkspaceSlug) -> Result<(), Denied> {
        match self.gate.off_in(workspace).await {
            None => Ok(()),
            Some(off) => Err(off.into()),
        }
    }
}

/// What a request asks for within what it may have; all of that when it names nothing of ours.
fn narrowed(asked: Option<&ScopeRequest>, most: ScopeSet) -> Result<ScopeSet, Denied> {
    let scopes = asked.map_or(most, |asked| asked.narrowed(most, most));
    if scopes.is_empty() {
        Err(ScopeDenial::NoneLeft.into())
    } else {
        Ok(scopes)
    }
}
