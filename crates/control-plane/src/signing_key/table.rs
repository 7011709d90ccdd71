//! Signing keys as their table holds them: the private part sealed.

use sea_query::{Expr, ExprTrait as _, Order, Query};
use tidegate_database::{DatabaseError, row};

use super::{AddSigningKey, SigningKey};
use crate::change::{self, LoggedChange};
use crate::counted::{count_in, count_of};
use crate::{LocalManager, ManagerError, UnixSecs};

/// Keys that begin to sign within this time of each other are one decision of two nodes.
const SAME_TIME_SECS: i64 = 60;
const MOST_PUBLISHED: u64 = 16;
const MOST_OVERLAP_SECS: u32 = 400 * 86_400;
const MOST_ID_CHARS: usize = 128;
/// RSA of 4,096 bits takes 3,200.
const MOST_PRIVATE_CHARS: usize = 8_192;
const MOST_PUBLIC_BYTES: usize = 4_096;
/// Members of a JWK that are not for others (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

fn is_id(text: &str) -> bool {
    (1..=MOST_ID_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check(asked: &AddSigningKey) -> Result<(), ManagerError> {
    let key = &asked.key;
    let has_kid = |id: &str| key.public_jwk.get("kid").and_then(|kid| kid.as_str()) == Some(id);
    let problem = if !is_id(&key.id) {
        format!("key.id must be 1 to {MOST_ID_CHARS} visible ASCII characters")
    } else if !matches!(key.algorithm.as_str(), "ES256" | "RS256") {
        "key.algorithm must be ES256 or RS256".into()
    } else if !(1..=MOST_PRIVATE_CHARS).contains(&key.private_key.len()) {
        format!("key.private_key must have 1 to {MOST_PRIVATE_CHARS} characters")
    } else if !has_kid(&key.id) {
        "key.public_jwk must have key.id as its kid".into()
    } else if PRIVATE_MEMBERS
        .iter()
        .any(|member| key.public_jwk.get(member).is_some())
    {
        "key.public_jwk has members of a private key: it is published".into()
    } else if key.public_jwk.to_string().len() > MOST_PUBLIC_BYTES {
        format!("key.public_jwk is longer than {MOST_PUBLIC_BYTES} bytes")
    } else if asked.overlap_secs > MOST_OVERLAP_SECS {
        format!(
            "overlap_secs is {}: at most {MOST_OVERLAP_SECS} are allowed",
            asked.overlap_secs
        )
    } else {
        return Ok(());
    };
    Err(ManagerError::Invalid(problem))
}

/// What the private key is sealed for: it opens in no other row.
fn place(id: &str) -> String {
    format!("signing_keys.private_key:{id}")
}

fn is_published(now: UnixSecs) -> Expr {
    let until = || Expr::col("published_until");
    until().is_null().or(until().gt(now))
}

pub(super) async fn list(manager: &LocalManager) -> Result<Vec<SigningKey>, ManagerError> {
    let now = manager.now();
    let published = KeyRow::select(&mut Query::select())
        .from("signing_keys")
        .and_where(is_published(now))
        .order_by("signs_from", Order::Asc)
        .order_by("id", Order::Asc)
        .to_owned();
    let rows: Vec<KeyRow> = manager.pool.read("list signing keys", &published).await?;
    let mut keys = (rows.into_iter())
        .map(|row| unseal(row, manager))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(at) = keys.iter().rposition(|key| key.signs_from <= now) {
        let signs = keys.remove(at);
        keys.push(signs);
    }
    Ok(keys)
}

row! {
    struct KeyRow {
        id: String = signing_keys.id,
        algorithm: String = signing_keys.algorithm,
        private_key: Vec<u8> = signing_keys.private_key,
        public_jwk: String = signing_keys.public_jwk,
        signs_from: UnixSecs = signing_keys.signs_from,
        published_until: Option<UnixSecs> = signing_keys.published_until,
    }
}

fn unseal(row: KeyRow, manager: &LocalManager) -> Result<SigningKey, ManagerError> {
    let corrupt = |column: &str| DatabaseError::Corrupt {
        operation: "read a signing key",
        reason: format!("signing_keys.{column} cannot be read"),
    };
    let private_key = manager.sealer.open(&place(&row.id), &row.private_key)?;
    let private_key = String::from_utf8(private_key).map_err(|_| corrupt("private_key"))?;
    let public_jwk = serde_json::from_str(&row.public_jwk).map_err(|_| corrupt("public_jwk"))?;
    Ok(SigningKey {
        id: row.id,
        algorithm: row.algorithm,
        private_key,
        public_jwk,
        signs_from: row.signs_from,
        published_until: row.published_until,
    })
}

pub(super) async fn add(asked: AddSigningKey, manager: &LocalManager) -> Result<(), ManagerError> {
    check(&asked)?;
    let now = manager.now();
    let key = &asked.key;
    let sealed = manager
        .sealer
        .seal(&place(&key.id), key.private_key.as_bytes())?;
    let mut transaction = manager.pool.begin("add a signing key").await?;
    // First, against the custom: the change log lets one at a time in, and so of several nodes one finds no key.
    change::append(&mut transaction, &[LoggedChange::Keys], now).await?;
    let rival = Query::select()
        .column("id")
        .from("signing_keys")
        .and_where(is_published(now))
        .and_where(Expr::col("signs_from").between(
            key.signs_from.saturating_sub(SAME_TIME_SECS),
            key.signs_from.saturating_add(SAME_TIME_SECS),
        ))
        .to_owned();
    if transaction.fetch_one(&rival).await?.is_some() {
        return Ok(());
    }
    let forget = Query::delete()
        .from_table("signing_keys")
        .and_where(Expr::col("published_until").lte(now))
        .to_owned();
    transaction.execute(&forget).await?;
    let published = count_of("id").from("signing_keys").to_owned();
    if count_in(&mut transaction, &published).await? >= MOST_PUBLISHED {
        return Err(ManagerError::LimitReached(format!(
            "at most {MOST_PUBLISHED} signing keys are published at once: remove one, or wait for one to end"
        )));
    }
    let ends = key.signs_from.saturating_add(i64::from(asked.overlap_secs));
    let end_older = Query::update()
        .table("signing_keys")
        .value("published_until", ends)
        .and_where(Expr::col("signs_from").lt(key.signs_from))
        .and_where(
            Expr::col("published_until")
                .is_null()
                .or(Expr::col("published_until").gt(ends)),
        )
        .to_owned();
    transaction.execute(&end_older).await?;
    let insert = Query::insert()
        .into_table("signing_keys")
        .columns(["id", "algorithm", "private_key", "public_jwk", "signs_from"])
        .values_panic([
            key.id.as_str().into(),
            key.algorithm.as_str().into(),
            sealed.into(),
            key.public_jwk.to_string().into(),
            key.signs_from.into(),
        ])
        .to_owned();
    match transaction.execute(&insert).await {
        Err(DatabaseError::Conflict { .. }) => {
            return Err(ManagerError::Conflict(
                "there is a signing key with this id already".into(),
            ));
        }
        done => done?,
    };
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn remove(id: &str, manager: &LocalManager) -> Result<bool, ManagerError> {
    if !is_id(id) {
        return Ok(false);
    }
    let mut transaction = manager.pool.begin("remove a signing key").await?;
    let delete = Query::delete()
        .from_table("signing_keys")
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    if transaction.execute(&delete).await? == 0 {
        return Ok(false);
    }
    change::append(&mut transaction, &[LoggedChange::Keys], manager.now()).await?;
    transaction.commit().await?;
    Ok(true)
}
