//! Devices without a browser (RFC 8628).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_login::BrowserSession;
use tidegate_oauth_types::{
    ClientCredential, GrantType, IssuedSecret, Parameters, Resource, ScopeRequest, SecretHash,
    SecretKind, UserCode,
};
use tidegate_store::{LimitedEndpoint, TicketKind};
use tidegate_types::{ClientId, GrantId, Peer, ScopeSet, WorkspaceSlug};

use crate::authorize::secs;
use crate::clients::FoundClient;
use crate::consent::{Allowed, ConsentObstacle, Offer, check_owner, describe};
use crate::denied::{About, Denied, GrantTypeDenial, ScopeDenial, UnavailableDenial};
use crate::server::Inner;
use crate::transaction::Agreement;
use crate::typed_tickets::Versioned;
use crate::{
    AnswerView, ConsentDecision, ConsentError, ConsentView, ConsentWarning, DeviceReply, Verified,
};

/// User codes are short, so two may meet; another is drawn then.
const DRAWS: usize = 5;
const TRIES: usize = 4;

/// What lies under a device code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeviceRequest {
    pub(crate) client: ClientId,
    pub(crate) user_code: UserCode,
    pub(crate) requested: ScopeSet,
    pub(crate) ignored_scopes: Vec<String>,
    pub(crate) resource: Resource,
    pub(crate) workspace: Option<WorkspaceSlug>,
    pub(crate) address: String,
    pub(crate) asked_at: i64,
    pub(crate) expires_at: i64,
    /// Seconds between two polls; grows when the device asks too often.
    pub(crate) interval: u64,
    /// In milliseconds.
    pub(crate) polled_at: Option<i64>,
    pub(crate) outcome: DeviceOutcome,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum DeviceOutcome {
    Pending,
    Denied,
    Allowed(Agreement),
}

/// What lies under a user code: the device code's hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pointer {
    device: String,
}

/// Keys of [`TicketKind::UserCode`].
fn key_of_user_code(code: &UserCode) -> String {
    SecretHash::of(code.as_str()).to_string()
}

impl Inner {
    pub(crate) async fn authorize_device(
        &self,
        authorization: Option<&str>,
        parameters: &Parameters,
        peer: &Peer,
    ) -> Result<DeviceReply, Denied> {
        let rate = self.rules.limits.device;
        self.admit_address(LimitedEndpoint::Device, rate, peer)
            .await?;
        let credential = ClientCredential::read(authorization, parameters)?;
        if let Some(off) = self.gate.off().await {
            return Err(off.into());
        }
        let found = self.authenticate(&credential, peer).await?;
        let begun = self.begin_device(&found, parameters, peer).await;
        begun.map_err(|denied| denied.of_client(&found.client.id))
    }

    async fn begin_device(
        &self,
        found: &FoundClient,
        parameters: &Parameters,
        peer: &Peer,
    ) -> Result<DeviceReply, Denied> {
        if !found
            .metadata()
            .grant_types
            .contains(&GrantType::DeviceCode)
        {
            return Err(GrantTypeDenial::DeviceCode.into());
        }
        let resource = parameters
            .get("resource")
            .map(Resource::parse)
            .transpose()?;
        let audience = self.audience(resource.as_ref())?;
        let scope = ScopeRequest::parse(parameters.get("scope").unwrap_or_default());
        let requested = self.requested_scopes(found, &scope);
        if requested.is_empty() {
            return Err(ScopeDenial::NoneLeft.into());
        }
        let device_code = IssuedSecret::draw(SecretKind::DeviceCode);
        let device = device_code.hash.to_string();
        let user_code = self.reserve_user_code(&device).await?;
        let now = self.clock.unix_secs();
        let life = self.rules.device_life;
        let interval = self.rules.device_interval.as_secs();
        let request = DeviceRequest {
            client: found.client.id.clone(),
            user_code: user_code.clone(),
            requested,
            ignored_scopes: scope.ignored,
            resource: audience.resource,
            workspace: audience.workspace,
            address: peer.address.to_string(),
            asked_at: now,
            expires_at: now.saturating_add(secs(life)),
            interval,
            polled_at: None,
            outcome: DeviceOutcome::Pending,
        };
        self.tickets
            .issue(TicketKind::DeviceCode, &device, &request, life)
            .await?;
        let verification_uri = format!("{}/device", self.issuer());
        Ok(DeviceReply {
            device_code: device_code.text,
            verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
            user_code: user_code.to_string(),
            verification_uri,
            expires_in: life.as_secs(),
            interval,
        })
    }

    async fn reserve_user_code(&self, device: &str) -> Result<UserCode, Denied> {
        for _ in 0..DRAWS {
            let code = UserCode::draw();
            let pointer = Pointer {
                device: device.to_owned(),
            };
            let is_free = self
                .tickets
                .issue(
                    TicketKind::UserCode,
                    &key_of_user_code(&code),
                    &pointer,
                    self.rules.device_life,
                )
                .await?;
            if is_free {
                return Ok(code);
            }
        }
        Err(UnavailableDenial::NoUserCodeFree.into())
    }

