//! Finds and lists accounts.

use sea_query::{
    Cond, Expr, ExprTrait as _, Func, LockType, Order, Query, SelectStatement, SimpleExpr,
};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Parsed, Transaction, row};
use tidegate_types::AccountId;

use super::{
    Account, AccountFilter, AccountKey, AccountKind, AccountsPage, ListAccounts, ListAccountsPage,
    PasswordOf,
};
use crate::counted::{count, count_of};
use crate::{LocalManager, ManagerError, UnixSecs, input};

const MAX_LISTED: u32 = 1_000;
const MAX_SEARCH_CHARS: usize = 200;

row! {
    struct AccountRow {
        id: Parsed<AccountId> = accounts.id,
        kind: Parsed<AccountKind> = accounts.kind,
        username: String = accounts.username,
        email: Option<String> = accounts.email,
        verified_email: Option<String> = accounts.verified_email,
        display_name: String = accounts.display_name,
        is_active: bool = accounts.is_active,
        is_administrator: bool = accounts.is_administrator,
        password_hash: Option<String> = accounts.password_hash,
        must_change_password: bool = accounts.must_change_password,
        sessions_valid_from: UnixSecs = accounts.sessions_valid_from,
        created_at: UnixSecs = accounts.created_at,
        last_sign_in_at: Option<UnixSecs> = accounts.last_sign_in_at,
    }
}

/// What an [`Account`] is read from.
pub(crate) fn select() -> SelectStatement {
    AccountRow::select(&mut Query::select())
        .from("accounts")
        .to_owned()
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: row.id.0,
            kind: row.kind.0,
            username: row.username,
            email: row.email,
            is_email_verified: row.verified_email.is_some(),
            display_name: row.display_name,
            is_active: row.is_active,
            is_administrator: row.is_administrator,
            has_password: row.password_hash.is_some(),
            must_change_password: row.must_change_password,
            sessions_valid_from: row.sessions_valid_from,
            created_at: row.created_at,
            last_sign_in_at: row.last_sign_in_at,
        }
    }
}

impl FromRow for Account {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        AccountRow::from_row(row).map(Self::from)
    }
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
    Ok(manager.pool.read_one("find an account", &found).await?)
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
        .expr_as(rank.clone(), RANK)
        .and_where(is_any)
        .order_by_expr(rank, Order::Asc)
        // Two of the last rank are enough to see that it is nobody's alone.
        .limit(2)
        .to_owned();
    let found: Vec<RankedAccount> = manager.pool.read("find a password", &found).await?;
    let is_shared = found.len() > 1;
    let Some(RankedAccount { row, rank }) = found.into_iter().next() else {
        return Ok(None);
    };
    if rank == BY_UNPROVED_ADDRESS && is_shared {
        return Ok(None);
    }
    Ok(Some(PasswordOf {
        password_hash: row.password_hash.clone(),
        account: row.into(),
    }))
}

/// An account with how well a name fits it.
struct RankedAccount {
    row: AccountRow,
    rank: i64,
}

impl FromRow for RankedAccount {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            row: AccountRow::from_row(row)?,
            rank: row.get(RANK, RANK)?,
        })
    }
}

const BY_NAME: i64 = 0;
const BY_VERIFIED_ADDRESS: i64 = 1;
const BY_UNPROVED_ADDRESS: i64 = 2;
const RANK: &str = "rank";

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
    Ok(manager.pool.read("list accounts", &page).await?)
}

pub(super) async fn list_page(
    manager: &LocalManager,
    asked: ListAccountsPage,
) -> Result<AccountsPage, ManagerError> {
    let mut matching = count_of(("accounts", "id")).from("accounts").to_owned();
    narrow(&mut matching, &asked.filter)?;
    let part = ListAccounts {
        filter: asked.filter,
        limit: asked.limit,
        offset: asked.offset,
    };
    Ok(AccountsPage {
        accounts: list(manager, &part).await?,
        total: count(&manager.pool, "count accounts", &matching).await?,
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
    let people = count_of("id")
        .from("accounts")
        .and_where(Expr::col("kind").eq(AccountKind::Person.as_str()))
        .to_owned();
    Ok(count(&manager.pool, "count accounts", &people).await?)
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
    let account = transaction.read_one(&one).await?;
    account.ok_or(ManagerError::NotFound { what: "account" })
}

pub(crate) async fn find_by_verified_email(
    transaction: &mut Transaction,
    email: &str,
) -> Result<Option<Account>, ManagerError> {
    let one = select()
        .and_where(Expr::col(("accounts", "verified_email")).eq(input::email_key(email)))
        .lock(LockType::Update)
        .to_owned();
    Ok(transaction.read_one(&one).await?)
}
