//! From a verified token to a principal of a workspace.
//!
//! Who a token speaks for is asked of the metastore, and of the control plane for tokens of our own. The outcome is
//! kept: in the shared store for 5 minutes (session validation), so that nodes ask once, and on this node for seconds,
//! so that most requests ask nobody. What is remembered of our own tokens carries the place in the control plane's log
//! that it rests on, and counts only while nothing changed since ([`CacheValidity`]).

use std::sync::Arc;
use std::time::Duration;

use tidegate_metastore::{FoundUser, UserQuery};
use tidegate_store::{
    Circuit, Generation, KnownGrantStatus, Remembered, Validation, ValidationCache,
};
use tidegate_token_verifier::{
    AuthFailure, Authenticator, GrantRefusal, GrantStatus, GrantStatusSource, Subject,
    VerifiedToken, token_id_of,
};
use tidegate_types::{
    AccountId, ClientName, GrantId, Principal, Scope, ScopeSet, ServiceCode, TokenId, UserId,
    WorkspaceSlug, check_name,
};
use tokio::sync::Semaphore;

use crate::control::{CacheValidity, Closed};
use crate::unknown_user::{UnknownReason, UnknownUser};
use crate::workspace::{WorkspaceError, WorkspaceHandle};

/// How long a validated session counts everywhere.
const VALIDATION_TTL: Duration = Duration::from_mins(5);

/// How long the control plane may take to say whether a grant counts.
const STANDING_TIMEOUT: Duration = Duration::from_secs(3);

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

/// Why nobody is known to be calling.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// The credential did not pass.
    #[error(transparent)]
    Auth(#[from] AuthFailure),
    /// The credential is good, and its account is not an active member of the workspace.
    #[error("the token's account is not an active member of the workspace")]
    NotAMember,
    /// The credential is good, and no active user of the workspace goes by what it says. To callers this is
    /// [`Self::NotAMember`].
    #[error(transparent)]
    UnknownUser(Box<UnknownUser>),
    /// The account is a member, and the user that it acts as is not in the workspace's metastore, or is switched off there.
    #[error(
        "the member acts as a user that the workspace's metastore does not have, or that is switched off"
    )]
    NoUser(MissingUser),
    /// The token was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// What the token rests on does not count. The reason is for the log; callers are told what
    /// [`Self::service_code`] tells.
    #[error("the token's grant does not count: {}", .0.as_str())]
    NoStanding(GrantRefusal),
    /// The workspace is closed to everybody, or to tokens of this kind.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// Neither the request nor the token says which workspace it is for.
    #[error("no workspace is named")]
    Unnamed,
    /// The workspace cannot be asked.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

/// The user that a member acts as, and who is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingUser {
    /// `ab_user.username`.
    pub username: Box<str>,
    /// The member, where the control plane was asked just now.
    pub account: Option<AccountId>,
    /// The workspace.
    pub workspace: WorkspaceSlug,
}

impl IdentifyError {
    /// A stable name of a caller's refusal, for logs and audit rows; `None` where the caller is not refused for who they are.
    pub const fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Auth(AuthFailure::Refused) => Some("token_refused"),
            Self::Auth(AuthFailure::InsufficientScope { .. }) => Some("scope_missing"),
            Self::NotAMember
            | Self::Workspace(WorkspaceError::Unknown | WorkspaceError::NotAMember) => {
                Some("not_a_member")
            }
            Self::NoUser(_) => Some("no_superset_user"),
            Self::UnknownUser(_) => Some("unknown_user"),
            Self::Revoked => Some("token_revoked"),
            Self::NoStanding(reason) => Some(reason.as_str()),
            // Whoever brings no token is told where to get one.
            Self::Auth(AuthFailure::Missing | AuthFailure::Unavailable)
            | Self::Closed(_)
            | Self::Unnamed
            | Self::Workspace(_) => None,
        }
    }

    /// The kind of failure that the edge shows.
    pub fn service_code(&self) -> ServiceCode {
        match self {
            Self::Auth(failure) => failure.service_code(),
            Self::NotAMember | Self::UnknownUser(_) | Self::Revoked => ServiceCode::Unauthenticated,
            Self::NoStanding(reason) => match reason {
                GrantRefusal::Unknown
                | GrantRefusal::Ended
                | GrantRefusal::Expired
                | GrantRefusal::OtherWorkspace
                | GrantRefusal::AccountInactive
                | GrantRefusal::ClientRefused => ServiceCode::Unauthenticated,
                GrantRefusal::NotAMember | GrantRefusal::Hibernated => ServiceCode::Forbidden,
                GrantRefusal::NoScope => ServiceCode::InsufficientScope,
            },
            Self::NoUser(_) | Self::Closed(_) => ServiceCode::Forbidden,
            Self::Unnamed => ServiceCode::InvalidRequest,
            Self::Workspace(err) => err.service_code(),
        }
    }
}