    pub(crate) async fn device(
        &self,
        user_code: &str,
        session: &BrowserSession,
    ) -> Result<ConsentView, ConsentError> {
        self.admit_user_code(session).await?;
        let (_, kept) = self.device_of(user_code).await?;
        let request = &kept.value;
        let found = self.find_client(&request.client, None).await?;
        check_owner(&found, &session.account.id)?;
        let mut warnings = Vec::new();
        if found.verified() == Verified::No {
            warnings.push(ConsentWarning::Unverified);
        }
        warnings.push(ConsentWarning::Device);
        let offer = Offer {
            found: &found,
            requested: request.requested,
            ignored_scopes: &request.ignored_scopes,
            workspace: request.workspace.as_ref(),
            answer: AnswerView::Device {
                user_code: request.user_code.to_string(),
                address: request.address.clone(),
                asked_at: request.asked_at,
            },
            warnings,
            other_account: None,
            expires_at: request.expires_at,
        };
        self.view(offer, &session.account.id).await
    }

    pub(crate) async fn decide_device(
        &self,
        user_code: &str,
        session: &BrowserSession,
        decision: ConsentDecision,
        peer: &Peer,
    ) -> Result<(), ConsentError> {
        self.admit_user_code(session).await?;
        for _ in 0..TRIES {
            let (device, kept) = self.device_of(user_code).await?;
            let request = &kept.value;
            let (outcome, action, about, detail) = match &decision {
                ConsentDecision::Deny => {
                    let about = About {
                        account: Some(session.account.id.clone()),
                        client: Some(request.client.clone()),
                        workspace: None,
                    };
                    (DeviceOutcome::Denied, "device.denied", about, None)
                }
                ConsentDecision::Allow {
                    workspace,
                    scopes,
                    offline,
                } => {
                    let wish = Allowed {
                        workspace: workspace.clone(),
                        scopes: *scopes,
                        offline: *offline,
                    };
                    let agreement = self.agree_to_device(request, session, wish, peer).await?;
                    let about = agreement.about();
                    let detail = describe(&agreement);
                    let outcome = DeviceOutcome::Allowed(agreement);
                    (outcome, "device.allowed", about, Some(detail))
                }
            };
            let decided = DeviceRequest {
                outcome,
                ..request.clone()
            };
            if self.swap_device(&device, &kept, &decided).await? {
                // The code has done its work.
                let key = key_of_user_code(&decided.user_code);
                let _ = self.tickets.remove(TicketKind::UserCode, &key).await;
                self.recorder.record(action, "ok", about, peer, detail);
                return Ok(());
            }
        }
        Err(ConsentObstacle::Contended.into())
    }

    async fn agree_to_device(
        &self,
        request: &DeviceRequest,
        session: &BrowserSession,
        wish: Allowed,
        peer: &Peer,
    ) -> Result<Agreement, ConsentError> {
        if let Some(off) = self.gate.off().await {
            return Err(ConsentError::SwitchedOff(off));
        }
        let account = &session.account.id;
        let found = self.find_client(&request.client, None).await?;
        check_owner(&found, account)?;
        let allowed = self
            .check_wish(
                account,
                &found,
                request.requested,
                request.workspace.as_ref(),
                wish,
            )
            .await?;
        self.settle(&found).await?;
        Ok(Agreement {
            grant: GrantId::new(),
            client: found.client.id,
            account: account.clone(),
            workspace: allowed.workspace,
            resource: request.resource.clone(),
            scopes: allowed.scopes,
            offline: allowed.offline,
            address: Some(peer.address.to_string()),
        })
    }

    /// User codes are short: whoever guesses is slowed down (RFC 8628 §5.1).
    async fn admit_user_code(&self, session: &BrowserSession) -> Result<(), ConsentError> {
        if session.must_change_password {
            return Err(ConsentError::SignInAgain);
        }
        let rate = self.rules.limits.user_code;
        self.admit_account(LimitedEndpoint::UserCode, rate, &session.account.id)
            .await?;
        Ok(())
    }

    /// The pending request of a user code.
    async fn device_of(
        &self,
        user_code: &str,
    ) -> Result<(String, Versioned<DeviceRequest>), ConsentError> {
        let code: UserCode = user_code.parse().map_err(|_| ConsentError::Unknown)?;
        let pointer = self
            .tickets
            .get::<Pointer>(TicketKind::UserCode, &key_of_user_code(&code))
            .await
            .map_err(Denied::from)?
            .ok_or(ConsentError::Unknown)?;
        let device = pointer.value.device;
        let kept = self
            .tickets
            .get::<DeviceRequest>(TicketKind::DeviceCode, &device)
            .await
            .map_err(Denied::from)?
            .ok_or(ConsentError::Unknown)?;
        let is_pending = matches!(kept.value.outcome, DeviceOutcome::Pending);
        if is_pending && kept.value.expires_at > self.clock.unix_secs() {
            Ok((device, kept))
        } else {
            Err(ConsentError::Unknown)
        }
    }

    pub(crate) async fn swap_device(
        &self,
        device: &str,
        old: &Versioned<DeviceRequest>,
        new: &DeviceRequest,
    ) -> Result<bool, Denied> {
        let rest = new.expires_at - self.clock.unix_secs();
        let rest = Duration::from_secs(u64::try_from(rest).unwrap_or(0).max(1));
        Ok(self
            .tickets
            .replace(TicketKind::DeviceCode, device, &old.raw, new, rest)
            .await?)
    }
}
