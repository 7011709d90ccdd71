//! Clients that register themselves (RFC 7591), and look after it (RFC 7592).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_control_plane::client::{
    CheckRegistrationToken, Client, ClientKind, FindClient, RemoveClient,
};
use tidegate_oauth_types::{
    ClientMetadata, IssuedSecret, SecretHash, SecretKind, TokenEndpointAuthMethod, bearer_token,
};
use tidegate_store::{LimitScope, LimitedEndpoint, TicketKind};
use tidegate_types::{ClientId, ExposeSecret, Peer, SecretString};

use crate::clients::{DynamicClient, key_of_client};
use crate::denied::{
    About, Denied, RateDenial, RegistrationDenial, RegistrationTokenDenial, UnavailableDenial,
};
use crate::limits::budget;
use crate::server::Inner;

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);
const TRIES: usize = 4;

/// The largest registration. Real ones have less than 2 KB; ten redirect URIs and a key set fit.
const MOST_BYTES: usize = 8 * 1024;
/// New registrations of everybody in an hour of the clock that wait a day for a person; further ones wait an hour, so that a
/// flood from everywhere is not kept. People decide within ten minutes.
const UNHURRIED_IN_AN_HOUR: u64 = 200;
/// New registrations of everybody in an hour of the clock. With the lives above at most some 9,000 wait at once.
const MOST_IN_AN_HOUR: u64 = 2_000;

/// What the digest of a public client's metadata leads to.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SameClient {
    id: ClientId,
    /// Whether it was registered more than once.
    is_shared: bool,
}

/// Keys of [`TicketKind::DynamicClient`] beside those of clients.
fn key_of_digest(digest: &SecretHash) -> String {
    format!("digest:{digest}")
}

fn check_size(metadata: &Value) -> Result<(), Denied> {
    if metadata.to_string().len() <= MOST_BYTES {
        return Ok(());
    }
    Err(RegistrationDenial::TooLarge { limit: MOST_BYTES }.into())
}

impl Inner {
    /// A registration that a person looks at or lets in is in use: it lives, and is found again by who registers the same.
    pub(crate) async fn keep_registration(&self, client: &Client) {
        let life = self.rules.used_client_life;
        let digest = key_of_digest(&client.metadata.digest());
        for key in [key_of_client(&client.id), digest] {
            // It would only end earlier.
            let _ = self
                .tickets
                .keep(TicketKind::DynamicClient, &key, life)
                .await;
        }
    }
}

/// What a later registrant of a shared client may read it with.
fn key_of_reader(token: &SecretHash) -> String {
    format!("reader:{token}")
}

/// A client, and what its registrant is told once.
struct Registered {
    client: Client,
    secret: Option<SecretString>,
    token: SecretString,
}

/// How far a registration token goes.
enum RegistrationAccess {
    /// The client's own, and nobody else registered the same.
    Owner,
    /// One of several who registered the same: may read, and forget.
    Reader(SecretHash),
}

impl Inner {
    pub(crate) async fn register(&self, metadata: Value, peer: &Peer) -> Result<Value, Denied> {
        if let Some(off) = self.gate.off().await {
            return Err(off.into());
        }
        if !self.rules.may_register {
            return Err(RegistrationDenial::Off.into());
        }
        let limits = &self.rules.limits;
        let network = LimitScope::Address(LimitedEndpoint::Registration, peer.network());
        let everybody = LimitScope::Everybody(LimitedEndpoint::Registration);
        self.admit(&[
            budget(network, limits.registration),
            budget(everybody, limits.registration_of_all),
        ])
        .await?;
        check_size(&metadata)?;
        let metadata = ClientMetadata::from_registration(metadata)?;
        let is_public = metadata.token_endpoint_auth_method == TokenEndpointAuthMethod::None;
        let again = if is_public {
            self.same_client(&metadata).await?
        } else {
            None
        };
        let registered = match again {
            // What is told is what was registered now (RFC 7591 §3.2.1): loopback ports differ, and clients go by them.
            Some(mut registered) => {
                registered.client.metadata.redirect_uris = metadata.redirect_uris;
                registered
            }
            None => self.new_registration(metadata, peer).await?,
        };
        Ok(self.registration_reply(&registered))
    }

