//! From a verified token to a principal of a workspace.
//!
//! Who a token speaks for is asked of the metastore, and of the control plane for tokens of our own. The outcome is
//! kept: in the shared store for 5 minutes (session validation), so that nodes ask once, and on this node for seconds,
//! so that most requests ask nobody. What is remembered of our own tokens carries the place in the control plane's log
//! that it rests on, and counts only while nothing changed since ([`CacheValidity`]).

mod by_grant;
mod by_subject;
mod error;
mod shared;
mod user;

use std::sync::Arc;

use tidegate_store::{Circuit, KnownGrantStatus, ValidationCache};
use tidegate_token_verifier::{GrantRefusal, GrantStatusSource, VerifiedToken};
use tidegate_types::{ClientName, Principal, Scope, ScopeSet, UserId};
use tokio::sync::Semaphore;

pub use error::{IdentifyError, MissingUser};

use error::lacking;

use crate::control::CacheValidity;
use crate::workspace::WorkspaceHandle;

/// Grants that are asked about at once, so that a change of everything is no flood.
const MOST_ASKED_AT_ONCE: usize = 64;

/// A token's user in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Validated {
    /// The user.
    pub(crate) user: UserId,
    /// `ab_user.username`.
    pub(crate) username: Arc<str>,
    /// What the control plane said, for tokens of our own.
    pub(crate) standing: Option<KnownGrantStatus>,
}

/// What this node remembers of a token in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// It speaks for somebody.
    Good(Arc<Validated>),
    /// The control plane said that its grant does not count, at this place of its log.
    Refused(GrantRefusal, u64),
}

/// Tells who calls.
pub(crate) struct Identity {
    validations: Arc<dyn ValidationCache>,
    /// Keeps requests from waiting for a store that is away.
    circuit: Arc<Circuit>,
    standing: Option<Arc<dyn GrantStatusSource>>,
    validity: Arc<CacheValidity>,
    asking: Semaphore,
}

impl Identity {
    pub(crate) fn new(
        validations: Arc<dyn ValidationCache>,
        circuit: Arc<Circuit>,
        standing: Option<Arc<dyn GrantStatusSource>>,
        validity: Arc<CacheValidity>,
    ) -> Self {
        Self {
            validations,
            circuit,
            standing,
            validity,
            asking: Semaphore::new(MOST_ASKED_AT_ONCE),
        }
    }

    /// The principal that a verified token speaks for in a workspace.
    ///
    /// # Errors
    /// See [`IdentifyError`].
    pub(crate) async fn identify(
        &self,
        workspace: &WorkspaceHandle,
        token: &VerifiedToken,
    ) -> Result<Arc<Principal>, IdentifyError> {
        let slug = &workspace.workspace().slug;
        let (validated, scopes, client) = match &token.grant {
            None => {
                let validated = self.identify_by_subject(workspace, token).await?;
                (validated, token.scopes, token.client.clone())
            }
            Some(grant) => {
                let validated = self.identify_by_grant(workspace, grant).await?;
                let standing = validated.standing.as_ref();
                let (scopes, client) = standing.map_or((ScopeSet::NONE, None), |standing| {
                    let client = ClientName(standing.client.as_str().into());
                    (token.scopes.narrowed_to(standing.scopes), Some(client))
                });
                if scopes.is_empty() {
                    return Err(lacking(Scope::Read).into());
                }
                let client = client.unwrap_or_else(|| token.client.clone());
                (validated, scopes, client)
            }
        };
        Ok(Arc::new(Principal {
            workspace: slug.clone(),
            user: validated.user,
            username: Arc::clone(&validated.username),
            scopes,
            client,
            credential: token.credential.clone(),
        }))
    }
}
