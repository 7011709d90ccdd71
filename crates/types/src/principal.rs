//! Who is asking.

use std::sync::Arc;

use crate::{ScopeSet, TokenId, UserId, WorkspaceSlug};

/// Who asks, in which workspace, and by what right. Only authentication makes one, and it belongs to
/// the workspace that it names: using it against another is a type-checked look-up that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The workspace that the request is bound to.
    pub workspace: WorkspaceSlug,
    /// The user in that workspace's metastore.
    pub user: UserId,
    /// `ab_user.username`.
    pub username: Arc<str>,
    /// What the token lets its bearer do, within the user's own rights.
    pub scopes: ScopeSet,
    /// Which client the token was issued to.
    pub client: ClientName,
    /// How the caller proved who they are.
    pub credential: Credential,
}

/// The OAuth client that a token names (`client_id` or `azp`), or `"development"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientName(pub Arc<str>);

/// How a caller proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nobody proved anything: the configured development user.
    Development,
    /// A bearer token, by its id.
    Token(TokenId),
}
