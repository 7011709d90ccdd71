//! A part of a workspace's members, with what they have there.

use sea_query::{Expr, ExprTrait as _, Func, Order, SelectStatement};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Parsed, row};
use tidegate_types::{AccountId, Role};

use super::members::{PlaceRow, role_number, select_places};
use super::{FindMember, ListMembersPage, Member, MembersPage, Membership};
use crate::account::{self, Account, AccountKind};
use crate::counted::{Counted, count, count_of};
use crate::{LocalManager, ManagerError, UnixSecs, input};

const MAX_ON_PAGE: u32 = 1_000;

pub(super) async fn find_member(
    manager: &LocalManager,
    asked: &FindMember,
) -> Result<Option<Membership>, ManagerError> {
    let one = select_places(Some(&asked.workspace), Some(&asked.account));
    Ok(manager.pool.read_one("find a member", &one).await?)
}

pub(super) async fn list_page(
    manager: &LocalManager,
    asked: &ListMembersPage,
) -> Result<MembersPage, ManagerError> {
    let limit = input::limit(asked.limit, MAX_ON_PAGE)?;
    let mut page = account::select();
    join_places(&mut page, asked)?;
    PlaceRow::select(&mut page)
        .order_by_expr(
            Func::lower(Expr::col(("accounts", "display_name"))).into(),
            Order::Asc,
        )
        .order_by(("accounts", "username"), Order::Asc)
        .limit(limit)
        .offset(u64::from(asked.offset));
    let mut members = manager.pool.read("list a page of members", &page).await?;
    has_there(manager, asked, &mut members).await?;
    let mut matching = count_of(("accounts", "id")).from("accounts").to_owned();
    join_places(&mut matching, asked)?;
    let everybody = ListMembersPage {
        search: None,
        ..asked.clone()
    };
    let mut administrators = count_of(("accounts", "id"))
        .from("accounts")
        .and_where(Expr::col(("place", "role")).eq(role_number(Role::Admin)))
        .and_where(Expr::col(("accounts", "kind")).eq(AccountKind::Person.as_str()))
        .and_where(Expr::col(("accounts", "is_active")).eq(true))
        .to_owned();
    join_places(&mut administrators, &everybody)?;
    Ok(MembersPage {
        members,
        total: count(&manager.pool, "count members", &matching).await?,
        administrators: count(&manager.pool, "count members", &administrators).await?,
    })
}

/// Narrows a statement on `accounts` to the members that are asked for; their places are `place`.
fn join_places(select: &mut SelectStatement, asked: &ListMembersPage) -> Result<(), ManagerError> {
    let places = select_places(Some(&asked.workspace), None);
    select.join_subquery(
        sea_query::JoinType::InnerJoin,
        places,
        "place",
        Expr::col(("place", "account")).equals(("accounts", "id")),
    );
    if let Some(text) = &asked.search {
        select.cond_where(account::has_text(text)?);
    }
    Ok(())
}

impl FromRow for Member {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            account: Account::from_row(row)?,
            membership: Membership::from_row(row)?,
            // Counted afterwards.
            grants: 0,
            api_tokens: 0,
        })
    }
}

/// Counts what those of one page have, in two statements for all of them.
async fn has_there(
    manager: &LocalManager,
    asked: &ListMembersPage,
    members: &mut [Member],
) -> Result<(), ManagerError> {
    if members.is_empty() {
        return Ok(());
    }
    let now = manager.now();
    for table in ["grants", "api_tokens"] {
        let live = live_of(table, asked, members, now);
        let counts: Vec<LiveCount> = (manager.pool)
            .read("count what members have", &live)
            .await?;
        for LiveCount { account, count } in counts {
            let found = members
                .iter_mut()
                .find(|member| member.account.id == account);
            match found {
                Some(member) if table == "grants" => member.grants = count,
                Some(member) => member.api_tokens = count,
                None => {}
            }
        }
    }
    Ok(())
}

fn live_of(
    table: &'static str,
    asked: &ListMembersPage,
    members: &[Member],
    now: UnixSecs,
) -> SelectStatement {
    let expiry = || Expr::col(("live", "expires_at"));
    let ids = members.iter().map(|member| member.account.id.as_str());
    HolderRow::select(&mut count_of(("live", "id")))
        .from_as(table, "live")
        .and_where(Expr::col(("live", "account")).is_in(ids))
        .and_where(Expr::col(("live", "workspace")).eq(asked.workspace.as_str()))
        .and_where(Expr::col(("live", "ended_at")).is_null())
        .and_where(expiry().is_null().or(expiry().gt(now)))
        .group_by_col(("live", "account"))
        .to_owned()
}

row! {
    struct HolderRow {
        account: Parsed<AccountId> = live.account,
    }
}

/// How many live grants or API tokens an account has.
struct LiveCount {
    account: AccountId,
    count: u64,
}

impl FromRow for LiveCount {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            account: HolderRow::from_row(row)?.account.0,
            count: Counted::from_row(row)?.0,
        })
    }
}
