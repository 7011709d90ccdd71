//! Whether a client is who it says (RFC 6749 §2.3, RFC 7523 §2.2). Whatever is wrong, it hears the same.

use std::time::Duration;

use tidegate_control_plane::client::{CheckSecret, ClientKind};
use tidegate_oauth_types::{
    ClientAssertion, ClientCredential, JwkSet, SecretHash, SecretKind, TokenEndpointAuthMethod,
};
use tidegate_store::TicketKind;
use tidegate_types::{ExposeSecret, Peer, SecretString, TokenId};
use url::Url;

use crate::clients::{ClientProblem, ClientSource, FoundClient};
use crate::denied::{ClientDenial, Denied, RateDenial};
use crate::fetch::KEY_SET_BYTES;
use crate::server::Inner;

impl Inner {
    /// The client, once it has proved itself by the method that it registered.
    pub(crate) async fn authenticate(
        &self,
        credential: &ClientCredential,
        peer: &Peer,
    ) -> Result<FoundClient, Denied> {
        let checked = self.check_credential(credential, peer).await;
        checked.map_err(|denied| denied.of_client(credential.id()))
    }

    async fn check_credential(
        &self,
        credential: &ClientCredential,
        peer: &Peer,
    ) -> Result<FoundClient, Denied> {
        let found = self.find_known_client(credential.id(), peer).await;
        let found = found.map_err(of_problem)?;
        let registered = found.metadata().token_endpoint_auth_method;
        match (registered, credential) {
            (TokenEndpointAuthMethod::None, ClientCredential::Public { .. }) => Ok(found),
            // Where the secret stands is no matter of safety, and clients are not careful about it.
            (
                TokenEndpointAuthMethod::ClientSecretBasic
                | TokenEndpointAuthMethod::ClientSecretPost,
                ClientCredential::Basic { secret, .. } | ClientCredential::Post { secret, .. },
            ) => {
                self.check_secret(&found, secret).await?;
                Ok(found)
            }
            (TokenEndpointAuthMethod::PrivateKeyJwt, ClientCredential::Assertion { jwt, .. }) => {
                self.check_assertion(found, jwt, peer).await
            }
            (_, ClientCredential::Public { .. }) => Err(ClientDenial::NoProof.into()),
            _ => Err(ClientDenial::MethodNotRegistered.into()),
        }
    }

    async fn check_secret(&self, found: &FoundClient, secret: &SecretString) -> Result<(), Denied> {
        let presented = SecretHash::of_presented(SecretKind::ClientSecret, secret.expose_secret())
            .map_err(|_| ClientDenial::SecretMalformed)?;
        let is_right = match &found.source {
            ClientSource::Store { secret, .. } => *secret == Some(presented),
            ClientSource::Manager | ClientSource::Outdated | ClientSource::Web => {
                let id = found.client.id.clone();
                let check = CheckSecret {
                    id,
                    secret: presented,
                };
                self.manager.call(check).await?
            }
        };
        if is_right {
            Ok(())
        } else {
            Err(ClientDenial::SecretWrong.into())
        }
    }

    async fn check_assertion(
        &self,
        found: FoundClient,
        jwt: &SecretString,
        peer: &Peer,
    ) -> Result<FoundClient, Denied> {
        // A document may have changed its keys since somebody let the client in.
        let found = if found.client.kind == ClientKind::Document {
            let fresh = self.find_client(&found.client.id, Some(peer)).await;
            fresh.map_err(of_problem)?
        } else {
            found
        };
        let issuer = self.issuer();
        let token_endpoint = format!("{issuer}/oauth/token");
        // Clients name the one or the other as audience.
        let audiences = [issuer.as_str(), token_endpoint.as_str()];
        let now = self.clock.unix_secs();
        let id = &found.client.id;
        let verify =
            |keys: &JwkSet| ClientAssertion::verify(jwt.expose_secret(), keys, &audiences, id, now);
        let assertion = match (&found.metadata().jwks, &found.metadata().jwks_uri) {
            (Some(inline), _) => {
                let keys = JwkSet::from_value(inline).map_err(|_| ClientDenial::KeysMalformed)?;
                verify(&keys)
            }
            (None, Some(uri)) => {
                let uri = Url::parse(uri).map_err(|_| ClientDenial::KeysMalformed)?;
                match verify(&self.key_set(&uri, Some(peer), false).await?) {
                    // A key that is not in the set may have been added since.
                    Err(tidegate_oauth_types::AssertionProblem::UnknownKey) => {
                        verify(&self.key_set(&uri, Some(peer), true).await?)
                    }
                    verified => verified,
                }
            }
            (None, None) => return Err(ClientDenial::NoKeys.into()),
        };
        let assertion = assertion.map_err(|problem| ClientDenial::AssertionRefused {
            client: id.clone(),
            problem,
        })?;
        let is_first = self
            .take_once("client", id.as_str(), &assertion.jti, assertion.exp)
            .await?;
        if is_first {
            Ok(found)
        } else {
            Err(ClientDenial::AssertionReplayed.into())
        }
    }

    /// The keys at a URL; `renewed`, when one is missing in what is remembered.
    pub(crate) async fn key_set(
        &self,
        uri: &Url,
        peer: Option<&Peer>,
        renewed: bool,
    ) -> Result<JwkSet, Denied> {
        self.admit_fetch(uri, peer).await.map_err(of_problem)?;
        let fetched = if renewed {
            self.documents.renew(uri, KEY_SET_BYTES).await
        } else {
            self.documents.get(uri, KEY_SET_BYTES).await
        };
        let body = fetched.map_err(|_| ClientDenial::KeysUnreachable)?;
        JwkSet::parse(&body).map_err(|_| ClientDenial::KeysMalformed.into())
    }

    /// Whether the `jti` of an assertion is seen for the first time (RFC 7523 §3), on any node.
    pub(crate) async fn take_once(
        &self,
        role: &str,
        issuer: &str,
        jti: &TokenId,
        expires_at: i64,
    ) -> Result<bool, Denied> {
        // The parts are told apart by their lengths, so that no two assertions share a key.
        let name = format!("{role} {} {issuer} {}", issuer.len(), jti.as_str());
        let key = SecretHash::of(&name).to_string();
        // Clocks may differ by half a minute; what is forgotten must have expired for everybody.
        let rest = expires_at - self.clock.unix_secs() + 60;
        let ttl = Duration::from_secs(u64::try_from(rest).unwrap_or(0).max(60));
        Ok(self
            .tickets
            .issue(TicketKind::Assertion, &key, &true, ttl)
            .await?)
    }
}

pub(crate) fn of_problem(problem: ClientProblem) -> Denied {
    match problem {
        ClientProblem::Unknown => ClientDenial::Unknown.into(),
        ClientProblem::HostUnreachable { .. } => ClientDenial::DocumentUnreachable.into(),
        ClientProblem::DocumentUnavailable => ClientDenial::DocumentUnavailable.into(),
        ClientProblem::DocumentInvalid(fault) => ClientDenial::DocumentInvalid(fault).into(),
        ClientProblem::DocumentHostRefused => ClientDenial::DocumentHostRefused.into(),
        ClientProblem::TooMany => RateDenial::TooManyRequests.into(),
        ClientProblem::Failed(denied) => denied,
    }
}