    /// The client that registered the same before. Public clients only: what one registrant is told is no secret of
    /// another's.
    async fn same_client(&self, metadata: &ClientMetadata) -> Result<Option<Registered>, Denied> {
        let digest = key_of_digest(&metadata.digest());
        for _ in 0..TRIES {
            let Some(kept) = self
                .tickets
                .get::<SameClient>(TicketKind::DynamicClient, &digest)
                .await?
            else {
                return Ok(None);
            };
            let same = kept.value.clone();
            let Some((client, is_used)) = self.registered_client(&same.id).await? else {
                // Expired, or removed by an administrator.
                self.tickets
                    .remove(TicketKind::DynamicClient, &digest)
                    .await?;
                return Ok(None);
            };
            // One that nobody uses lives no longer for being registered over and over, but it does not end either while
            // somebody connects who just did.
            let life = if is_used {
                self.rules.used_client_life
            } else {
                self.life_of_unused(self.count_in_hour("again").await?)
            };
            if !same.is_shared {
                self.share(&same.id).await?;
                let shared = SameClient {
                    is_shared: true,
                    ..same
                };
                let is_noted = self
                    .tickets
                    .replace(TicketKind::DynamicClient, &digest, &kept.raw, &shared, life)
                    .await?;
                if !is_noted {
                    continue;
                }
            }
            for key in [digest, key_of_client(&client.id)] {
                self.tickets
                    .keep(TicketKind::DynamicClient, &key, life)
                    .await?;
            }
            return self.reader(client, life).await.map(Some);
        }
        Err(UnavailableDenial::RegistrationContended.into())
    }

    /// How many registrations of a kind there were in this hour of the clock, with this one.
    async fn count_in_hour(&self, kind: &str) -> Result<u64, Denied> {
        let secs = i64::try_from(HOUR.as_secs()).unwrap_or(i64::MAX);
        let hour = self.clock.unix_secs() / secs;
        let counter = format!("registrations of all, {kind}, {hour}");
        Ok(self.counters.add(&counter, HOUR).await?)
    }

    /// How long a registration waits for a person.
    fn life_of_unused(&self, count_in_hour: u64) -> Duration {
        if count_in_hour <= UNHURRIED_IN_AN_HOUR {
            self.rules.unused_client_life
        } else {
            self.rules.unused_client_life.min(HOUR)
        }
    }

    /// A token with which one more registrant may read the client.
    async fn reader(&self, client: Client, life: Duration) -> Result<Registered, Denied> {
        let token = IssuedSecret::draw(SecretKind::RegistrationToken);
        self.tickets
            .issue(
                TicketKind::DynamicClient,
                &key_of_reader(&token.hash),
                &client.id,
                life,
            )
            .await?;
        Ok(Registered {
            client,
            secret: None,
            token: token.text,
        })
    }

    /// Nobody may remove it alone any more.
    async fn share(&self, id: &ClientId) -> Result<(), Denied> {
        let key = key_of_client(id);
        for _ in 0..TRIES {
            let Some(kept) = self
                .tickets
                .get::<DynamicClient>(TicketKind::DynamicClient, &key)
                .await?
            else {
                // It is the manager's by now, and its digest says that it is shared.
                return Ok(());
            };
            let shared = DynamicClient {
                is_shared: true,
                ..kept.value
            };
            // It is kept for as long as it should be by whoever shares it.
            let life = self.rules.unused_client_life;
            if self
                .tickets
                .replace(TicketKind::DynamicClient, &key, &kept.raw, &shared, life)
                .await?
            {
                return Ok(());
            }
        }
        Err(UnavailableDenial::RegistrationContended.into())
    }

