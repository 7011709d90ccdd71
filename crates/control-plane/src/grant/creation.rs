//! Begins grants.

use sea_query::{Cond, Expr, ExprTrait as _, NullOrdering, Order, Query};
use tidegate_database::{Transaction, row};

use super::{CreateGrant, EndReason, Grant, GrantFilter, ending, rotation};
use crate::{LocalManager, ManagerError, UnixSecs};

/// Live grants that one account gives one client at the most. Programs that register once and connect from many
/// machines stay below; beyond it the one that was idle longest makes room.
const MOST_LIVE: u64 = 50;
const MOST_RESOURCE_BYTES: usize = 2_048;
const MOST_ADDRESS_BYTES: usize = 64;

fn check(asked: &CreateGrant, now: UnixSecs) -> Result<(), ManagerError> {
    rotation::check_rules(&asked.rules)?;
    let grant = &asked.grant;
    let problem = if grant.scopes.is_empty() {
        "grant.scopes is empty: at least one scope is needed".into()
    } else if !is_visible(&grant.resource, MOST_RESOURCE_BYTES) {
        format!(
            "grant.resource must be a URL of 1 to {MOST_RESOURCE_BYTES} visible ASCII characters"
        )
    } else if grant.expires_at <= now {
        "grant.expires_at is not in the future".into()
    } else if grant.is_offline != asked.refresh_token.is_some() {
        "refresh_token must be there exactly when grant.is_offline is true".into()
    } else if (grant.address.as_ref()).is_some_and(|text| !is_visible(text, MOST_ADDRESS_BYTES)) {
        format!("grant.address must have 1 to {MOST_ADDRESS_BYTES} visible ASCII characters")
    } else {
        return Ok(());
    };
    Err(ManagerError::Invalid(problem))
}

/// PostgreSQL stores no NUL, and nothing here needs more than ASCII.
pub(super) fn is_visible(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) async fn create(
    asked: CreateGrant,
    manager: &LocalManager,
) -> Result<Grant, ManagerError> {
    let now = manager.now();
    check(&asked, now)?;
    let mut transaction = manager.pool.begin("begin a grant").await?;
    // In the order in which everybody holds them: workspace, account, client, grants.
    find_workspace(&mut transaction, &asked.grant).await?;
    hold_account(&mut transaction, &asked.grant).await?;
    let client = find_client(&mut transaction, &asked.grant).await?;
    make_room(&mut transaction, &asked.grant, now).await?;
    let grant = Grant {
        created_at: now,
        last_used_at: Some(now),
        ended: None,
        ..asked.grant
    };
    insert(&mut transaction, &grant, client).await?;
    if let Some(token) = &asked.refresh_token {
        rotation::insert_token(&mut transaction, token, &grant, &asked.rules, now).await?;
    }
    transaction.commit().await?;
    Ok(grant)
}

/// The account must be there and active, and its grants begin one after the other.
async fn hold_account(transaction: &mut Transaction, grant: &Grant) -> Result<(), ManagerError> {
    let one = Query::select()
        .column("id")
        .from("accounts")
        .and_where(Expr::col("id").eq(grant.account.as_str()))
        .and_where(Expr::col("is_active").eq(true))
        .lock_exclusive()
        .to_owned();
    let found = transaction.fetch_one(&one).await?;
    found
        .map(drop)
        .ok_or(ManagerError::NotFound { what: "account" })
}

row! {
    struct ClientNow {
        name: String = clients.name,
        kind: String = clients.kind,
    }
}

async fn find_client(
    transaction: &mut Transaction,
    grant: &Grant,
) -> Result<ClientNow, ManagerError> {
    // Shared, so that nobody removes it before the grant is there to be ended with it.
    let one = ClientNow::select(&mut Query::select())
        .from("clients")
        .and_where(Expr::col("id").eq(grant.client.as_str()))
        .lock_shared()
        .to_owned();
    let found = transaction.read_one(&one).await?;
    found.ok_or(ManagerError::NotFound { what: "client" })
}

/// Shared, likewise: a grant that begins beside the workspace's removal would count in a later one of the same name.
async fn find_workspace(transaction: &mut Transaction, grant: &Grant) -> Result<(), ManagerError> {
    let one = Query::select()
        .column("slug")
        .from("workspaces")
        .and_where(Expr::col("slug").eq(grant.workspace.as_str()))
        .lock_shared()
        .to_owned();
    let found = transaction.fetch_one(&one).await?;
    found
        .map(drop)
        .ok_or(ManagerError::NotFound { what: "workspace" })
}

row! {
    struct IdleGrant {
        id: String = grants.id,
    }
}

/// Ends the grants that were idle longest when the account gave the client as many as it may.
async fn make_room(
    transaction: &mut Transaction,
    grant: &Grant,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let filter = GrantFilter {
        account: Some(grant.account.clone()),
        client: Some(grant.client.clone()),
        ..GrantFilter::default()
    };
    let too_many = IdleGrant::select(&mut Query::select())
        .from("grants")
        .cond_where(ending::matches(&filter))
        .cond_where(ending::is_live(now))
        .order_by_with_nulls("last_used_at", Order::Desc, NullOrdering::Last)
        .order_by("id", Order::Desc)
        .limit(1_000)
        .offset(MOST_LIVE - 1)
        .to_owned();
    let too_many: Vec<IdleGrant> = transaction.read(&too_many).await?;
    if !too_many.is_empty() {
        let ids = too_many.into_iter().map(|grant| grant.id);
        let condition = Cond::all().add(Expr::col(("grants", "id")).is_in(ids));
        ending::end_where(transaction, condition, EndReason::Superseded, now).await?;
    }
    Ok(())
}

async fn insert(
    transaction: &mut Transaction,
    grant: &Grant,
    client: ClientNow,
) -> Result<(), ManagerError> {
    let insert = Query::insert()
        .into_table("grants")
        .columns([
            "id",
            "account",
            "client",
            "client_name",
            "client_kind",
            "workspace",
            "resource",
            "scopes",
            "is_offline",
            "created_at",
            "expires_at",
            "last_used_at",
            "address",
        ])
        .values_panic([
            grant.id.as_str().into(),
            grant.account.as_str().into(),
            grant.client.as_str().into(),
            client.name.into(),
            client.kind.into(),
            grant.workspace.as_str().into(),
            grant.resource.as_str().into(),
            grant.scopes.to_string().into(),
            grant.is_offline.into(),
            grant.created_at.into(),
            grant.expires_at.into(),
            grant.last_used_at.into(),
            grant.address.clone().into(),
        ])
        .to_owned();
    transaction.execute(&insert).await?;
    Ok(())
}
