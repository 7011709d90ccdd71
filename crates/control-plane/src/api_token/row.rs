//! An API token as its table holds it.

use sea_query::{Query, SelectStatement};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Parsed, row};
use tidegate_types::{AccountId, GrantId, ScopeSet, WorkspaceSlug};

use super::ApiToken;
use crate::UnixSecs;

row! {
    struct TokenRow {
        id: Parsed<GrantId> = api_tokens.id,
        account: Parsed<AccountId> = api_tokens.account,
        name: String = api_tokens.name,
        scopes: Parsed<ScopeSet> = api_tokens.scopes,
        workspace: Option<Parsed<WorkspaceSlug>> = api_tokens.workspace,
        hint: String = api_tokens.hint,
        created_at: UnixSecs = api_tokens.created_at,
        expires_at: Option<UnixSecs> = api_tokens.expires_at,
        last_used_at: Option<UnixSecs> = api_tokens.last_used_at,
        last_used_from: Option<String> = api_tokens.last_used_from,
        ended_at: Option<UnixSecs> = api_tokens.ended_at,
    }
}

/// What an [`ApiToken`] is read from.
pub(super) fn select() -> SelectStatement {
    TokenRow::select(&mut Query::select())
        .from("api_tokens")
        .to_owned()
}

impl FromRow for ApiToken {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let row = TokenRow::from_row(row)?;
        Ok(Self {
            id: row.id.0,
            account: row.account.0,
            name: row.name,
            scopes: row.scopes.0,
            workspace: row.workspace.map(Parsed::into_inner),
            hint: row.hint,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            last_used_from: row.last_used_from,
            ended_at: row.ended_at,
        })
    }
}
