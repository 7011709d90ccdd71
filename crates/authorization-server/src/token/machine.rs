//! A machine's own token (RFC 6749 §4.4).

use tidegate_control_plane::grant::{CreateGrant, FindStandingGrant, Grant};
use tidegate_control_plane::workspace::ListMemberships;
use tidegate_oauth_types::{Resource, ScopeRequest};
use tidegate_types::{AccountId, GrantId, WorkspaceSlug};

use super::{Issued, narrowed};
use crate::TokenReply;
use crate::authorize::secs;
use crate::clients::FoundClient;
use crate::denied::{ClientDenial, Denied, GrantDenial, ScopeDenial, TargetDenial};
use crate::issue::{Begun, about};
use crate::server::Inner;

impl Inner {
    pub(super) async fn machine_token(
        &self,
        found: &FoundClient,
        scope: Option<ScopeRequest>,
        resource: Option<Resource>,
    ) -> Issued {
        let audience = self.audience(resource.as_ref())?;
        let account = found.client.acts_as.as_ref();
        let account = account.ok_or(ClientDenial::MachineWithoutAccount)?;
        let workspace = self
            .machine_workspace(found, account, audience.workspace)
            .await?;
        self.check_workspace_gate(&workspace).await?;
        let resource = &audience.resource;
        let standing = self
            .standing_grant(found, account, &workspace, resource)
            .await?;
        // Nobody is asked here, so that what a machine does not understand of scopes must not give it all of them.
        let knows_none = |asked: &ScopeRequest| asked.is_open() && !asked.ignored.is_empty();
        if scope.as_ref().is_some_and(knows_none) {
            return Err(ScopeDenial::NoneKnown.into());
        }
        // Before a grant begins: one that is ended for a wrong scope may have given its token to another request by then.
        narrowed(scope.as_ref(), found.client.scopes.expanded())?;
        let is_new = standing.is_none();
        let grant = match standing {
            Some(grant) => grant,
            None => self.new_grant(found, account, &workspace, resource).await?,
        };
        let about = about(&grant);
        let begun = Begun {
            grant,
            refresh_token: None,
        };
        let mut reply = self.machine_reply(&begun, scope.as_ref()).await;
        if is_new {
            reply = self.or_end(&begun.grant, reply).await;
        }
        Ok((reply.map_err(|denied| denied.about(about.clone()))?, about))
    }

    async fn machine_reply(
        &self,
        begun: &Begun,
        scope: Option<&ScopeRequest>,
    ) -> Result<TokenReply, Denied> {
        let most = self.effective_scopes(&begun.grant).await?;
        let most = most.map_err(GrantDenial::Ineffective)?;
        self.reply(begun, Some(narrowed(scope, most)?)).await
    }

    /// The workspace that the client, the resource or the account's only membership says.
    async fn machine_workspace(
        &self,
        found: &FoundClient,
        account: &AccountId,
        named: Option<WorkspaceSlug>,
    ) -> Result<WorkspaceSlug, Denied> {
        let own = found.client.workspace.clone();
        match (own, named) {
            (Some(own), Some(named)) if own != named => Err(TargetDenial::NotTheClients.into()),
            (Some(workspace), _) | (None, Some(workspace)) => Ok(workspace),
            (None, None) => {
                let account = account.clone();
                let places = self.manager.call(ListMemberships { account }).await?;
                match places.as_slice() {
                    [only] => Ok(only.workspace.clone()),
                    [] => Err(GrantDenial::NotAMember.into()),
                    _ => Err(TargetDenial::Ambiguous.into()),
                }
            }
        }
    }

    /// The grant that all tokens of the machine there stand on; `None` when there is none, or it is about to end, or
    /// was made while the client might do less.
    async fn standing_grant(
        &self,
        found: &FoundClient,
        account: &AccountId,
        workspace: &WorkspaceSlug,
        resource: &Resource,
    ) -> Result<Option<Grant>, Denied> {
        let now = self.clock.unix_secs();
        let client = &found.client;
        let standing = self
            .manager
            .call(FindStandingGrant {
                client: client.id.clone(),
                workspace: workspace.clone(),
                resource: resource.as_str().to_owned(),
            })
            .await?;
        let is_good = |grant: &Grant| {
            let covers = client.scopes.narrowed_to(grant.scopes) == client.scopes.expanded();
            let lasts = grant.expires_at > now.saturating_add(secs(self.rules.access_life));
            covers && lasts && grant.account == *account
        };
        Ok(standing.filter(is_good))
    }

    async fn new_grant(
        &self,
        found: &FoundClient,
        account: &AccountId,
        workspace: &WorkspaceSlug,
        resource: &Resource,
    ) -> Result<Grant, Denied> {
        let now = self.clock.unix_secs();
        let client = &found.client;
        let grant = Grant {
            id: GrantId::new(),
            account: account.clone(),
            client: client.id.clone(),
            workspace: workspace.clone(),
            resource: resource.as_str().to_owned(),
            scopes: client.scopes.expanded(),
            is_offline: false,
            created_at: now,
            expires_at: now.saturating_add(secs(self.rules.grant_life)),
            last_used_at: None,
            address: None,
            ended: None,
        };
        self.create_grant(CreateGrant {
            grant,
            refresh_token: None,
            rules: self.rules.refresh(),
        })
        .await
    }
}
