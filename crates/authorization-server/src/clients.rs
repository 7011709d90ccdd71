//! Finds clients, wherever they are: in the manager, in the shared store before anybody let them in, or on the web.

use serde::{Deserialize, Serialize};
use tidegate_control_plane::ManagerError;
use tidegate_control_plane::client::{Client, ClientKind, CreateClient, FindClient, UpdateClient};
use tidegate_oauth_types::{ClientMetadata, GrantType, OAuthError, SecretHash, known_document};
use tidegate_store::{LimitScope, LimitedEndpoint, TicketKind};
use tidegate_types::{ClientId, Peer, ScopeSet};
use url::Url;

use crate::Verified;
use crate::denied::Denied;
use crate::fetch::{DOCUMENT_BYTES, FetchError};
use crate::limits::budget;
use crate::server::Inner;

/// A client that registered itself and that nobody let in yet, as it lies in the shared store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DynamicClient {
    pub(crate) client: Client,
    pub(crate) secret: Option<SecretHash>,
    pub(crate) registration_token: SecretHash,
    /// Whether somebody else registered the same, so that nobody may remove it alone.
    pub(crate) is_shared: bool,
}

/// A client, and where it is.
#[derive(Debug, Clone)]
pub(crate) struct FoundClient {
    pub(crate) client: Client,
    pub(crate) source: ClientSource,
}

#[derive(Debug, Clone)]
pub(crate) enum ClientSource {
    /// As the manager has it.
    Manager,
    /// In the manager, which has older metadata than its document.
    Outdated,
    /// In the shared store only.
    Store {
        secret: Option<SecretHash>,
        /// Only where nobody else registered the same.
        registration_token: Option<SecretHash>,
    },
    /// On the web only.
    Web,
}

/// What is wrong with the document that describes a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DocumentFault {
    #[error("the client id is no URL that a document may have")]
    Url,
    #[error("the document is no JSON, or too large")]
    NotJson,
    #[error("the metadata of the document are not acceptable")]
    Metadata {
        /// Where the document is.
        host: String,
        #[source]
        err: OAuthError,
    },
}

impl DocumentFault {
    /// Tells an operator what the client's maker would have to mend. For whoever turns it into an answer, and nobody else.
    pub(crate) fn log(&self) {
        if let Self::Metadata { host, err } = self {
            tracing::info!(host, error = %err, "a client's document is not valid");
        }
    }
}

/// Why a client was not found.
#[derive(Debug)]
pub(crate) enum ClientProblem {
    Unknown,
    /// This server cannot reach the host.
    HostUnreachable {
        host: String,
    },
    /// The host has no such document, or is one that is not asked.
    DocumentUnavailable,
    DocumentInvalid(DocumentFault),
    DocumentHostRefused,
    TooMany,
    /// The manager or the store cannot be reached.
    Failed(Denied),
}

impl<E: Into<Denied>> From<E> for ClientProblem {
    fn from(err: E) -> Self {
        Self::Failed(err.into())
    }
}

/// Keys of [`TicketKind::DynamicClient`]: ids come from strangers, so they are hashed.
pub(crate) fn key_of_client(id: &ClientId) -> String {
    format!("client:{}", SecretHash::of(id.as_str()))
}

impl FoundClient {
    fn in_manager(client: Client) -> Self {
        let source = ClientSource::Manager;
        Self { client, source }
    }

    pub(crate) fn metadata(&self) -> &ClientMetadata {
        &self.client.metadata
    }

    /// The hosts that policies are about: of its id and of its redirect URIs.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let mut hosts = self.metadata().redirect_hosts();
        hosts.extend(host_of(&self.client.id));
        hosts.sort();
        hosts.dedup();
        hosts
    }

    pub(crate) fn verified(&self) -> Verified {
        if self.client.is_verified {
            return Verified::ByAdministrator;
        }
        match (self.client.kind, host_of(&self.client.id)) {
            (ClientKind::Document, Some(host)) => Verified::ByHost(host),
            _ => Verified::No,
        }
    }

    pub(crate) fn may_refresh(&self) -> bool {
        self.metadata()
            .grant_types
            .contains(&GrantType::RefreshToken)
    }
}

