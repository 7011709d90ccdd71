//! A client as its table holds it.

use sea_query::{Expr, ExprTrait as _, Query, SelectStatement};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Parsed, row};
use tidegate_oauth_types::ClientMetadata;
use tidegate_types::{AccountId, ClientId, ScopeSet, WorkspaceSlug};

use super::{Client, ClientKind};
use crate::{UnixSecs, policy};

row! {
    struct ClientRow {
        id: Parsed<ClientId> = clients.id,
        kind: Parsed<ClientKind> = clients.kind,
        metadata: String = clients.metadata,
        owner: Option<Parsed<AccountId>> = clients.owner,
        acts_as: Option<Parsed<AccountId>> = clients.acts_as,
        workspace: Option<Parsed<WorkspaceSlug>> = clients.workspace,
        scopes: Parsed<ScopeSet> = clients.scopes,
        is_verified: bool = clients.is_verified,
        created_at: UnixSecs = clients.created_at,
        last_used_at: Option<UnixSecs> = clients.last_used_at,
    }
}

/// What [`select`] calls whether the client has a live secret.
const HAS_SECRET: &str = "has_secret";

pub(super) fn select(now: UnixSecs) -> SelectStatement {
    let live_secret = Query::select()
        .expr(Expr::val(1))
        .from("client_secrets")
        .and_where(Expr::col(("client_secrets", "client")).equals(("clients", "id")))
        .cond_where(secret_is_live(now))
        .to_owned();
    ClientRow::select(&mut Query::select())
        .expr_as(Expr::exists(live_secret), HAS_SECRET)
        .from("clients")
        .to_owned()
}

pub(super) fn secret_is_live(now: UnixSecs) -> Expr {
    let ends = || Expr::col(("client_secrets", "expires_at"));
    ends().is_null().or(ends().gt(now))
}

impl FromRow for Client {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let has_secret = row.get(HAS_SECRET, HAS_SECRET)?;
        let row = ClientRow::from_row(row)?;
        Ok(Self {
            id: row.id.0,
            kind: row.kind.0,
            metadata: read_metadata(&row.metadata)?,
            owner: row.owner.map(Parsed::into_inner),
            acts_as: row.acts_as.map(Parsed::into_inner),
            workspace: row.workspace.map(Parsed::into_inner),
            scopes: row.scopes.0,
            is_verified: row.is_verified,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            has_secret,
        })
    }
}

pub(crate) fn read_metadata(json: &str) -> Result<ClientMetadata, DatabaseError> {
    serde_json::from_str(json).map_err(|err| DatabaseError::Corrupt {
        operation: "read a client",
        // The place of the mistake, without what stands there.
        reason: format!(
            "clients.metadata: line {}, column {}",
            err.line(),
            err.column()
        ),
    })
}

impl Client {
    /// The hosts that rules on clients look at: of its id, where that is a URL, and of its redirect URIs.
    pub fn hosts(&self) -> Vec<String> {
        policy::hosts_of(&self.id, &self.metadata)
    }
}
