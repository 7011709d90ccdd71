//! A client as its table holds it.

use sea_query::{Expr, ExprTrait as _, Query, SelectStatement};
use tidegate_database::{DatabaseError, Row};
use tidegate_oauth_types::ClientMetadata;

use super::Client;
use crate::{ManagerError, UnixSecs, policy, stored};

/// In the order in which [`read`] reads them.
const COLUMNS: [&str; 10] = [
    "id",
    "kind",
    "metadata",
    "owner",
    "acts_as",
    "workspace",
    "scopes",
    "is_verified",
    "created_at",
    "last_used_at",
];

pub(super) fn select(now: UnixSecs) -> SelectStatement {
    let live_secret = Query::select()
        .expr(Expr::val(1))
        .from("client_secrets")
        .and_where(Expr::col(("client_secrets", "client")).equals(("clients", "id")))
        .cond_where(secret_is_live(now))
        .to_owned();
    Query::select()
        .columns(COLUMNS.map(|column| ("clients", column)))
        .expr(Expr::exists(live_secret))
        .from("clients")
        .to_owned()
}

pub(super) fn secret_is_live(now: UnixSecs) -> Expr {
    let ends = || Expr::col(("client_secrets", "expires_at"));
    ends().is_null().or(ends().gt(now))
}

pub(super) fn read(row: &Row) -> Result<Client, ManagerError> {
    Ok(Client {
        id: stored::parsed(row, 0)?,
        kind: stored::parsed(row, 1)?,
        metadata: read_metadata(&row.text_or_empty(2)?)?,
        owner: stored::optional(row, 3)?,
        acts_as: stored::optional(row, 4)?,
        workspace: stored::optional(row, 5)?,
        scopes: stored::parsed(row, 6)?,
        is_verified: stored::flag(row, 7)?,
        created_at: row.id(8)?,
        last_used_at: row.integer(9)?,
        has_secret: stored::flag(row, 10)?,
    })
}

pub(crate) fn read_metadata(json: &str) -> Result<ClientMetadata, ManagerError> {
    let read = serde_json::from_str(json).map_err(|err| DatabaseError::Corrupt {
        operation: "read a client",
        // The place of the mistake, without what stands there.
        reason: format!(
            "clients.metadata: line {}, column {}",
            err.line(),
            err.column()
        ),
    });
    Ok(read?)
}

impl Client {
    /// The hosts that rules on clients look at: of its id, where that is a URL, and of its redirect URIs.
    pub fn hosts(&self) -> Vec<String> {
        policy::hosts_of(&self.id, &self.metadata)
    }
}
