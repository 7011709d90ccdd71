//! Whether the person has decided (RFC 8628 §3.4).

use tidegate_oauth_types::{Resource, SecretHash, SecretKind};
use tidegate_store::TicketKind;
use tidegate_types::{ExposeSecret, Peer, SecretString};

use super::Issued;
use crate::clients::FoundClient;
use crate::denied::{DeviceDenial, GrantDenial};
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
            .map_err(|_| GrantDenial::DeviceCodeMalformed)?;
        let key = hash.to_string();
        for _ in 0..TRIES {
            let Some(kept) = self
                .tickets
                .get::<DeviceRequest>(TicketKind::DeviceCode, &key)
                .await?
            else {
                return Err(DeviceDenial::Unknown.into());
            };
            let request = &kept.value;
            if request.client != found.client.id {
                return Err(GrantDenial::ClientMismatch.into());
            }
            self.check_resource(resource.as_ref(), &request.resource)?;
            let now = self.clock.unix_millis();
            if request.expires_at <= now / 1000 {
                return Err(DeviceDenial::Expired.into());
            }
            if !matches!(request.outcome, DeviceOutcome::Pending) {
                return self.finish_device(&key).await;
            }
            let (polled, denied) = poll(request, now);
            if self.swap_device(&key, &kept, &polled).await? {
                return Err(denied.into());
            }
            // The person decided, or another node was asked, meanwhile.
        }
        Err(DeviceDenial::Contended.into())
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
            Some(DeviceOutcome::Denied) => Err(DeviceDenial::Denied.into()),
            Some(DeviceOutcome::Pending) | None => Err(DeviceDenial::Spent.into()),
        }
    }
}

/// The request after it was asked about, and what the device hears.
fn poll(request: &DeviceRequest, now_millis: i64) -> (DeviceRequest, DeviceDenial) {
    let mut polled = request.clone();
    polled.polled_at = Some(now_millis);
    let wait = i64::try_from(request.interval).unwrap_or(60) * 1000 - TOLERANCE_MILLIS;
    let is_early = request
        .polled_at
        .is_some_and(|before| now_millis - before < wait);
    if is_early {
        polled.interval = (request.interval + SLOWER_SECS).min(SLOWEST_SECS);
        return (polled, DeviceDenial::TooEarly);
    }
    (polled, DeviceDenial::Pending)
}