/// A refused standing as the rest of the node knows such refusals.
fn refusal_of(reason: GrantRefusal) -> IdentifyError {
    match reason {
        // In the words of other tokens, so that nobody finds out which workspaces there are.
        GrantRefusal::NotAMember => IdentifyError::NotAMember,
        GrantRefusal::Hibernated => IdentifyError::Closed(Closed::Hibernated),
        GrantRefusal::NoScope => IdentifyError::Auth(lacking(Scope::Read)),
        GrantRefusal::Unknown
        | GrantRefusal::Ended
        | GrantRefusal::Expired
        | GrantRefusal::OtherWorkspace
        | GrantRefusal::AccountInactive
        | GrantRefusal::ClientRefused => IdentifyError::NoStanding(reason),
    }
}

fn lacking(scope: Scope) -> AuthFailure {
    AuthFailure::InsufficientScope {
        required: [scope.as_str().to_owned()].into(),
    }
}

/// Tells who calls.
pub(crate) struct Identity {
    pub authenticator: Arc<dyn Authenticator>,
    pub validations: Arc<dyn ValidationCache>,
    /// Keeps requests from waiting for a store that is away.
    pub circuit: Arc<Circuit>,
    pub standing: Option<Arc<dyn GrantStatusSource>>,
    pub validity: Arc<CacheValidity>,
    pub asking: Semaphore,
}

impl Identity {
    pub(crate) fn new(
        authenticator: Arc<dyn Authenticator>,
        validations: Arc<dyn ValidationCache>,
        circuit: Arc<Circuit>,
        standing: Option<Arc<dyn GrantStatusSource>>,
        validity: Arc<CacheValidity>,
    ) -> Self {
        Self {
            authenticator,
            validations,
            circuit,
            standing,
            validity,
            asking: Semaphore::new(MOST_ASKED_AT_ONCE),
        }
    }