/// The host of a client whose id is the URL of its document.
pub(crate) fn host_of(id: &ClientId) -> Option<String> {
    let url = Url::parse(id.as_str()).ok().filter(|_| id.is_url())?;
    url.host_str().map(str::to_owned)
}

impl Inner {
    /// Finds a client that sends a browser or a device. A document is fetched when it is not fresh.
    pub(crate) async fn find_client(
        &self,
        id: &ClientId,
        peer: Option<&Peer>,
    ) -> Result<FoundClient, ClientProblem> {
        if id.is_url() {
            return self.find_document(id, peer).await;
        }
        if let Some(client) = self.manager.call(FindClient { id: id.clone() }).await? {
            return Ok(FoundClient::in_manager(client));
        }
        self.find_dynamic(id).await?.ok_or(ClientProblem::Unknown)
    }

    /// Finds a client at the token endpoint: what is known counts, so that a host that is away does not keep its
    /// clients from refreshing.
    pub(crate) async fn find_known_client(
        &self,
        id: &ClientId,
        peer: &Peer,
    ) -> Result<FoundClient, ClientProblem> {
        match self.manager.call(FindClient { id: id.clone() }).await? {
            Some(client) => Ok(FoundClient::in_manager(client)),
            None => self.find_client(id, Some(peer)).await,
        }
    }

    async fn find_dynamic(&self, id: &ClientId) -> Result<Option<FoundClient>, ClientProblem> {
        let kept = self
            .tickets
            .get::<DynamicClient>(TicketKind::DynamicClient, &key_of_client(id))
            .await?;
        Ok(kept.map(|kept| FoundClient {
            source: ClientSource::Store {
                secret: kept.value.secret,
                registration_token: (!kept.value.is_shared)
                    .then_some(kept.value.registration_token),
            },
            client: kept.value.client,
        }))
    }

    async fn find_document(
        &self,
        id: &ClientId,
        peer: Option<&Peer>,
    ) -> Result<FoundClient, ClientProblem> {
        if !self.rules.may_use_documents {
            return Err(ClientProblem::Unknown);
        }
        let url = ClientMetadata::document_url(id)
            .map_err(|_| ClientProblem::DocumentInvalid(DocumentFault::Url))?;
        let host = url.host_str().unwrap_or_default();
        let allowed = &self.rules.document_hosts;
        if !allowed.is_empty() && !allowed.iter().any(|allowed| allowed == host) {
            return Err(ClientProblem::DocumentHostRefused);
        }
        let known = self.manager.call(FindClient { id: id.clone() }).await?;
        let metadata = match (self.fetch_document(id, &url, peer).await, &known) {
            (Ok(metadata), _) => metadata,
            // What was let in before goes on while its host is away.
            (
                Err(ClientProblem::HostUnreachable { .. } | ClientProblem::DocumentUnavailable),
                Some(known),
            ) => known.metadata.clone(),
            // A client that keeps the id that it had elsewhere, or before the way out was closed.
            (Err(ClientProblem::HostUnreachable { host }), None) => {
                known_document(id).ok_or(ClientProblem::HostUnreachable { host })?
            }
            (Err(problem), _) => return Err(problem),
        };
        Ok(match known {
            Some(known) if known.metadata == metadata => FoundClient::in_manager(known),
            Some(known) => FoundClient {
                client: Client { metadata, ..known },
                source: ClientSource::Outdated,
            },
            None => FoundClient {
                client: self.new_client(id.clone(), ClientKind::Document, metadata),
                source: ClientSource::Web,
            },
        })
    }

