//! Changes accounts.

use sea_query::{Expr, ExprTrait as _, LockType, Order, Query, SimpleExpr, UpdateStatement};
use tidegate_database::Transaction;
use tidegate_types::AccountId;

use super::{
    Account, AccountKind, PasswordChange, ReplacePasswordHash, SetPassword, UpdateAccount, create,
    rows,
};
use crate::change::{self, LoggedChange};
use crate::grant::{self, EndReason, GrantFilter};
use crate::{LocalManager, ManagerError, UnixSecs, input};

fn update_of(id: &AccountId) -> UpdateStatement {
    Query::update()
        .table("accounts")
        .and_where(Expr::col("id").eq(id.as_str()))
        .to_owned()
}

pub(super) async fn update(
    manager: &LocalManager,
    asked: UpdateAccount,
) -> Result<Account, ManagerError> {
    let asked = Checked::of(asked)?;
    let mut transaction = manager.pool.begin("change an account").await?;
    let changed = apply(&mut transaction, asked, manager.now()).await?;
    transaction.commit().await?;
    Ok(changed)
}

/// Switches an account off, as [`UpdateAccount`] does.
pub(crate) async fn switch_off(
    transaction: &mut Transaction,
    id: AccountId,
    now: UnixSecs,
) -> Result<Account, ManagerError> {
    let off = UpdateAccount {
        id,
        email: None,
        display_name: None,
        is_active: Some(false),
        is_administrator: None,
    };
    apply(transaction, Checked::of(off)?, now).await
}

/// What is to be changed, whose texts were checked.
struct Checked {
    asked: UpdateAccount,
    email: Option<String>,
    display_name: Option<String>,
}

impl Checked {
    fn of(asked: UpdateAccount) -> Result<Self, ManagerError> {
        let email = (asked.email.as_deref().filter(|email| !email.is_empty()))
            .map(input::email)
            .transpose()?;
        let display_name = (asked.display_name.as_deref())
            .map(create::display_name)
            .transpose()?;
        Ok(Self {
            asked,
            email,
            display_name,
        })
    }
}

async fn apply(
    transaction: &mut Transaction,
    checked: Checked,
    now: UnixSecs,
) -> Result<Account, ManagerError> {
    let Checked {
        asked,
        email,
        display_name,
    } = checked;
    let before = if is_less_power(&asked) {
        lock_as_one_of_the_administrators(transaction, &asked.id).await?
    } else {
        rows::lock(transaction, &asked.id).await?
    };
    let mut after = before.clone();
    let mut update = update_of(&asked.id);
    if let Some(display_name) = display_name {
        update.value("display_name", display_name.as_str());
        after.display_name = display_name;
    }
    // The same address again leaves it verified.
    if asked.email.is_some() && email != before.email {
        update.value("email", email.clone());
        update.value("verified_email", Option::<String>::None);
        after.email = email;
        after.is_email_verified = false;
    }
    if let Some(is_administrator) = asked.is_administrator {
        if is_administrator && before.kind == AccountKind::Service {
            return Err(ManagerError::Invalid(
                "is_administrator is true for a service account: only people manage the deployment"
                    .to_owned(),
            ));
        }
        update.value("is_administrator", is_administrator);
        after.is_administrator = is_administrator;
    }
    if let Some(is_active) = asked.is_active {
        update.value("is_active", is_active);
        after.is_active = is_active;
        if !is_active {
            let valid_from = Ord::max(now, before.sessions_valid_from + 1);
            update.value("sessions_valid_from", valid_from);
            after.sessions_valid_from = valid_from;
        }
    }
    if after != before {
        transaction.execute(&update).await?;
    }
    let is_deactivated = before.is_active && !after.is_active;
    if is_deactivated {
        end_tokens(transaction, &asked.id, now).await?;
        let theirs = GrantFilter {
            account: Some(asked.id.clone()),
            ..GrantFilter::default()
        };
        grant::end_all(transaction, &theirs, EndReason::AccountInactive, now).await?;
    }
    if before.is_active != after.is_active {
        change::append(transaction, &[LoggedChange::Account], now).await?;
    }
    Ok(after)
}

