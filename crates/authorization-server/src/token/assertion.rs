//! The word of an identity provider for a token (RFC 7523 §2.1, as ID-JAG).

use tidegate_control_plane::account::{Account, AccountKey, FindAccount};
use tidegate_control_plane::grant::{Grant, GrantFilter, ListGrants};
use tidegate_control_plane::policy::{ClientVerdict, JudgeClient};
use tidegate_control_plane::workspace::{ListMemberships, Membership};
use tidegate_oauth_types::{
    AssertionProblem, IdJag, IdJagExpectation, Resource, ScopeRequest, TokenEndpointAuthMethod,
};
use tidegate_types::{ExposeSecret, GrantId, Peer, ScopeSet, SecretString};

use super::{Issued, narrowed};
use crate::authorize::{Audience, secs};
use crate::clients::FoundClient;
use crate::denied::{ClientDenial, Denied, GrantDenial, TargetDenial, UnavailableDenial};
use crate::issue::Begun;
use crate::server::Inner;
use crate::transaction::Agreement;
use crate::{AssertionIssuer, TokenReply};

impl Inner {
    pub(super) async fn assertion_token(
        &self,
        found: &FoundClient,
        assertion: SecretString,
        scope: Option<ScopeRequest>,
        resource: Option<Resource>,
        peer: &Peer,
    ) -> Issued {
        // Whoever holds a stolen assertion would be any public client.
        if found.metadata().token_endpoint_auth_method == TokenEndpointAuthMethod::None {
            return Err(ClientDenial::PublicClientWithAssertion.into());
        }
        let (vouched, trusted) = self.check_id_jag(found, &assertion).await?;
        let audience = self.vouched_audience(&vouched, resource.as_ref())?;
        let account = self.vouched_account(&vouched, trusted).await?;
        let place = self.vouched_place(&account, &audience).await?;
        self.check_workspace_gate(&place.workspace).await?;
        self.check_policy(found, &place).await?;
        let most = most_of(found, &place, &vouched)?;
        let scopes = narrowed(scope.as_ref(), most)?;
        let agreement = Agreement {
            grant: GrantId::new(),
            client: found.client.id.clone(),
            account: account.id,
            workspace: place.workspace,
            resource: audience.resource,
            scopes,
            offline: false,
            address: Some(peer.address.to_string()),
        };
        let about = agreement.about();
        self.settle(found).await?;
        let reply = if let Some(grant) = self.vouched_grant(&agreement).await? {
            let begun = Begun {
                grant,
                refresh_token: None,
            };
            self.vouched_reply(&begun, scopes).await
        } else {
            let begun = self.begin_grant(&agreement).await?;
            let reply = self.vouched_reply(&begun, scopes).await;
            self.or_end(&begun.grant, reply).await
        };
        Ok((reply.map_err(|denied| denied.about(about.clone()))?, about))
    }

    async fn vouched_reply(&self, begun: &Begun, scopes: ScopeSet) -> Result<TokenReply, Denied> {
        let standing = self.effective_scopes(&begun.grant).await?;
        let now = standing.map_err(GrantDenial::Ineffective)?;
        self.reply(begun, Some(scopes.narrowed_to(now))).await
    }

    async fn check_id_jag(
        &self,
        found: &FoundClient,
        assertion: &SecretString,
    ) -> Result<(IdJag, &AssertionIssuer), Denied> {
        let jwt = assertion.expose_secret();
        let claimed = IdJag::claimed_issuer(jwt).ok_or(GrantDenial::AssertionMalformed)?;
        let trusted = self
            .rules
            .assertion_issuers
            .iter()
            .find(|issuer| issuer.issuer == claimed)
            .ok_or(GrantDenial::AssertionIssuerNotTrusted)?;
        let audience = self.issuer();
        let expected = IdJagExpectation {
            issuer: &trusted.issuer,
            audience: &audience,
            client: &found.client.id,
            now_unix_secs: self.clock.unix_secs(),
        };
        let keys = self.issuer_keys(trusted, false).await?;
        let verified = match IdJag::verify(jwt, &keys, &expected) {
            Err(AssertionProblem::UnknownKey) => {
                IdJag::verify(jwt, &self.issuer_keys(trusted, true).await?, &expected)
            }
            verified => verified,
        };
        let vouched = verified.map_err(|problem| GrantDenial::AssertionRefused {
            issuer: trusted.issuer.clone(),
            problem,
        })?;
        let is_first = self
            .take_once("id-jag", &vouched.issuer, &vouched.jti, vouched.exp)
            .await?;
        if is_first {
            Ok((vouched, trusted))
        } else {
            Err(GrantDenial::AssertionReplayed.into())
        }
    }

