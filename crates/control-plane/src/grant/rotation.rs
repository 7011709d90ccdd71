//! Rotates refresh tokens (RFC 9700 §4.14.2), kindly to clients that ask twice.

use sea_query::{Expr, ExprTrait as _, Query};
use tidegate_database::{Parsed, Transaction, row};
use tidegate_oauth_types::SecretHash;
use tidegate_types::GrantId;

use super::creation::is_visible;
use super::decision::{Presented, Rotated, RotationDecision, decide};
use super::{EndReason, Grant, RefreshRules, RotateRefreshToken, Rotation, ending};
use crate::{LocalManager, ManagerError, UnixSecs};

/// The longest window in which the same successor is given again.
const MOST_REPEAT_WINDOW_SECS: u32 = 300;
const MOST_REPEATS: u32 = 1_000;
const MOST_LIFE_SECS: u32 = 400 * 86_400;
/// A wrapped refresh token has about 120 characters.
const MOST_WRAPPED_BYTES: usize = 1_024;

pub(super) fn check_rules(rules: &RefreshRules) -> Result<(), ManagerError> {
    let problem = if !(1..=MOST_LIFE_SECS).contains(&rules.life_secs) {
        format!(
            "rules.life_secs is {}: 1 to {MOST_LIFE_SECS} are allowed",
            rules.life_secs
        )
    } else if rules.repeat_window_secs > MOST_REPEAT_WINDOW_SECS {
        format!(
            "rules.repeat_window_secs is {}: at most {MOST_REPEAT_WINDOW_SECS} are allowed",
            rules.repeat_window_secs
        )
    } else if rules.max_repeats > MOST_REPEATS {
        format!(
            "rules.max_repeats is {}: at most {MOST_REPEATS} are allowed",
            rules.max_repeats
        )
    } else {
        return Ok(());
    };
    Err(ManagerError::Invalid(problem))
}

fn check(asked: &RotateRefreshToken) -> Result<(), ManagerError> {
    check_rules(&asked.rules)?;
    if asked.presented == asked.successor {
        return Err(ManagerError::Invalid(
            "successor is the token that was presented: it must be a new one".into(),
        ));
    }
    if !is_visible(&asked.wrapped_successor, MOST_WRAPPED_BYTES) {
        return Err(ManagerError::Invalid(format!(
            "wrapped_successor must have 1 to {MOST_WRAPPED_BYTES} visible ASCII characters"
        )));
    }
    Ok(())
}

/// One short transaction under the grant's lock. What it did is committed before it is told: a replay that ends the
/// grant must not be undone by the refusal that follows from it.
pub(super) async fn rotate(
    asked: RotateRefreshToken,
    manager: &LocalManager,
) -> Result<Rotation, ManagerError> {
    check(&asked)?;
    // Every node's own clock, never the database's: in PostgreSQL, `now()` is when the transaction began.
    let now = manager.now();
    let Some(id) = grant_of(manager, &asked.presented).await? else {
        return Ok(Rotation::Unknown);
    };
    let mut transaction = manager.pool.begin("rotate a refresh token").await?;
    let Some(mut grant) = ending::locked(&mut transaction, &id).await? else {
        return Ok(Rotation::Unknown);
    };
    if grant.client != asked.client {
        return Ok(Rotation::Unknown);
    }
    // Read once more, after whoever held the grant before has committed.
    let Some(presented) = read_presented(&mut transaction, &asked.presented, &grant).await? else {
        return Ok(Rotation::Unknown);
    };
    let rotation = match decide(presented, &asked.rules, now) {
        RotationDecision::Ended => return Ok(Rotation::Ended(grant)),
        RotationDecision::TooOften => return Ok(Rotation::TooOften(grant)),
        RotationDecision::Rotate => {
            put_successor(&mut transaction, &asked, &grant, now).await?;
            note_issue(&mut transaction, &mut grant, now).await?;
            Rotation::Rotated(grant)
        }
        RotationDecision::Repeat(wrapped_successor) => {
            count_repeat(&mut transaction, &asked.presented).await?;
            Rotation::Repeated {
                grant,
                wrapped_successor,
            }
        }
        RotationDecision::Replay => {
            let ended =
                ending::end_one(&mut transaction, &id, EndReason::RefreshReplay, now).await?;
            Rotation::Replayed(ended.unwrap_or(grant))
        }
    };
    transaction.commit().await?;
    Ok(rotation)
}

row! {
    struct TokenGrant {
        grant_id: Parsed<GrantId> = refresh_tokens.grant_id,
    }
}

row! {
    /// A refresh token as `token`, and the one that took its place, if any, as `successor`.
    struct TokenRow {
        expires_at: UnixSecs = token.expires_at,
        rotated_at: Option<UnixSecs> = token.rotated_at,
        repeats: i64 = token.repeats,
        wrapped_successor: Option<String> = token.wrapped_successor,
        successor_rotated_at: Option<UnixSecs> = successor.rotated_at,
        successor_expires_at: Option<UnixSecs> = successor.expires_at,
    }
}