    /// Checks a bearer token. This comes before the workspace is looked for, so that nobody without a token
    /// finds out which ones there are.
    ///
    /// # Errors
    /// See [`AuthFailure`].
    pub(crate) async fn authenticate(
        &self,
        bearer: Option<&str>,
    ) -> Result<Arc<VerifiedToken>, AuthFailure> {
        self.authenticator.authenticate(bearer).await
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

    /// Whether what was learned of the token's grant still counts, as far as this node knows without asking.
    pub(crate) fn still_holds(&self, workspace: &WorkspaceHandle, token: &VerifiedToken) -> bool {
        let Some(grant) = &token.grant else {
            return true;
        };
        let known = workspace.validated().get(&token_id_of(grant));
        matches!(known, Some(Known::Good(validated)) if self.counts(&validated, grant, workspace))
    }

    async fn identify_by_subject(
        &self,
        workspace: &WorkspaceHandle,
        token: &VerifiedToken,
    ) -> Result<Arc<Validated>, IdentifyError> {
        let id = token.subject.id().clone();
        if let Some(Known::Good(validated)) = workspace.validated().get(&id) {
            return Ok(validated);
        }
        let slug = &workspace.workspace().slug;
        let epoch = workspace.epoch();
        let (outcome, generation) = self.remembered(slug, &id).await;
        let known = if let Some(known) = outcome {
            known
        } else {
            let found = look_up(workspace, &token.subject).await?;
            self.remember(slug, &id, found, generation).await
        };
        let validated = validated_of(known)?;
        // What was read before a change may already be wrong: it serves this request alone.
        if epoch == workspace.epoch() {
            workspace
                .validated()
                .insert(id, Known::Good(Arc::clone(&validated)));
        }
        Ok(validated)
    }

    async fn identify_by_grant(
        &self,
        workspace: &WorkspaceHandle,
        grant: &GrantId,
    ) -> Result<Arc<Validated>, IdentifyError> {
        let id = token_id_of(grant);
        let slug = &workspace.workspace().slug;
        match workspace.validated().get(&id) {
            Some(Known::Good(validated)) if self.counts(&validated, grant, workspace) => {
                return Ok(validated);
            }
            Some(Known::Refused(reason, as_of))
                if self.validity.standing_holds(as_of, grant, slug) =>
            {
                return Err(refusal_of(reason));
            }
            _ => {}
        }
        let epoch = workspace.epoch();
        // Read before anything is asked: what changes meanwhile makes the answer old.
        let as_of = self.validity.place();
        let (outcome, generation) = self.remembered(slug, &id).await;
        if let Some(known) = outcome {
            let validated = validated_of(known)?;
            if self.counts(&validated, grant, workspace) {
                if epoch == workspace.epoch() {
                    workspace
                        .validated()
                        .insert(id, Known::Good(Arc::clone(&validated)));
                }
                return Ok(validated);
            }
        }
        let found = match self.ask(workspace, grant, as_of).await? {
            Ok(found) => found,
            Err(reason) => {
                if let Some(as_of) = as_of {
                    workspace
                        .validated()
                        .insert(id, Known::Refused(reason, as_of));
                }
                return Err(refusal_of(reason));
            }
        };
        if as_of.is_none() {
            return validated_of(found);
        }
        let validated = validated_of(self.remember(slug, &id, found, generation).await)?;
        if epoch == workspace.epoch() {
            workspace
                .validated()
                .insert(id, Known::Good(Arc::clone(&validated)));
        }
        Ok(validated)
    }

    /// Whether what was learned about the grant rests on everything that changed since.
    fn counts(&self, validated: &Validated, grant: &GrantId, workspace: &WorkspaceHandle) -> bool {
        let slug = &workspace.workspace().slug;
        validated
            .standing
            .as_ref()
            .is_some_and(|known| self.validity.standing_holds(known.as_of, grant, slug))
    }

    /// Asks the control plane for the grant, and the metastore for the user that it acts as.
    async fn ask(
        &self,
        workspace: &WorkspaceHandle,
        grant: &GrantId,
        as_of: Option<u64>,
    ) -> Result<Result<Validation, GrantRefusal>, IdentifyError> {
        let slug = &workspace.workspace().slug;
        let source = self.standing.as_ref().ok_or(AuthFailure::Refused)?;
        let ask = async {
            let _turn = self.asking.acquire().await;
            source.grant_status(grant, slug).await
        };
        let standing = tokio::time::timeout(STANDING_TIMEOUT, ask)
            .await
            .unwrap_or(Err(AuthFailure::Unavailable))?;
        let (account, username, client, scopes) = match standing {
            GrantStatus::Refused(reason) => return Ok(Err(reason)),
            GrantStatus::Good {
                account,
                username,
                client,
                scopes,
            } => (account, username, client, scopes),
        };
        let acts_as = Subject::from(&*username);
        let found = match look_up(workspace, &acts_as).await {
            // The control plane said that they are a member: so they may know what is missing.
            Err(IdentifyError::NotAMember | IdentifyError::UnknownUser(_)) => {
                return Err(IdentifyError::NoUser(MissingUser {
                    username: username.into(),
                    account: Some(account),
                    workspace: slug.clone(),
                }));
            }
            found => found?,
        };
        let Validation::Valid { user, username, .. } = found else {
            return Err(IdentifyError::NotAMember);
        };
        Ok(Ok(Validation::Valid {
            user,
            username,
            standing: Some(KnownGrantStatus {
                account,
                client,
                scopes,
                as_of: as_of.unwrap_or(0),
            }),
        }))
    }

    /// The shared outcome. With the store gone, whoever knows is asked each time, which any node can.
    async fn remembered(
        &self,
        slug: &WorkspaceSlug,
        token: &TokenId,
    ) -> (Option<Validation>, Option<Generation>) {
        match self.circuit.run(self.validations.get(slug, token)).await {
            Some(Ok(Remembered {
                outcome,
                generation,
            })) => (outcome, Some(generation)),
            Some(Err(err)) => {
                tracing::warn!(
                    error = &err as &dyn std::error::Error,
                    "session validation goes on without the store"
                );
                (None, None)
            }
            None => (None, None),
        }
    }

    /// Keeps an outcome for all nodes, unless the generation could not be read before it was looked up.
    async fn remember(
        &self,
        slug: &WorkspaceSlug,
        token: &TokenId,
        found: Validation,
        generation: Option<Generation>,
    ) -> Validation {
        let Some(generation) = generation else {
            return found;
        };
        let put = self
            .validations
            .put(slug, token, found.clone(), generation, VALIDATION_TTL);
        match self.circuit.run(put).await {
            Some(Ok(stands)) => stands,
            _ => found,
        }
    }
}

fn validated_of(outcome: Validation) -> Result<Arc<Validated>, IdentifyError> {
    match outcome {
        Validation::Valid {
            user,
            username,
            standing,
        } => Ok(Arc::new(Validated {
            user,
            username: username.into(),
            standing,
        })),
        Validation::Revoked => Err(IdentifyError::Revoked),
    }
}

/// The one active user of the workspace's metastore who goes by the first claim that finds anybody. One that finds
/// somebody who may not come in, or more than one, decides as well: the next must not make up for it.
async fn look_up(
    workspace: &WorkspaceHandle,
    subject: &Subject,
) -> Result<Validation, IdentifyError> {
    let unknown = |reason| IdentifyError::UnknownUser(Box::new(UnknownUser::new(subject, reason)));
    let users = workspace.workspace().metastore.users();
    for claim in subject.claims() {
        // Nobody has such a name, and a database that cannot store it is not to be asked.
        if check_name(&claim.value).is_err() {
            continue;
        }
        let query = UserQuery {
            text: &claim.value,
            may_be_address: claim.may_be_address,
            ignores_case: subject.ignores_case(),
        };
        let found = users
            .find(query)
            .await
            .map_err(|err| WorkspaceError::Unavailable(Arc::new(err)))?;
        match found {
            FoundUser::One(user) => {
                return Ok(Validation::Valid {
                    user: user.id,
                    username: user.username,
                    standing: None,
                });
            }
            FoundUser::Nobody => {}
            FoundUser::Inactive => return Err(unknown(UnknownReason::Inactive)),
            FoundUser::Several => return Err(unknown(UnknownReason::Several)),
        }
    }
    Err(unknown(UnknownReason::Nobody))
}
