//! Finds and lists accounts.

use sea_query::{
    Cond, Expr, ExprTrait as _, Func, LockType, Order, Query, SelectStatement, SimpleExpr,
};
use tidegate_database::{DatabaseError, Row, Transaction};
use tidegate_types::AccountId;

use super::{
    Account, AccountFilter, AccountKey, AccountKind, AccountsPage, ListAccounts, ListAccountsPage,
    PasswordOf,
};
use crate::{LocalManager, ManagerError, input, stored};

const MAX_LISTED: u32 = 1_000;
const MAX_SEARCH_CHARS: usize = 200;

/// Columns as [`read`] takes them, then those of the caller's.
pub(crate) fn select() -> SelectStatement {
    Query::select()
        .columns([
            ("accounts", "id"),
            ("accounts", "kind"),
            ("accounts", "username"),
            ("accounts", "email"),
            ("accounts", "verified_email"),
            ("accounts", "display_name"),
            ("accounts", "is_active"),
            ("accounts", "is_administrator"),
            ("accounts", "password_hash"),
            ("accounts", "must_change_password"),
            ("accounts", "sessions_valid_from"),
            ("accounts", "created_at"),
            ("accounts", "last_sign_in_at"),
        ])
        .from("accounts")
        .to_owned()
}

/// A row of [`select`].
pub(crate) fn read(row: &Row) -> Result<Account, DatabaseError> {
    Ok(Account {
        id: stored::parsed(row, 0)?,
        kind: stored::parsed(row, 1)?,
        username: row.text_or_empty(2)?,
        email: row.text(3)?,
        is_email_verified: row.text(4)?.is_some(),
        display_name: row.text_or_empty(5)?,
        is_active: stored::flag(row, 6)?,
        is_administrator: stored::flag(row, 7)?,
        has_password: row.text(8)?.is_some(),
        must_change_password: stored::flag(row, 9)?,
        sessions_valid_from: row.id(10)?,
        created_at: row.id(11)?,
        last_sign_in_at: row.integer(12)?,
    })
}

impl AccountKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
        }
    }
}

/// A kind that Tidegate does not have.
#[derive(Debug, thiserror::Error)]
#[error("account kind {0:?} is unknown")]
pub struct UnknownKind(String);

impl std::str::FromStr for AccountKind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        [Self::Person, Self::Service]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

