//! Ties identities of upstream providers to accounts.

use sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use tidegate_database::{Parsed, Transaction, row};
use tidegate_types::AccountId;

use super::create::{NewPerson, insert_person};
use super::{
    Account, AccountKind, AdmitUpstream, AdmittedAccount, LinkUpstream, UpstreamIdentity, rows,
};
use crate::change::{self, LoggedChange};
use crate::counted::{count_in, count_of};
use crate::workspace::{self, NewPlace};
use crate::{LocalManager, ManagerError, UnixSecs, input};

const MAX_ISSUER_CHARS: usize = 500;
/// OpenID Connect Core §2.
const MAX_SUBJECT_CHARS: usize = 255;
const MAX_IDENTITIES: u64 = 20;

row! {
    struct IdentityRow {
        account: Parsed<AccountId> = upstream_identities.account,
    }
}

/// An identity whose parts were checked.
pub(crate) struct CheckedIdentity(UpstreamIdentity);

pub(crate) fn check_identity(identity: &UpstreamIdentity) -> Result<CheckedIdentity, ManagerError> {
    Ok(CheckedIdentity(UpstreamIdentity {
        issuer: input::shown_text("issuer", &identity.issuer, MAX_ISSUER_CHARS)?,
        subject: input::shown_text("subject", &identity.subject, MAX_SUBJECT_CHARS)?,
    }))
}

pub(super) async fn link(manager: &LocalManager, asked: LinkUpstream) -> Result<(), ManagerError> {
    let identity = check_identity(&UpstreamIdentity {
        issuer: asked.issuer,
        subject: asked.subject,
    })?;
    let mut transaction = manager.pool.begin("link an identity").await?;
    let account = rows::lock(&mut transaction, &asked.id).await?;
    if account.kind == AccountKind::Service {
        return Err(ManagerError::Invalid(
            "id is a service account's: only people sign in".to_owned(),
        ));
    }
    attach(&mut transaction, &identity, &asked.id, manager.now()).await?;
    if let Some(email) = &asked.proved_email {
        verify_own_address(&mut transaction, &account, email).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Ties an identity to an account that is held. `Conflict`: it is tied to another.
pub(crate) async fn attach(
    transaction: &mut Transaction,
    CheckedIdentity(identity): &CheckedIdentity,
    account: &AccountId,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let insert = Query::insert()
        .into_table("upstream_identities")
        .columns(["issuer", "subject", "account", "created_at"])
        .values_panic([
            identity.issuer.as_str().into(),
            identity.subject.as_str().into(),
            account.as_str().into(),
            now.into(),
        ])
        .on_conflict(
            OnConflict::columns(["issuer", "subject"])
                .do_nothing()
                .to_owned(),
        )
        .to_owned();
    if transaction.execute(&insert).await? == 0 {
        let whose = IdentityRow::select(&mut Query::select())
            .from("upstream_identities")
            .and_where(Expr::col("issuer").eq(identity.issuer.as_str()))
            .and_where(Expr::col("subject").eq(identity.subject.as_str()))
            .to_owned();
        let whose: Option<IdentityRow> = transaction.read_one(&whose).await?;
        if whose.is_none_or(|row| row.account.0 != *account) {
            return Err(ManagerError::Conflict(
                "this identity is tied to another account: sign in with it, or ask an administrator".to_owned(),
            ));
        }
    }
    let theirs = count_of("subject")
        .from("upstream_identities")
        .and_where(Expr::col("account").eq(account.as_str()))
        .to_owned();
    if count_in(transaction, &theirs).await? > MAX_IDENTITIES {
        return Err(ManagerError::LimitReached(format!(
            "at most {MAX_IDENTITIES} upstream identities an account"
        )));
    }
    Ok(())
}

/// A provider proved the address of whoever connected it. It becomes verified where it is the account's own, unless
/// another account has it verified: then that one keeps it.
async fn verify_own_address(
    transaction: &mut Transaction,
    account: &Account,
    proved: &str,
) -> Result<(), ManagerError> {
    let key = input::email_key(proved);
    let is_own = (account.email.as_deref()).is_some_and(|own| input::email_key(own) == key);
    if account.is_email_verified || !is_own {
        return Ok(());
    }
    let theirs = rows::find_by_verified_email(transaction, proved).await?;
    if theirs.is_some() {
        return Ok(());
    }
    let verify = Query::update()
        .table("accounts")
        .value("verified_email", key)
        .and_where(Expr::col("id").eq(account.id.as_str()))
        .to_owned();
    transaction.execute(&verify).await?;
    Ok(())
}

pub(super) async fn admit(
    manager: &LocalManager,
    asked: AdmitUpstream,
) -> Result<AdmittedAccount, ManagerError> {
    let identity = check_identity(&asked.identity)?;
    if let Some(account) = find(manager, &identity).await? {
        return Ok(AdmittedAccount {
            account,
            is_new: false,
        });
    }
    if asked.account.password_hash.is_some() {
        return Err(ManagerError::Invalid(
            "password_hash is given for an account that an upstream provider opens: leave it out"
                .to_owned(),
        ));
    }
    let person = NewPerson::check(&asked.account)?;
    let now = manager.now();
    let mut transaction = manager.pool.begin("make an account").await?;
    // In the order in which everybody holds them: workspace, account.
    if let Some(place) = &asked.place {
        workspace::lock(&mut transaction, &place.workspace).await?;
    }
    let account = insert_person(&mut transaction, person, now).await?;
    match attach(&mut transaction, &identity, &account.id, now).await {
        Ok(()) => {}
        // Another tab or node was first: theirs is the account, and this one was never there.
        Err(ManagerError::Conflict(text)) => {
            drop(transaction);
            let account = find(manager, &identity).await?;
            let account = account.ok_or(ManagerError::Conflict(text))?;
            return Ok(AdmittedAccount {
                account,
                is_new: false,
            });
        }
        Err(err) => return Err(err),
    }
    if let Some(place) = asked.place {
        let superset_username = place.superset_username.as_deref();
        let id = account.id.clone();
        let place = NewPlace::check(place.workspace, id, place.role, superset_username)?;
        workspace::put_place(&mut transaction, &place, now).await?;
        let workspace = place.workspace;
        change::append(
            &mut transaction,
            &[LoggedChange::Workspace { workspace }],
            now,
        )
        .await?;
    }
    transaction.commit().await?;
    Ok(AdmittedAccount {
        account,
        is_new: true,
    })
}

async fn find(
    manager: &LocalManager,
    CheckedIdentity(identity): &CheckedIdentity,
) -> Result<Option<Account>, ManagerError> {
    let key = super::AccountKey::Upstream {
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
    };
    rows::find(manager, &key).await
}
