//! A grant as its table holds it.

use sea_query::{Query, SelectStatement};
use tidegate_database::Row;

use super::{EndReason, Grant};
use crate::{ManagerError, stored};

/// In the order in which [`read`] reads them.
pub(super) const COLUMNS: [&str; 13] = [
    "id",
    "account",
    "client",
    "workspace",
    "resource",
    "scopes",
    "is_offline",
    "created_at",
    "expires_at",
    "last_used_at",
    "address",
    "ended_at",
    "end_reason",
];

pub(super) fn select() -> SelectStatement {
    Query::select()
        .columns(COLUMNS.map(|column| ("grants", column)))
        .from("grants")
        .to_owned()
}

pub(super) fn read(row: &Row) -> Result<Grant, ManagerError> {
    let ended = match row.integer(11)? {
        None => None,
        Some(at) => Some((at, stored::parsed(row, 12)?)),
    };
    Ok(Grant {
        id: stored::parsed(row, 0)?,
        account: stored::parsed(row, 1)?,
        client: stored::parsed(row, 2)?,
        workspace: stored::parsed(row, 3)?,
        resource: row.text_or_empty(4)?,
        scopes: stored::parsed(row, 5)?,
        is_offline: stored::flag(row, 6)?,
        created_at: row.id(7)?,
        expires_at: row.id(8)?,
        last_used_at: row.integer(9)?,
        address: row.text(10)?,
        ended,
    })
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
