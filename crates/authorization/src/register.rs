//! Clients that register themselves (RFC 7591), and look after it (RFC 7592).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_manager::client::{
    CheckRegistrationToken, Client, ClientKind, FindClient, RemoveClient,
};
use tidegate_oauth::{
    ClientMetadata, ErrorCode, IssuedSecret, OAuthError, SecretHash, SecretKind,
    TokenEndpointAuthMethod, bearer_token,
};
use tidegate_store::{Door, LimitScope, TicketKind};
use tidegate_types::{ClientId, ExposeSecret, Peer, SecretString};

use crate::clients::{DynamicClient, key_of_client};
use crate::denied::{About, Denied};
use crate::limits::budget;
use crate::server::Inner;

const DAY: Duration = Duration::from_hours(24);
const TRIES: usize = 4;

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
enum Standing {
    /// The client's own, and nobody else registered the same.
    Owner,
    /// One of several who registered the same: may read, and forget.
    Reader(SecretHash),
}

impl Inner {
    pub(crate) async fn register(&self, metadata: Value, peer: &Peer) -> Result<Value, Denied> {
        if !self.rules.may_register || !self.gate.is_on().await {
            let description = "clients cannot register themselves here: ask an administrator";
            return Err(Denied::new(
                OAuthError::new(ErrorCode::AccessDenied, description),
                "registration_off",
            ));
        }
        let limits = &self.rules.limits;
        let network = LimitScope::Address(Door::Registration, peer.network());
        let everybody = LimitScope::Everybody(Door::Registration);
        self.admit(&[
            budget(network, limits.registration),
            budget(everybody, limits.registration_of_all),
        ])
        .await?;
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
                .drawer
                .get::<SameClient>(TicketKind::DynamicClient, &digest)
                .await?
            else {
                return Ok(None);
            };
            let same = kept.value.clone();
            let Some(client) = self.registered_client(&same.id).await? else {
                // Expired, or removed by an administrator.
                self.drawer
                    .remove(TicketKind::DynamicClient, &digest)
                    .await?;
                return Ok(None);
            };
            if !same.is_shared {
                self.share(&same.id).await?;
                let shared = SameClient {
                    is_shared: true,
                    ..same
                };
                let life = self.rules.used_client_life;
                let is_noted = self
                    .drawer
                    .replace(TicketKind::DynamicClient, &digest, &kept.raw, &shared, life)
                    .await?;
                if !is_noted {
                    continue;
                }
            }
            // Whoever registers it again is about to use it. In the manager's hands it needs no life here.
            let key = key_of_client(&client.id);
            let life = self.rules.used_client_life;
            self.drawer
                .keep(TicketKind::DynamicClient, &key, life)
                .await?;
            return self.reader(client).await.map(Some);
        }
        Err(Denied::later("registration_contended"))
    }

    /// A token with which one more registrant may read the client.
    async fn reader(&self, client: Client) -> Result<Registered, Denied> {
        let token = IssuedSecret::draw(SecretKind::RegistrationToken);
        let life = self.rules.used_client_life;
        self.drawer
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
                .drawer
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
            let life = self.rules.used_client_life;
            if self
                .drawer
                .replace(TicketKind::DynamicClient, &key, &kept.raw, &shared, life)
                .await?
            {
                return Ok(());
            }
        }
        Err(Denied::later("registration_contended"))
    }

    async fn new_registration(
        &self,
        metadata: ClientMetadata,
        peer: &Peer,
    ) -> Result<Registered, Denied> {
        let tally = format!("registrations {}", peer.network());
        if self.tallies.add(&tally, DAY).await? > self.rules.max_registrations_a_day {
            return Err(Denied::too_many());
        }
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
        let life = self.rules.unused_client_life;
        self.drawer
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
                .drawer
                .issue(
                    TicketKind::DynamicClient,
                    &key_of_digest(&digest),
                    &same,
                    self.rules.used_client_life,
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
        self.recorder
            .record("client.registered", "ok", about, peer, Some(detail));
        Ok(Registered {
            client,
            secret: secret.map(|secret| secret.text),
            token: token.text,
        })
    }

    /// A client that registered itself, in the store or in the manager.
    async fn registered_client(&self, id: &ClientId) -> Result<Option<Client>, Denied> {
        let key = key_of_client(id);
        let kept = self
            .drawer
            .get::<DynamicClient>(TicketKind::DynamicClient, &key)
            .await?;
        if let Some(kept) = kept {
            return Ok(Some(kept.value.client));
        }
        let client = self.manager.call(FindClient { id: id.clone() }).await?;
        Ok(client.filter(|client| client.kind == ClientKind::Dynamic))
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
            Standing::Reader(token) => {
                let key = key_of_reader(&token);
                self.drawer.remove(TicketKind::DynamicClient, &key).await?;
            }
            Standing::Owner => {
                let id = client.id.clone();
                let key = key_of_client(&id);
                self.drawer.remove(TicketKind::DynamicClient, &key).await?;
                self.manager.call(RemoveClient { id }).await?;
                let digest = key_of_digest(&client.metadata.digest());
                self.drawer
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
    ) -> Result<(Client, Standing), Denied> {
        let rate = self.rules.limits.inspection;
        self.admit_address(Door::Inspection, rate, peer).await?;
        let refused = |reason| {
            let description = "the registration access token is not valid for this client";
            Denied::new(
                OAuthError::new(ErrorCode::InvalidToken, description),
                reason,
            )
        };
        let token = authorization.map(|header| bearer_token(header).unwrap_or(header));
        let token = token.ok_or_else(|| refused("registration_token_missing"))?;
        let token = SecretHash::of_presented(SecretKind::RegistrationToken, token)
            .map_err(|_| refused("registration_token_malformed"))?;
        let id: ClientId = client_id.parse().map_err(|_| refused("client_malformed"))?;
        let client = self
            .registered_client(&id)
            .await?
            .ok_or_else(|| refused("client_unknown"))?;
        if let Some(standing) = self.registration_standing(&client, token).await? {
            return Ok((client, standing));
        }
        Err(refused("registration_token_wrong").of_client(&id))
    }

    async fn registration_standing(
        &self,
        client: &Client,
        token: SecretHash,
    ) -> Result<Option<Standing>, Denied> {
        let reader = self
            .drawer
            .get::<ClientId>(TicketKind::DynamicClient, &key_of_reader(&token))
            .await?;
        if reader.is_some_and(|kept| kept.value == client.id) {
            return Ok(Some(Standing::Reader(token)));
        }
        let kept = self
            .drawer
            .get::<DynamicClient>(TicketKind::DynamicClient, &key_of_client(&client.id))
            .await?;
        if let Some(kept) = kept {
            let is_right = kept.value.registration_token == token;
            return Ok(is_right.then_some(if kept.value.is_shared {
                Standing::Reader(token)
            } else {
                Standing::Owner
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
            .drawer
            .get::<SameClient>(TicketKind::DynamicClient, &digest)
            .await?;
        let is_shared = same.is_some_and(|kept| kept.value.id == client.id && kept.value.is_shared);
        Ok(Some(if is_shared {
            Standing::Reader(token)
        } else {
            Standing::Owner
        }))
    }
}
