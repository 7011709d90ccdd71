//! Whether the person has decided (RFC 8628 §3.4).

use tidegate_oauth_types::{ErrorCode, OAuthError, Resource, SecretHash, SecretKind};
use tidegate_store::TicketKind;
use tidegate_types::{ExposeSecret, Peer, SecretString};

use super::Issued;
use crate::clients::FoundClient;
use crate::denied::Denied;
use crate::device::{DeviceOutcome, DeviceRequest};
use crate::server::Inner;

const TRIES: usize = 4;
/// By how much the interval grows when the device asks too often (RFC 8628 §3.5).
const SLOWER_SECS: u64 = 5;
/// The longest interval that it grows to.
const SLOWEST_SECS: u64 = 60;
/// Requests that are this much early are in time: networks hurry and delay.
const TOLERANCE_MILLIS: i64 = 500;

impl Inner {
    pub(super) async fn device_token(
        &self,
        found: &FoundClient,
        device_code: SecretString,
        resource: Option<Resource>,
        _peer: &Peer,
    ) -> Issued {
        let hash = SecretHash::of_presented(SecretKind::DeviceCode, device_code.expose_secret())
            .map_err(|_| Denied::grant("device_code_malformed"))?;
        let key = hash.to_string();
        for _ in 0..TRIES {
            let Some(kept) = self
                .tickets
                .get::<DeviceRequest>(TicketKind::DeviceCode, &key)
                .await?
            else {
                return Err(expired("device_code_unknown"));
            };
            let request = &kept.value;
            if request.client != found.client.id {
                return Err(Denied::grant("client_mismatch"));
            }
            self.check_resource(resource.as_ref(), &request.resource)?;
            let now = self.clock.unix_millis();
            if request.expires_at <= now / 1000 {
                return Err(expired("device_code_expired"));
            }
            if !matches!(request.outcome, DeviceOutcome::Pending) {
                return self.finish_device(&key).await;
            }
            let (polled, denied) = poll(request, now);
            if self.swap_device(&key, &kept, &polled).await? {
                return Err(denied);
            }
            // The person decided, or another node was asked, meanwhile.
        }
        Err(waiting(ErrorCode::SlowDown, "device_contended"))
    }

    async fn finish_device(&self, key: &str) -> Issued {
        let taken = self
            .tickets
            .take::<DeviceRequest>(TicketKind::DeviceCode, key)
            .await?;
        match taken.map(|request| request.outcome) {
            Some(DeviceOutcome::Allowed(agreement)) => {
                let about = agreement.about();
                let reply = self.first_tokens(&agreement).await;
                let reply = reply.map_err(|denied| denied.about(about.clone()))?;
                Ok((reply, about))
            }
            Some(DeviceOutcome::Denied) => {
                let description = "the person did not let the device in";
                Err(Denied::new(
                    OAuthError::new(ErrorCode::AccessDenied, description),
                    "device_denied",
                ))
            }
            Some(DeviceOutcome::Pending) | None => Err(expired("device_code_spent")),
        }
    }
}

/// The request after it was asked about, and what the device hears.
fn poll(request: &DeviceRequest, now_millis: i64) -> (DeviceRequest, Denied) {
    let mut polled = request.clone();
    polled.polled_at = Some(now_millis);
    let wait = i64::try_from(request.interval).unwrap_or(60) * 1000 - TOLERANCE_MILLIS;
    let is_early = request
        .polled_at
        .is_some_and(|before| now_millis - before < wait);
    if is_early {
        polled.interval = (request.interval + SLOWER_SECS).min(SLOWEST_SECS);
        return (polled, waiting(ErrorCode::SlowDown, "slow_down"));
    }
    let pending = waiting(ErrorCode::AuthorizationPending, "authorization_pending");
    (polled, pending)
}

fn waiting(code: ErrorCode, reason: &'static str) -> Denied {
    let description = match code {
        ErrorCode::SlowDown => "the device asks too often: wait 5 seconds longer from now on",
        _ => "the person has not decided yet",
    };
    Denied::new(OAuthError::new(code, description), reason)
}

fn expired(reason: &'static str) -> Denied {
    let description = "the device code has expired: begin again";
    Denied::new(
        OAuthError::new(ErrorCode::ExpiredToken, description),
        reason,
    )
}