    async fn new_registration(
        &self,
        metadata: ClientMetadata,
        peer: &Peer,
    ) -> Result<Registered, Denied> {
        let counter = format!("registrations {}", peer.network());
        if self.counters.add(&counter, DAY).await? > self.rules.max_registrations_a_day {
            return Err(RateDenial::TooManyRequests.into());
        }
        let count = self.count_in_hour("new").await?;
        if count > MOST_IN_AN_HOUR {
            return Err(RateDenial::RegistrationsOfAll.into());
        }
        let life = self.life_of_unused(count);
        let digest = metadata.digest();
        let method = metadata.token_endpoint_auth_method;
        let needs_secret = matches!(
            method,
            TokenEndpointAuthMethod::ClientSecretBasic | TokenEndpointAuthMethod::ClientSecretPost
        );
        let secret = needs_secret.then(|| IssuedSecret::draw(SecretKind::ClientSecret));
        let token = IssuedSecret::draw(SecretKind::RegistrationToken);
        let mut client = self.new_client(ClientId::random(), ClientKind::Dynamic, metadata);
        client.has_secret = needs_secret;
        let kept = DynamicClient {
            client: client.clone(),
            secret: secret.as_ref().map(|secret| secret.hash),
            registration_token: token.hash,
            is_shared: false,
        };
        self.tickets
            .issue(
                TicketKind::DynamicClient,
                &key_of_client(&client.id),
                &kept,
                life,
            )
            .await?;
        if method == TokenEndpointAuthMethod::None {
            let same = SameClient {
                id: client.id.clone(),
                is_shared: false,
            };
            let is_first = self
                .tickets
                .issue(
                    TicketKind::DynamicClient,
                    &key_of_digest(&digest),
                    &same,
                    life,
                )
                .await?;
            // The same was registered at the same moment: both are good, and the other is the one to be found again.
            tracing::debug!(is_first, "a public client was registered");
        }
        let about = About {
            client: Some(client.id.clone()),
            ..About::default()
        };
        let detail = format!(
            "redirects to {}",
            client.metadata.redirect_hosts().join(", ")
        );
        let action = "client.registered";
        self.recorder
            .record_often(action, &peer.network(), about, peer, detail);
        Ok(Registered {
            client,
            secret: secret.map(|secret| secret.text),
            token: token.text,
        })
    }

    /// A client that registered itself, and whether somebody let it in, so that it is in the manager.
    async fn registered_client(&self, id: &ClientId) -> Result<Option<(Client, bool)>, Denied> {
        let key = key_of_client(id);
        let kept = self
            .tickets
            .get::<DynamicClient>(TicketKind::DynamicClient, &key)
            .await?;
        if let Some(kept) = kept {
            return Ok(Some((kept.value.client, false)));
        }
        let client = self.manager.call(FindClient { id: id.clone() }).await?;
        let dynamic = client.filter(|client| client.kind == ClientKind::Dynamic);
        Ok(dynamic.map(|client| (client, true)))
    }

    /// RFC 7591 §3.2.1. Members without a value are left out, never null or empty (C19).
    fn registration_reply(&self, registered: &Registered) -> Value {
        let mut reply = self.client_information(&registered.client);
        if let Some(secret) = &registered.secret {
            reply["client_secret"] = json!(secret.expose_secret());
            // It does not expire.
            reply["client_secret_expires_at"] = json!(0);
        }
        reply["registration_access_token"] = json!(registered.token.expose_secret());
        reply
    }

    fn client_information(&self, client: &Client) -> Value {
        let mut information = serde_json::to_value(&client.metadata).unwrap_or_else(|_| json!({}));
        information["client_id"] = json!(client.id);
        information["client_id_issued_at"] = json!(client.created_at);
        information["response_types"] = json!(["code"]);
        information["registration_client_uri"] =
            json!(format!("{}/oauth/register/{}", self.issuer(), client.id));
        information
    }

