//! Secrets of clients: hashes, several at a time while they are exchanged.

use sea_query::{Expr, ExprTrait as _, Order, Query};
use tidegate_database::{Transaction, row};
use tidegate_oauth_types::SecretHash;
use tidegate_types::ClientId;

use super::{AddSecret, ClientSecret, creation, row};
use crate::counted::{count_in, count_of};
use crate::{LocalManager, ManagerError, UnixSecs};

/// Live ones of one client.
const MOST_LIVE: u64 = 3;
const MOST_OVERLAP_SECS: u32 = 90 * 86_400;
/// `last_used_at` is exact to this.
const NOTED_EVERY_SECS: i64 = 60;

pub(super) async fn add(
    asked: AddSecret,
    manager: &LocalManager,
) -> Result<ClientSecret, ManagerError> {
    if asked.overlap_secs > MOST_OVERLAP_SECS {
        return Err(ManagerError::Invalid(format!(
            "overlap_secs is {}: at most {MOST_OVERLAP_SECS} are allowed",
            asked.overlap_secs
        )));
    }
    let now = manager.now();
    let mut transaction = manager.pool.begin("add a client's secret").await?;
    hold(&mut transaction, &asked.id).await?;
    let ends = now.saturating_add(i64::from(asked.overlap_secs));
    let end_older = Query::update()
        .table("client_secrets")
        .value("expires_at", ends)
        .and_where(Expr::col("client").eq(asked.id.as_str()))
        .and_where(
            Expr::col("expires_at")
                .is_null()
                .or(Expr::col("expires_at").gt(ends)),
        )
        .to_owned();
    transaction.execute(&end_older).await?;
    let remove_ended = Query::delete()
        .from_table("client_secrets")
        .and_where(Expr::col("client").eq(asked.id.as_str()))
        .and_where(Expr::col("expires_at").lte(now))
        .to_owned();
    transaction.execute(&remove_ended).await?;
    let live = count_of("id")
        .from("client_secrets")
        .and_where(Expr::col("client").eq(asked.id.as_str()))
        .to_owned();
    if count_in(&mut transaction, &live).await? >= MOST_LIVE {
        return Err(ManagerError::LimitReached(format!(
            "at most {MOST_LIVE} live secrets a client: end older ones with overlap_secs 0"
        )));
    }
    let id = creation::insert_secret(&mut transaction, &asked.id, &asked.secret, now).await?;
    transaction.commit().await?;
    Ok(ClientSecret {
        id,
        created_at: now,
        expires_at: None,
    })
}

/// The client, held against others until the transaction ends.
async fn hold(transaction: &mut Transaction, id: &ClientId) -> Result<(), ManagerError> {
    let one = Query::select()
        .column("id")
        .from("clients")
        .and_where(Expr::col("id").eq(id.as_str()))
        .lock_exclusive()
        .to_owned();
    let found = transaction.fetch_one(&one).await?;
    found
        .map(drop)
        .ok_or(ManagerError::NotFound { what: "client" })
}

row! {
    struct SecretRow {
        id: String = client_secrets.id,
        created_at: UnixSecs = client_secrets.created_at,
        expires_at: Option<UnixSecs> = client_secrets.expires_at,
    }
}

impl From<SecretRow> for ClientSecret {
    fn from(row: SecretRow) -> Self {
        Self {
            id: row.id,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

row! {
    struct LastUse {
        last_used_at: Option<UnixSecs> = clients.last_used_at,
    }
}

pub(super) async fn list(
    id: &ClientId,
    manager: &LocalManager,
) -> Result<Vec<ClientSecret>, ManagerError> {
    let live = SecretRow::select(&mut Query::select())
        .from("client_secrets")
        .and_where(Expr::col("client").eq(id.as_str()))
        .and_where(row::secret_is_live(manager.now()))
        .order_by("created_at", Order::Desc)
        .order_by("id", Order::Desc)
        .to_owned();
    let secrets: Vec<SecretRow> = (manager.pool)
        .read("list a client's secrets", &live)
        .await?;
    Ok(secrets.into_iter().map(ClientSecret::from).collect())
}

/// Looked up by its hash, so that how long it takes says nothing of the secret.
pub(super) async fn check(
    id: &ClientId,
    secret: &SecretHash,
    manager: &LocalManager,
) -> Result<bool, ManagerError> {
    let now = manager.now();
    let one = LastUse::select(&mut Query::select())
        .from("client_secrets")
        .inner_join(
            "clients",
            Expr::col(("clients", "id")).equals(("client_secrets", "client")),
        )
        .and_where(Expr::col(("client_secrets", "client")).eq(id.as_str()))
        .and_where(Expr::col(("client_secrets", "secret")).eq(secret.as_bytes().to_vec()))
        .and_where(row::secret_is_live(now))
        .to_owned();
    let found = manager.pool.read_one("check a secret", &one).await?;
    let Some(LastUse { last_used_at }) = found else {
        return Ok(false);
    };
    if is_due(last_used_at, now) {
        note_use(id, manager, now).await?;
    }
    Ok(true)
}

pub(super) async fn check_registration(
    id: &ClientId,
    token: &SecretHash,
    manager: &LocalManager,
) -> Result<bool, ManagerError> {
    let one = Query::select()
        .column("id")
        .from("clients")
        .and_where(Expr::col("id").eq(id.as_str()))
        .and_where(Expr::col("registration_token").eq(token.as_bytes().to_vec()))
        .to_owned();
    let found = manager
        .pool
        .fetch_one("check a registration token", &one)
        .await?;
    Ok(found.is_some())
}

fn is_due(last_used_at: Option<UnixSecs>, now: UnixSecs) -> bool {
    last_used_at.is_none_or(|at| at <= now - NOTED_EVERY_SECS)
}

/// Reads before it writes: with SQLite all writers wait for each other.
pub(super) async fn note(id: &ClientId, manager: &LocalManager) -> Result<(), ManagerError> {
    let now = manager.now();
    let one = LastUse::select(&mut Query::select())
        .from("clients")
        .and_where(Expr::col("id").eq(id.as_str()))
        .to_owned();
    match manager.pool.read_one("find a client", &one).await? {
        Some(LastUse { last_used_at }) if is_due(last_used_at, now) => {
            note_use(id, manager, now).await
        }
        _ => Ok(()),
    }
}

async fn note_use(
    id: &ClientId,
    manager: &LocalManager,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let note = Query::update()
        .table("clients")
        .value("last_used_at", now)
        .and_where(Expr::col("id").eq(id.as_str()))
        .and_where(
            Expr::col("last_used_at")
                .is_null()
                .or(Expr::col("last_used_at").lte(now - NOTED_EVERY_SECS)),
        )
        .to_owned();
    manager.pool.execute("note a client's use", &note).await?;
    Ok(())
}
