//! Takes an invitation.

use sea_query::{Expr, ExprTrait as _, Query};
use tidegate_database::Transaction;
use tidegate_types::AccountId;

use super::{AcceptInvitation, Invitation, open};
use crate::account::{self, Account, AccountKind, CreateAccount, NewPerson};
use crate::change::{self, Change};
use crate::workspace::{self, NewPlace};
use crate::{LocalManager, ManagerError, UnixSecs};

pub(super) async fn accept(
    manager: &LocalManager,
    asked: AcceptInvitation,
) -> Result<Account, ManagerError> {
    let now = manager.now();
    let mut transaction = manager.pool.begin("take an invitation").await?;
    // Whoever deletes it has it: the other of two waits for this one and then finds nothing. When anything below
    // fails, it is there again.
    let take = Query::delete()
        .from_table("invitations")
        .and_where(Expr::col("secret").eq(asked.secret.as_bytes().to_vec()))
        .and_where(Expr::col("expires_at").gt(now))
        .returning(Query::returning().columns(open::COLUMNS))
        .to_owned();
    let row = transaction.fetch_one(&take).await?;
    let row = row.ok_or(ManagerError::NotFound { what: "invitation" })?;
    let invitation = open::read(&row)?;
    let there = account::find_by_verified_email(&mut transaction, &invitation.email).await?;
    let account = match there {
        Some(account) => admit(account, asked.signed_in_as.as_ref())?,
        None if asked.signed_in_as.is_some() => {
            return Err(ManagerError::Conflict(format!(
                "the invitation is for {}, which is not the verified address of the account that is signed in: \
                 sign out first",
                invitation.email
            )));
        }
        None => {
            let person = NewPerson::check(&CreateAccount {
                username: asked.username,
                email: Some(invitation.email.clone()),
                is_email_verified: true,
                display_name: asked.display_name,
                password_hash: asked.password_hash,
                must_change_password: false,
                is_administrator: false,
            })?;
            account::insert_person(&mut transaction, person, now).await?
        }
    };
    put_place(&mut transaction, &account, &invitation, now).await?;
    let workspace = invitation.workspace;
    change::append(&mut transaction, &[Change::Workspace { workspace }], now).await?;
    transaction.commit().await?;
    Ok(account)
}

/// An existing account is let in when it is the one that is signed in.
fn admit(account: Account, signed_in_as: Option<&AccountId>) -> Result<Account, ManagerError> {
    if signed_in_as != Some(&account.id) {
        return Err(ManagerError::Conflict(
            "an account of this address exists: sign in as it, and open the link again".to_owned(),
        ));
    }
    if account.is_active && account.kind == AccountKind::Person {
        Ok(account)
    } else {
        Err(ManagerError::Conflict(
            "the account of this address is not active: ask an administrator".to_owned(),
        ))
    }
}

/// A member keeps a role that is as wide, and the name they act as.
async fn put_place(
    transaction: &mut Transaction,
    account: &Account,
    invitation: &Invitation,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let own = Query::select()
        .columns(["role"])
        .column("superset_username")
        .from("memberships")
        .and_where(Expr::col("workspace").eq(invitation.workspace.as_str()))
        .and_where(Expr::col("account").eq(account.id.as_str()))
        .to_owned();
    let mut superset_username = None;
    if let Some(row) = transaction.fetch_one(&own).await? {
        if row.id(0)? >= workspace::role_number(invitation.role) {
            return Ok(());
        }
        superset_username = row.text(1)?;
    }
    let place = NewPlace::check(
        invitation.workspace.clone(),
        account.id.clone(),
        invitation.role,
        superset_username.as_deref(),
    )?;
    Ok(workspace::put_place(transaction, &place, now).await?)
}