    pub(crate) async fn registration(
        &self,
        client_id: &str,
        authorization: Option<&str>,
        peer: &Peer,
    ) -> Result<Value, Denied> {
        let (client, _) = self.manage(client_id, authorization, peer).await?;
        Ok(self.client_information(&client))
    }

    pub(crate) async fn unregister(
        &self,
        client_id: &str,
        authorization: Option<&str>,
        peer: &Peer,
    ) -> Result<(), Denied> {
        let (client, standing) = self.manage(client_id, authorization, peer).await?;
        match standing {
            RegistrationAccess::Reader(token) => {
                let key = key_of_reader(&token);
                self.tickets.remove(TicketKind::DynamicClient, &key).await?;
            }
            RegistrationAccess::Owner => {
                let id = client.id.clone();
                let key = key_of_client(&id);
                self.tickets.remove(TicketKind::DynamicClient, &key).await?;
                self.manager.call(RemoveClient { id }).await?;
                let digest = key_of_digest(&client.metadata.digest());
                self.tickets
                    .remove(TicketKind::DynamicClient, &digest)
                    .await?;
            }
        }
        let about = About {
            client: Some(client.id),
            ..About::default()
        };
        self.recorder
            .record("client.unregistered", "ok", about, peer, None);
        Ok(())
    }

    /// The client that a registration token is for. Unknown client and wrong token are told alike (RFC 7592 §2.1).
    async fn manage(
        &self,
        client_id: &str,
        authorization: Option<&str>,
        peer: &Peer,
    ) -> Result<(Client, RegistrationAccess), Denied> {
        let rate = self.rules.limits.inspection;
        self.admit_address(LimitedEndpoint::Inspection, rate, peer)
            .await?;
        let token = authorization.map(|header| bearer_token(header).unwrap_or(header));
        let token = token.ok_or(RegistrationTokenDenial::Missing)?;
        let token = SecretHash::of_presented(SecretKind::RegistrationToken, token)
            .map_err(|_| RegistrationTokenDenial::Malformed)?;
        let id: ClientId = client_id
            .parse()
            .map_err(|_| RegistrationTokenDenial::ClientMalformed)?;
        let (client, _) = self
            .registered_client(&id)
            .await?
            .ok_or(RegistrationTokenDenial::ClientUnknown)?;
        if let Some(standing) = self.registration_standing(&client, token).await? {
            return Ok((client, standing));
        }
        Err(Denied::from(RegistrationTokenDenial::Wrong).of_client(&id))
    }

    async fn registration_standing(
        &self,
        client: &Client,
        token: SecretHash,
    ) -> Result<Option<RegistrationAccess>, Denied> {
        let reader = self
            .tickets
            .get::<ClientId>(TicketKind::DynamicClient, &key_of_reader(&token))
            .await?;
        if reader.is_some_and(|kept| kept.value == client.id) {
            return Ok(Some(RegistrationAccess::Reader(token)));
        }
        let kept = self
            .tickets
            .get::<DynamicClient>(TicketKind::DynamicClient, &key_of_client(&client.id))
            .await?;
        if let Some(kept) = kept {
            let is_right = kept.value.registration_token == token;
            return Ok(is_right.then_some(if kept.value.is_shared {
                RegistrationAccess::Reader(token)
            } else {
                RegistrationAccess::Owner
            }));
        }
        let check = CheckRegistrationToken {
            id: client.id.clone(),
            secret: token,
        };
        if !self.manager.call(check).await? {
            return Ok(None);
        }
        // Others may have registered the same since it was let in.
        let digest = key_of_digest(&client.metadata.digest());
        let same = self
            .tickets
            .get::<SameClient>(TicketKind::DynamicClient, &digest)
            .await?;
        let is_shared = same.is_some_and(|kept| kept.value.id == client.id && kept.value.is_shared);
        Ok(Some(if is_shared {
            RegistrationAccess::Reader(token)
        } else {
            RegistrationAccess::Owner
        }))
    }
}