    async fn issuer_keys(
        &self,
        issuer: &AssertionIssuer,
        renewed: bool,
    ) -> Result<tidegate_oauth_types::JwkSet, Denied> {
        let keys = self.key_set(&issuer.jwks_uri, None, renewed).await;
        // It is our own settings' provider that is away, not the client that is wrong.
        keys.map_err(|_| UnavailableDenial::AssertionIssuerUnreachable.into())
    }

    /// The resource of the assertion, the request, or both alike.
    fn vouched_audience(
        &self,
        vouched: &IdJag,
        asked: Option<&Resource>,
    ) -> Result<Audience, Denied> {
        let Some(named) = &vouched.resource else {
            return self.audience(asked);
        };
        let audience = self
            .audience(Some(named))
            .map_err(|_| GrantDenial::AssertionForOtherResource)?;
        self.check_resource(asked, &audience.resource)?;
        Ok(audience)
    }

    /// The account that is tied to the provider's subject, or, where the provider may say so, that has the address verified
    /// and no password: whoever set a password may be somebody else (ADR 5), and its owner can connect the provider.
    async fn vouched_account(
        &self,
        vouched: &IdJag,
        trusted: &AssertionIssuer,
    ) -> Result<Account, Denied> {
        let key = AccountKey::Upstream {
            issuer: vouched.issuer.clone(),
            subject: vouched.subject.clone(),
        };
        let mut account = self.manager.call(FindAccount { key }).await?;
        if account.is_none()
            && trusted.trusts_email
            && let Some(email) = &vouched.email
        {
            let key = AccountKey::VerifiedEmail(email.clone());
            account = self.manager.call(FindAccount { key }).await?;
            if account.as_ref().is_some_and(|account| account.has_password) {
                return Err(GrantDenial::AccountHasPassword.into());
            }
        }
        let account = account.ok_or(GrantDenial::AccountUnknown)?;
        if account.is_active {
            Ok(account)
        } else {
            Err(GrantDenial::AccountInactive.into())
        }
    }

    async fn vouched_place(
        &self,
        account: &Account,
        audience: &Audience,
    ) -> Result<Membership, Denied> {
        let account = account.id.clone();
        let places = self.manager.call(ListMemberships { account }).await?;
        let mut fitting = places.into_iter().filter(|place| {
            let named = audience.workspace.as_ref();
            named.is_none_or(|named| *named == place.workspace)
        });
        match (fitting.next(), fitting.next()) {
            (Some(place), None) => Ok(place),
            (None, _) => Err(GrantDenial::NotAMember.into()),
            (Some(_), Some(_)) => Err(TargetDenial::Ambiguous.into()),
        }
    }

    async fn check_policy(&self, found: &FoundClient, place: &Membership) -> Result<(), Denied> {
        let only = found.client.workspace.as_ref();
        if only.is_some_and(|only| *only != place.workspace) {
            return Err(GrantDenial::WorkspaceNotTheClients.into());
        }
        if found
            .client
            .owner
            .as_ref()
            .is_some_and(|owner| *owner != place.account)
        {
            return Err(GrantDenial::ClientNotTheirs.into());
        }
        let verdict = self
            .manager
            .call(JudgeClient {
                workspace: place.workspace.clone(),
                account: place.account.clone(),
                client: found.client.id.clone(),
                hosts: found.hosts(),
            })
            .await?;
        match verdict {
            ClientVerdict::Approved | ClientVerdict::Allowed => Ok(()),
            ClientVerdict::Blocked => Err(GrantDenial::ClientBlocked.into()),
            ClientVerdict::NeedsApproval => Err(GrantDenial::ClientNeedsApproval.into()),
        }
    }

    /// A live grant by which the same was vouched before, so that each token does not begin another one.
    async fn vouched_grant(&self, agreement: &Agreement) -> Result<Option<Grant>, Denied> {
        let filter = GrantFilter {
            account: Some(agreement.account.clone()),
            client: Some(agreement.client.clone()),
            workspace: Some(agreement.workspace.clone()),
            with_ended: false,
        };
        let latest = self.clock.unix_secs() + secs(self.rules.access_life) / 2;
        let grants = self.manager.call(ListGrants { filter }).await?;
        Ok(grants
            .into_iter()
            .map(|summary| summary.grant)
            .find(|grant| {
                let covers =
                    agreement.scopes.narrowed_to(grant.scopes) == agreement.scopes.expanded();
                !grant.is_offline
                    && covers
                    && grant.resource == agreement.resource.as_str()
                    && grant.expires_at > latest
            }))
    }
}

/// What role, client and provider allow together.
fn most_of(found: &FoundClient, place: &Membership, vouched: &IdJag) -> Result<ScopeSet, Denied> {
    let most = place.role.scopes().narrowed_to(found.client.scopes);
    narrowed(vouched.scope.as_ref(), most)
}