fn is_less_power(asked: &UpdateAccount) -> bool {
    asked.is_active == Some(false) || asked.is_administrator == Some(false)
}

/// Holds the account and every administrator, in one order: of two who remove each other one waits, and then sees
/// that they are the last.
async fn lock_as_one_of_the_administrators(
    transaction: &mut Transaction,
    id: &AccountId,
) -> Result<Account, ManagerError> {
    let held = rows::select()
        .and_where(
            Expr::col(("accounts", "is_administrator"))
                .eq(true)
                .or(Expr::col(("accounts", "id")).eq(id.as_str())),
        )
        .order_by(("accounts", "id"), Order::Asc)
        .lock(LockType::Update)
        .to_owned();
    let accounts: Vec<Account> = transaction.read(&held).await?;
    let manages = |account: &&Account| account.is_administrator && account.is_active;
    let others = accounts
        .iter()
        .filter(manages)
        .filter(|other| other.id != *id);
    let has_others = others.count() > 0;
    let account = accounts.into_iter().find(|account| account.id == *id);
    let account = account.ok_or(ManagerError::NotFound { what: "account" })?;
    if manages(&&account) && !has_others {
        return Err(ManagerError::Conflict(format!(
            "{:?} is the last active administrator: make another one first",
            account.username
        )));
    }
    Ok(account)
}

/// Ends the account's API tokens. The change log has one line for the account.
async fn end_tokens(
    transaction: &mut Transaction,
    id: &AccountId,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let end = Query::update()
        .table("api_tokens")
        .value("ended_at", now)
        .and_where(Expr::col("account").eq(id.as_str()))
        .and_where(Expr::col("ended_at").is_null())
        .to_owned();
    transaction.execute(&end).await?;
    Ok(())
}

pub(super) async fn set_password(
    manager: &LocalManager,
    asked: SetPassword,
) -> Result<(), ManagerError> {
    let update = update_of(&asked.id)
        .value("password_hash", input::password_hash(&asked.password_hash)?)
        .value("must_change_password", asked.must_change)
        .value("sessions_valid_from", later(manager.now()))
        .and_where(Expr::col("kind").eq(AccountKind::Person.as_str()))
        .to_owned();
    changed_one(manager, "set a password", &update).await
}

pub(super) async fn replace_password_hash(
    manager: &LocalManager,
    asked: ReplacePasswordHash,
) -> Result<bool, ManagerError> {
    let mut update = update_of(&asked.id)
        .value("password_hash", input::password_hash(&asked.password_hash)?)
        .and_where(Expr::col("kind").eq(AccountKind::Person.as_str()))
        .and_where(Expr::col("password_hash").eq(asked.replaces))
        .to_owned();
    if asked.change == PasswordChange::NewPassword {
        update
            .value("must_change_password", false)
            .value("sessions_valid_from", later(manager.now()));
    }
    let count = manager
        .pool
        .execute("replace a password's hash", &update)
        .await?;
    Ok(count > 0)
}

pub(super) async fn note_sign_in(
    manager: &LocalManager,
    id: &AccountId,
) -> Result<(), ManagerError> {
    let update = update_of(id)
        .value("last_sign_in_at", manager.now())
        .to_owned();
    changed_one(manager, "note a sign-in", &update).await
}

pub(super) async fn end_sessions(
    manager: &LocalManager,
    id: &AccountId,
) -> Result<(), ManagerError> {
    let update = update_of(id)
        .value("sessions_valid_from", later(manager.now()))
        .to_owned();
    changed_one(manager, "end browser sessions", &update).await
}

/// Now, and always later than before: a session that began in this very second ends as well.
fn later(now: UnixSecs) -> SimpleExpr {
    let before = || Expr::col("sessions_valid_from");
    Expr::case(before().gte(now), before().add(1))
        .finally(now)
        .into()
}

async fn changed_one(
    manager: &LocalManager,
    operation: &'static str,
    update: &UpdateStatement,
) -> Result<(), ManagerError> {
    match manager.pool.execute(operation, update).await? {
        0 => Err(ManagerError::NotFound { what: "account" }),
        _ => Ok(()),
    }
}
