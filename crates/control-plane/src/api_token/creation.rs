//! Makes API tokens.

use sea_query::{Expr, ExprTrait as _, Query};
use tidegate_database::{DatabaseError, Transaction};
use tidegate_types::{AccountId, GrantId, WorkspaceSlug};

use super::{ApiToken, CreateApiToken};
use crate::counted::{count_in, count_of};
use crate::{LocalManager, ManagerError, UnixSecs, account, input, workspace};

/// Live ones of one account.
const MOST_LIVE: u64 = 10;
const MOST_NAME_CHARS: usize = 100;
const HINT_CHARS: usize = 4;

fn check(asked: &CreateApiToken, now: UnixSecs) -> Result<(), ManagerError> {
    let problem = if asked.scopes.is_empty() {
        "scopes is empty: at least one scope is needed".into()
    } else if asked.hint.len() != HINT_CHARS
        || !asked.hint.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        format!("hint must be the last {HINT_CHARS} characters of the secret")
    } else if asked.expires_at.is_some_and(|at| at <= now) {
        "expires_at is not in the future".into()
    } else {
        return Ok(());
    };
    Err(ManagerError::Invalid(problem))
}

pub(super) async fn create(
    asked: CreateApiToken,
    manager: &LocalManager,
) -> Result<ApiToken, ManagerError> {
    let now = manager.now();
    check(&asked, now)?;
    let name = input::shown_text("name", &asked.name, MOST_NAME_CHARS)?;
    let mut transaction = manager.pool.begin("make an API token").await?;
    if let Some(slug) = &asked.workspace {
        hold_workspace(&mut transaction, slug).await?;
    }
    // Held, so that the count stays true until the token is there.
    let owner = account::lock(&mut transaction, &asked.account).await?;
    if !owner.is_active {
        return Err(ManagerError::NotFound { what: "account" });
    }
    if let Some(workspace) = &asked.workspace {
        check_member(&mut transaction, &asked.account, workspace).await?;
    }
    check_count(&mut transaction, &asked.account, now).await?;
    let token = ApiToken {
        id: GrantId::new(),
        account: asked.account.clone(),
        name,
        scopes: asked.scopes,
        workspace: asked.workspace.clone(),
        hint: asked.hint.clone(),
        created_at: now,
        expires_at: asked.expires_at,
        last_used_at: None,
        last_used_from: None,
        ended_at: None,
    };
    insert(&mut transaction, &token, &asked).await?;
    transaction.commit().await?;
    Ok(token)
}

/// Shared, so that it is not removed meanwhile; before the account, as everybody does.
async fn hold_workspace(
    transaction: &mut Transaction,
    slug: &WorkspaceSlug,
) -> Result<(), ManagerError> {
    let one = Query::select()
        .column("slug")
        .from("workspaces")
        .and_where(Expr::col("slug").eq(slug.as_str()))
        .lock_shared()
        .to_owned();
    // Whether it is there at all is told by whether the account is a member.
    transaction.fetch_one(&one).await?;
    Ok(())
}

async fn check_member(
    transaction: &mut Transaction,
    account: &AccountId,
    slug: &WorkspaceSlug,
) -> Result<(), ManagerError> {
    let place = workspace::select_places(Some(slug), Some(account));
    // The same words for a workspace that is not there: nobody finds out which there are.
    match transaction.fetch_one(&place).await? {
        Some(_) => Ok(()),
        None => Err(ManagerError::Invalid(
            "workspace is none that the account is a member of".into(),
        )),
    }
}

async fn check_count(
    transaction: &mut Transaction,
    account: &AccountId,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let live = count_of("id")
        .from("api_tokens")
        .and_where(Expr::col("account").eq(account.as_str()))
        .and_where(Expr::col("ended_at").is_null())
        .and_where(
            Expr::col("expires_at")
                .is_null()
                .or(Expr::col("expires_at").gt(now)),
        )
        .to_owned();
    if count_in(transaction, &live).await? >= MOST_LIVE {
        return Err(ManagerError::LimitReached(format!(
            "at most {MOST_LIVE} API tokens a person: end one first"
        )));
    }
    Ok(())
}

async fn insert(
    transaction: &mut Transaction,
    token: &ApiToken,
    asked: &CreateApiToken,
) -> Result<(), ManagerError> {
    let insert = Query::insert()
        .into_table("api_tokens")
        .columns([
            "id",
            "account",
            "name",
            "scopes",
            "workspace",
            "secret",
            "hint",
            "created_at",
            "expires_at",
        ])
        .values_panic([
            token.id.as_str().into(),
            token.account.as_str().into(),
            token.name.as_str().into(),
            token.scopes.to_string().into(),
            (token.workspace.as_ref())
                .map(|slug| slug.as_str().to_owned())
                .into(),
            asked.secret.as_bytes().to_vec().into(),
            token.hint.as_str().into(),
            token.created_at.into(),
            token.expires_at.into(),
        ])
        .to_owned();
    match transaction.execute(&insert).await {
        Err(DatabaseError::Conflict { .. }) => Err(ManagerError::Conflict(
            "secret was used before: draw another".into(),
        )),
        done => Ok(done.map(drop)?),
    }
}
