//! Ties identities of upstream providers to accounts.

use sea_query::{Expr, ExprTrait as _, Func, OnConflict, Query};

use super::{AccountKind, LinkUpstream, rows};
use crate::{LocalManager, ManagerError, input, stored};

const MAX_ISSUER_CHARS: usize = 500;
/// OpenID Connect Core §2.
const MAX_SUBJECT_CHARS: usize = 255;
const MAX_IDENTITIES: i64 = 20;

pub(super) async fn link(manager: &LocalManager, asked: LinkUpstream) -> Result<(), ManagerError> {
    let issuer = input::shown_text("issuer", &asked.issuer, MAX_ISSUER_CHARS)?;
    let subject = input::shown_text("subject", &asked.subject, MAX_SUBJECT_CHARS)?;
    let mut transaction = manager.pool.begin("link an identity").await?;
    let account = rows::lock(&mut transaction, &asked.id).await?;
    if account.kind == AccountKind::Service {
        return Err(ManagerError::Invalid(
            "id is a service account's: only people sign in".to_owned(),
        ));
    }
    let insert = Query::insert()
        .into_table("upstream_identities")
        .columns(["issuer", "subject", "account", "created_at"])
        .values_panic([
            issuer.as_str().into(),
            subject.as_str().into(),
            asked.id.as_str().into(),
            manager.now().into(),
        ])
        .on_conflict(
            OnConflict::columns(["issuer", "subject"])
                .do_nothing()
                .to_owned(),
        )
        .to_owned();
    if transaction.execute(&insert).await? == 0 {
        let whose = Query::select()
            .column("account")
            .from("upstream_identities")
            .and_where(Expr::col("issuer").eq(issuer.as_str()))
            .and_where(Expr::col("subject").eq(subject.as_str()))
            .to_owned();
        let row = transaction.fetch_one(&whose).await?;
        let whose = row.map(|row| stored::parsed(&row, 0)).transpose()?;
        if whose.as_ref() != Some(&asked.id) {
            return Err(ManagerError::Conflict(
                "this identity is tied to another account: sign in with it, or ask an administrator".to_owned(),
            ));
        }
    }
    let count = Query::select()
        .expr(Func::count(Expr::col("subject")))
        .from("upstream_identities")
        .and_where(Expr::col("account").eq(asked.id.as_str()))
        .to_owned();
    let row = transaction.fetch_one(&count).await?;
    let count = row.map(|row| row.id(0)).transpose()?.unwrap_or(0);
    if count > MAX_IDENTITIES {
        return Err(ManagerError::LimitReached(format!(
            "at most {MAX_IDENTITIES} upstream identities an account"
        )));
    }
    transaction.commit().await?;
    Ok(())
}