/// The grant that a refresh token is under.
pub(super) async fn grant_of(
    manager: &LocalManager,
    token: &SecretHash,
) -> Result<Option<GrantId>, ManagerError> {
    let one = TokenGrant::select(&mut Query::select())
        .from("refresh_tokens")
        .and_where(Expr::col("secret").eq(token.as_bytes().to_vec()))
        .to_owned();
    let found: Option<TokenGrant> = (manager.pool)
        .read_one("find a refresh token", &one)
        .await?;
    Ok(found.map(|token| token.grant_id.0))
}

async fn read_presented(
    transaction: &mut Transaction,
    token: &SecretHash,
    grant: &Grant,
) -> Result<Option<Presented>, ManagerError> {
    let with_successor = TokenRow::select(&mut Query::select())
        .from_as("refresh_tokens", "token")
        .join_as(
            sea_query::JoinType::LeftJoin,
            "refresh_tokens",
            "successor",
            Expr::col(("successor", "secret")).equals(("token", "successor")),
        )
        .and_where(Expr::col(("token", "secret")).eq(token.as_bytes().to_vec()))
        .to_owned();
    let found: Option<TokenRow> = transaction.read_one(&with_successor).await?;
    Ok(found.map(|token| Presented {
        has_grant_ended: grant.ended.is_some(),
        grant_expires_at: grant.expires_at,
        expires_at: token.expires_at,
        rotated: token.rotated_at.map(|at| Rotated {
            at,
            repeats: u32::try_from(token.repeats).unwrap_or(u32::MAX),
            wrapped_successor: token.wrapped_successor,
            is_successor_fresh: token.successor_rotated_at.is_none()
                && token.successor_expires_at.is_some(),
        }),
    }))
}

async fn put_successor(
    transaction: &mut Transaction,
    asked: &RotateRefreshToken,
    grant: &Grant,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let window = asked.rules.repeat_window_secs;
    let may_repeat = window > 0 && asked.rules.max_repeats > 0;
    let rotate = Query::update()
        .table("refresh_tokens")
        .value("rotated_at", now)
        .value("successor", asked.successor.as_bytes().to_vec())
        .value(
            "wrapped_successor",
            may_repeat.then(|| asked.wrapped_successor.clone()),
        )
        .value("repeat_until", now.saturating_add(i64::from(window)))
        .value("repeats", 0_i64)
        .and_where(Expr::col("secret").eq(asked.presented.as_bytes().to_vec()))
        .and_where(Expr::col("rotated_at").is_null())
        .to_owned();
    // Nobody else can have rotated it while the grant is held; without the guard this would rest on the lock alone.
    if transaction.execute(&rotate).await? != 1 {
        return Err(ManagerError::Conflict(
            "the refresh token was rotated meanwhile".into(),
        ));
    }
    insert_token(transaction, &asked.successor, grant, &asked.rules, now).await?;
    // What was rotated to the token that was just used is of no more use: one live branch, ever.
    let erase = Query::update()
        .table("refresh_tokens")
        .value("wrapped_successor", Option::<String>::None)
        .and_where(Expr::col("grant_id").eq(grant.id.as_str()))
        .and_where(Expr::col("wrapped_successor").is_not_null())
        .and_where(Expr::col("secret").ne(asked.presented.as_bytes().to_vec()))
        .to_owned();
    transaction.execute(&erase).await?;
    Ok(())
}

/// Adds a refresh token, which ends with its grant at the latest.
pub(super) async fn insert_token(
    transaction: &mut Transaction,
    token: &SecretHash,
    grant: &Grant,
    rules: &RefreshRules,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let ends = now.saturating_add(i64::from(rules.life_secs));
    let insert = Query::insert()
        .into_table("refresh_tokens")
        .columns(["secret", "grant_id", "created_at", "expires_at", "repeats"])
        .values_panic([
            token.as_bytes().to_vec().into(),
            grant.id.as_str().into(),
            now.into(),
            Ord::min(ends, grant.expires_at).into(),
            0_i64.into(),
        ])
        .to_owned();
    transaction.execute(&insert).await?;
    Ok(())
}

async fn note_issue(
    transaction: &mut Transaction,
    grant: &mut Grant,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    grant.last_used_at = Ord::max(grant.last_used_at, Some(now));
    let note = Query::update()
        .table("grants")
        .value("last_used_at", grant.last_used_at)
        .and_where(Expr::col("id").eq(grant.id.as_str()))
        .to_owned();
    transaction.execute(&note).await?;
    Ok(())
}

async fn count_repeat(
    transaction: &mut Transaction,
    token: &SecretHash,
) -> Result<(), ManagerError> {
    let count = Query::update()
        .table("refresh_tokens")
        .value("repeats", Expr::col("repeats").add(1))
        .and_where(Expr::col("secret").eq(token.as_bytes().to_vec()))
        .to_owned();
    transaction.execute(&count).await?;
    Ok(())
}
