//! A part of a workspace's members, with what they have there.

use sea_query::{Expr, ExprTrait as _, Func, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, Row};
use tidegate_types::{AccountId, Role};

use super::members::{read_place, role_number, select_places};
use super::{FindMember, ListMembersPage, Member, MembersPage, Membership};
use crate::account::{self, AccountKind};
use crate::{LocalManager, ManagerError, UnixSecs, input, stored};

const MAX_ON_PAGE: u32 = 1_000;

/// Columns of a place, as [`read_place`] takes them.
const PLACE: [&str; 6] = [
    "workspace",
    "account",
    "role",
    "superset_username",
    "own_role",
    "created_at",
];

/// Columns of an account, as `account::read` takes them.
const ACCOUNT_COLUMNS: usize = 13;

pub(super) async fn find_member(
    manager: &LocalManager,
    asked: &FindMember,
) -> Result<Option<Membership>, ManagerError> {
    let one = select_places(Some(&asked.workspace), Some(&asked.account));
    let row = manager.pool.fetch_one("find a member", &one).await?;
    Ok(row.as_ref().map(|row| read_place(row, 0)).transpose()?)
}

pub(super) async fn list_page(
    manager: &LocalManager,
    asked: &ListMembersPage,
) -> Result<MembersPage, ManagerError> {
    let limit = input::limit(asked.limit, MAX_ON_PAGE)?;
    let mut page = account::select();
    join_places(&mut page, asked)?;
    page.columns(PLACE.map(|column| ("place", column)))
        .order_by_expr(
            Func::lower(Expr::col(("accounts", "display_name"))).into(),
            Order::Asc,
        )
        .order_by(("accounts", "username"), Order::Asc)
        .limit(limit)
        .offset(u64::from(asked.offset));
    let rows = manager.pool.fetch("list a page of members", &page).await?;
    let mut members = Vec::new();
    for row in &rows {
        members.push(read_member(row)?);
    }
    has_there(manager, asked, &mut members).await?;
    let mut matching = Query::select()
        .expr(Func::count(Expr::col(("accounts", "id"))))
        .from("accounts")
        .to_owned();
    join_places(&mut matching, asked)?;
    let everybody = ListMembersPage {
        search: None,
        ..asked.clone()
    };
    let mut administrators = Query::select()
        .expr(Func::count(Expr::col(("accounts", "id"))))
        .from("accounts")
        .and_where(Expr::col(("place", "role")).eq(role_number(Role::Admin)))
        .and_where(Expr::col(("accounts", "kind")).eq(AccountKind::Person.as_str()))
        .and_where(Expr::col(("accounts", "is_active")).eq(true))
        .to_owned();
    join_places(&mut administrators, &everybody)?;
    Ok(MembersPage {
        members,
        total: count(manager, &matching).await?,
        administrators: count(manager, &administrators).await?,
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

fn read_member(row: &Row) -> Result<Member, ManagerError> {
    Ok(Member {
        account: account::read(row)?,
        membership: read_place(row, ACCOUNT_COLUMNS)?,
        grants: 0,
        api_tokens: 0,
    })
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
        let counts = live_of(table, asked, members, now);
        let rows = manager
            .pool
            .fetch("count what members have", &counts)
            .await?;
        for row in &rows {
            let (account, count) = read_count(row)?;
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
    let expiry = || Expr::col((table, "expires_at"));
    let ids = members.iter().map(|member| member.account.id.as_str());
    Query::select()
        .column((table, "account"))
        .expr(Func::count(Expr::col((table, "id"))))
        .from(table)
        .and_where(Expr::col((table, "account")).is_in(ids))
        .and_where(Expr::col((table, "workspace")).eq(asked.workspace.as_str()))
        .and_where(Expr::col((table, "ended_at")).is_null())
        .and_where(expiry().is_null().or(expiry().gt(now)))
        .group_by_col((table, "account"))
        .to_owned()
}

fn read_count(row: &Row) -> Result<(AccountId, u64), DatabaseError> {
    let count = u64::try_from(row.id(1)?).unwrap_or(0);
    Ok((stored::parsed(row, 0)?, count))
}

async fn count(manager: &LocalManager, select: &SelectStatement) -> Result<u64, ManagerError> {
    let row = manager.pool.fetch_one("count members", select).await?;
    let count = row.map(|row| row.id(0)).transpose()?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}
