//! A grant as its table holds it.

use sea_query::{Query, SelectStatement};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Parsed, row};
use tidegate_types::{AccountId, ClientId, GrantId, ScopeSet, WorkspaceSlug};

use super::{EndReason, Grant};
use crate::UnixSecs;

row! {
    pub(super) struct GrantRow {
        id: Parsed<GrantId> = grants.id,
        account: Parsed<AccountId> = grants.account,
        client: Parsed<ClientId> = grants.client,
        workspace: Parsed<WorkspaceSlug> = grants.workspace,
        resource: String = grants.resource,
        scopes: Parsed<ScopeSet> = grants.scopes,
        is_offline: bool = grants.is_offline,
        created_at: UnixSecs = grants.created_at,
        expires_at: UnixSecs = grants.expires_at,
        last_used_at: Option<UnixSecs> = grants.last_used_at,
        address: Option<String> = grants.address,
        ended_at: Option<UnixSecs> = grants.ended_at,
        end_reason: Option<Parsed<EndReason>> = grants.end_reason,
    }
}

/// What a [`Grant`] is read from.
pub(super) fn select() -> SelectStatement {
    GrantRow::select(&mut Query::select())
        .from("grants")
        .to_owned()
}

impl FromRow for Grant {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let row = GrantRow::from_row(row)?;
        let ended = match (row.ended_at, row.end_reason) {
            (None, _) => None,
            (Some(at), Some(Parsed(reason))) => Some((at, reason)),
            (Some(_), None) => {
                return Err(DatabaseError::Corrupt {
                    operation: "read a grant",
                    reason: "grants.end_reason is null though it ended".to_owned(),
                });
            }
        };
        Ok(Self {
            id: row.id.0,
            account: row.account.0,
            client: row.client.0,
            workspace: row.workspace.0,
            resource: row.resource,
            scopes: row.scopes.0,
            is_offline: row.is_offline,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            address: row.address,
            ended,
        })
    }
}

impl EndReason {
    const ALL: [Self; 10] = [
        Self::ByUser,
        Self::ByAdministrator,
        Self::ByClient,
        Self::RefreshReplay,
        Self::CodeReplay,
        Self::AccountInactive,
        Self::MembershipLost,
        Self::ClientRemoved,
        Self::Superseded,
        Self::Unfinished,
    ];

    /// A stable name, for the table, logs and audit rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByUser => "by_user",
            Self::ByAdministrator => "by_administrator",
            Self::ByClient => "by_client",
            Self::RefreshReplay => "refresh_replay",
            Self::CodeReplay => "code_replay",
            Self::AccountInactive => "account_inactive",
            Self::MembershipLost => "membership_lost",
            Self::ClientRemoved => "client_removed",
            Self::Superseded => "superseded",
            Self::Unfinished => "unfinished",
        }
    }
}

/// A reason that this version does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reason for which a grant ends")]
pub struct UnknownEndReason;

impl std::str::FromStr for EndReason {
    type Err = UnknownEndReason;
    fn from_str(text: &str) -> Result<Self, UnknownEndReason> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or(UnknownEndReason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_stored_as_the_api_shows_it_and_read_back() {
        for reason in EndReason::ALL {
            assert_eq!(Ok(reason), reason.as_str().parse());
            assert_eq!(
                serde_json::json!(reason.as_str()),
                serde_json::to_value(reason).unwrap()
            );
        }
    }
}