    async fn fetch_document(
        &self,
        id: &ClientId,
        url: &Url,
        peer: Option<&Peer>,
    ) -> Result<ClientMetadata, ClientProblem> {
        self.admit_fetch(url, peer).await?;
        let body = self
            .documents
            .get(url, DOCUMENT_BYTES)
            .await
            .map_err(|err| match err {
                FetchError::NotJson | FetchError::TooLarge => {
                    ClientProblem::DocumentInvalid(DocumentFault::NotJson)
                }
                FetchError::UrlNotAllowed => ClientProblem::DocumentInvalid(DocumentFault::Url),
                FetchError::Busy => ClientProblem::TooMany,
                FetchError::Unreachable | FetchError::Timeout => ClientProblem::HostUnreachable {
                    host: url.host_str().unwrap_or_default().to_owned(),
                },
                FetchError::AddressNotAllowed | FetchError::Status(_) => {
                    ClientProblem::DocumentUnavailable
                }
            })?;
        let document = serde_json::from_slice(&body)
            .map_err(|_| ClientProblem::DocumentInvalid(DocumentFault::NotJson))?;
        ClientMetadata::from_document(id, document).map_err(|err| {
            let host = url.host_str().unwrap_or_default().to_owned();
            ClientProblem::DocumentInvalid(DocumentFault::Metadata { host, err })
        })
    }

    /// Bounds what strangers make us fetch: by their address, and for each host.
    pub(crate) async fn admit_fetch(
        &self,
        url: &Url,
        peer: Option<&Peer>,
    ) -> Result<(), ClientProblem> {
        if !self.documents.is_to_be_fetched(url).await {
            return Ok(());
        }
        let rate = self.rules.limits.client_document;
        let by_host = format!("host {}", url.host_str().unwrap_or_default());
        let mut budgets = vec![budget(
            LimitScope::Address(LimitedEndpoint::ClientDocument, by_host),
            rate,
        )];
        if let Some(peer) = peer {
            let network = LimitScope::Address(LimitedEndpoint::ClientDocument, peer.network());
            budgets.push(budget(network, rate));
        }
        let admitted = self.admit(&budgets).await;
        admitted.map_err(|_| ClientProblem::TooMany)
    }

    /// A client that nobody owns, as it begins.
    pub(crate) fn new_client(
        &self,
        id: ClientId,
        kind: ClientKind,
        metadata: ClientMetadata,
    ) -> Client {
        Client {
            id,
            kind,
            metadata,
            owner: None,
            acts_as: None,
            workspace: None,
            // What it may do is decided by people, their roles and policies.
            scopes: ScopeSet::all(),
            is_verified: false,
            has_secret: false,
            created_at: self.clock.unix_secs(),
            last_used_at: None,
        }
    }

    /// Lets the manager know a client that somebody lets in now.
    pub(crate) async fn settle(&self, found: &FoundClient) -> Result<(), Denied> {
        let (secret, registration_token) = match &found.source {
            ClientSource::Manager => return Ok(()),
            ClientSource::Outdated => {
                let update = UpdateClient {
                    id: found.client.id.clone(),
                    metadata: Some(found.client.metadata.clone()),
                    scopes: None,
                    is_verified: None,
                };
                return Ok(self.manager.call(update).await.map(drop)?);
            }
            ClientSource::Web => (None, None),
            ClientSource::Store {
                secret,
                registration_token,
            } => (*secret, *registration_token),
        };
        let create = CreateClient {
            client: found.client.clone(),
            secret,
            registration_token,
        };
        match self.manager.call(create).await {
            // Another node, or another person, was first.
            Ok(_) | Err(ManagerError::Conflict(_)) => {}
            Err(err) => return Err(err.into()),
        }
        if matches!(found.source, ClientSource::Store { .. }) {
            self.keep_registration(&found.client).await;
            // It would expire anyway; a store that is away is no reason to stop here.
            let key = key_of_client(&found.client.id);
            let _ = self.tickets.remove(TicketKind::DynamicClient, &key).await;
        }
        Ok(())
    }
}
