//! An API token as its table holds it.

use sea_query::{Query, SelectStatement};
use tidegate_database::Row;

use super::ApiToken;
use crate::{ManagerError, stored};

/// In the order in which [`read`] reads them.
const COLUMNS: [&str; 11] = [
    "id",
    "account",
    "name",
    "scopes",
    "workspace",
    "hint",
    "created_at",
    "expires_at",
    "last_used_at",
    "last_used_from",
    "ended_at",
];

pub(super) fn select() -> SelectStatement {
    Query::select()
        .columns(COLUMNS)
        .from("api_tokens")
        .to_owned()
}

pub(super) fn read(row: &Row) -> Result<ApiToken, ManagerError> {
    Ok(ApiToken {
        id: stored::parsed(row, 0)?,
        account: stored::parsed(row, 1)?,
        name: row.text_or_empty(2)?,
        scopes: stored::parsed(row, 3)?,
        workspace: stored::optional(row, 4)?,
        hint: row.text_or_empty(5)?,
        created_at: row.id(6)?,
        expires_at: row.integer(7)?,
        last_used_at: row.integer(8)?,
        last_used_from: row.text(9)?,
        ended_at: row.integer(10)?,
    })
}