pub(super) async fn find(
    manager: &LocalManager,
    key: &AccountKey,
) -> Result<Option<Account>, ManagerError> {
    let mut found = select();
    match key {
        AccountKey::Id(id) => found.and_where(Expr::col(("accounts", "id")).eq(id.as_str())),
        AccountKey::Username(name) => {
            found.and_where(Expr::col(("accounts", "username")).eq(name.to_ascii_lowercase()))
        }
        AccountKey::VerifiedEmail(email) => {
            found.and_where(Expr::col(("accounts", "verified_email")).eq(input::email_key(email)))
        }
        AccountKey::Upstream { issuer, subject } => found
            .inner_join(
                "upstream_identities",
                Expr::col(("upstream_identities", "account")).equals(("accounts", "id")),
            )
            .and_where(Expr::col(("upstream_identities", "issuer")).eq(issuer.as_str()))
            .and_where(Expr::col(("upstream_identities", "subject")).eq(subject.as_str())),
    };
    let row = manager.pool.fetch_one("find an account", &found).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// A name may be another's address. Whose name it is comes first, so that everybody keeps the name they sign in by; then
/// whose verified address; then whose address of a password account, while it is one account's: whoever sends an
/// invitation can give its account any address, and must not decide whose password is asked for.
pub(super) async fn find_password(
    manager: &LocalManager,
    name: &str,
) -> Result<Option<PasswordOf>, ManagerError> {
    let name = name.to_ascii_lowercase();
    let is_name = Expr::col(("accounts", "username")).eq(name.as_str());
    let is_address = Expr::col(("accounts", "verified_email")).eq(name.as_str());
    let is_unproved = Expr::expr(Func::lower(Expr::col(("accounts", "email"))))
        .eq(name.as_str())
        .and(Expr::col(("accounts", "verified_email")).is_null())
        .and(Expr::col(("accounts", "password_hash")).is_not_null());
    let rank: SimpleExpr = Expr::case(is_name.clone(), BY_NAME)
        .case(is_address.clone(), BY_VERIFIED_ADDRESS)
        .finally(BY_UNPROVED_ADDRESS)
        .into();
    let mut is_any = is_name.or(is_address);
    if name.contains('@') {
        is_any = is_any.or(is_unproved);
    }
    let found = select()
        .expr_as(rank.clone(), "rank")
        .and_where(is_any)
        .order_by_expr(rank, Order::Asc)
        // Two of the last rank are enough to see that it is nobody's alone.
        .limit(2)
        .to_owned();
    let rows = manager.pool.fetch("find a password", &found).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let is_unproved = |row: &Row| row.id(RANK).map(|rank| rank == BY_UNPROVED_ADDRESS);
    if is_unproved(row)? && rows.len() > 1 {
        return Ok(None);
    }
    Ok(Some(PasswordOf {
        account: read(row)?,
        password_hash: row.text(8)?,
    }))
}

const BY_NAME: i64 = 0;
const BY_VERIFIED_ADDRESS: i64 = 1;
const BY_UNPROVED_ADDRESS: i64 = 2;
/// The column of the rank, behind those of [`select`].
const RANK: usize = 13;

pub(super) async fn list(
    manager: &LocalManager,
    asked: &ListAccounts,
) -> Result<Vec<Account>, ManagerError> {
    let limit = input::limit(asked.limit, MAX_LISTED)?;
    let mut page = select();
    page.order_by(("accounts", "username"), Order::Asc)
        .limit(limit)
        .offset(u64::from(asked.offset));
    narrow(&mut page, &asked.filter)?;
    let rows = manager.pool.fetch("list accounts", &page).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

pub(super) async fn list_page(
    manager: &LocalManager,
    asked: ListAccountsPage,
) -> Result<AccountsPage, ManagerError> {
    let mut count = Query::select()
        .expr(Func::count(Expr::col(("accounts", "id"))))
        .from("accounts")
        .to_owned();
    narrow(&mut count, &asked.filter)?;
    let part = ListAccounts {
        filter: asked.filter,
        limit: asked.limit,
        offset: asked.offset,
    };
    let accounts = list(manager, &part).await?;
    let row = manager.pool.fetch_one("count accounts", &count).await?;
    let total = row.map(|row| row.id(0)).transpose()?.unwrap_or(0);
    Ok(AccountsPage {
        accounts,
        total: u64::try_from(total).unwrap_or(0),
    })
}

/// Narrows a statement on `accounts` to those that are asked for.
fn narrow(select: &mut SelectStatement, filter: &AccountFilter) -> Result<(), ManagerError> {
    if let Some(text) = &filter.search {
        select.cond_where(has_text(text)?);
    }
    if let Some(workspace) = &filter.workspace {
        let own = Query::select()
            .column("account")
            .from("memberships")
            .and_where(Expr::col("workspace").eq(workspace.as_str()))
            .to_owned();
        let by_team = Query::select()
            .column(("team_members", "account"))
            .from("team_members")
            .inner_join(
                "team_workspaces",
                Expr::col(("team_workspaces", "team")).equals(("team_members", "team")),
            )
            .and_where(Expr::col(("team_workspaces", "workspace")).eq(workspace.as_str()))
            .to_owned();
        let id = || Expr::col(("accounts", "id"));
        select.and_where(id().in_subquery(own).or(id().in_subquery(by_team)));
    }
    if let Some(kind) = filter.kind {
        select.and_where(Expr::col(("accounts", "kind")).eq(kind.as_str()));
    }
    Ok(())
}

/// Accounts in whose name, address or display name a text stands, in any case.
pub(crate) fn has_text(text: &str) -> Result<Cond, ManagerError> {
    let text = input::search_text("search", text, MAX_SEARCH_CHARS)?;
    let columns = ["username", "email", "display_name"];
    Ok(columns.into_iter().fold(Cond::any(), |any, column| {
        any.add(input::contains(&Expr::col(("accounts", column)), &text))
    }))
}

pub(super) async fn count_people(manager: &LocalManager) -> Result<u64, ManagerError> {
    let count = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from("accounts")
        .and_where(Expr::col("kind").eq(AccountKind::Person.as_str()))
        .to_owned();
    let row = manager.pool.fetch_one("count accounts", &count).await?;
    let count = row.map(|row| row.id(0)).transpose()?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The account, held against others until the transaction ends. `NotFound`.
pub(crate) async fn lock(
    transaction: &mut Transaction,
    id: &AccountId,
) -> Result<Account, ManagerError> {
    let one = select()
        .and_where(Expr::col(("accounts", "id")).eq(id.as_str()))
        .lock(LockType::Update)
        .to_owned();
    let row = transaction.fetch_one(&one).await?;
    let row = row.ok_or(ManagerError::NotFound { what: "account" })?;
    Ok(read(&row)?)
}

pub(crate) async fn find_by_verified_email(
    transaction: &mut Transaction,
    email: &str,
) -> Result<Option<Account>, ManagerError> {
    let one = select()
        .and_where(Expr::col(("accounts", "verified_email")).eq(input::email_key(email)))
        .lock(LockType::Update)
        .to_owned();
    let row = transaction.fetch_one(&one).await?;
    Ok(row.as_ref().map(read).transpose()?)
}
