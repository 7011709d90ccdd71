//! Takes an invitation.

use sea_query::{Expr, ExprTrait as _, Query};
use tidegate_database::{FromNestedRow as _, Transaction, row};
use tidegate_types::AccountId;

use super::open::InvitationRow;
use super::{AcceptInvitation, Invitation};
use crate::account::{self, Account, AccountKind, CreateAccount, NewPerson};
use crate::change::{self, LoggedChange};
use crate::workspace::{self, NewPlace};
use crate::{LocalManager, ManagerError, UnixSecs};

pub(super) async fn accept(
    manager: &LocalManager,
    asked: AcceptInvitation,
) -> Result<Account, ManagerError> {
    let now = manager.now();
    check_proof(&asked)?;
    let mut transaction = manager.pool.begin("take an invitation").await?;
    // Whoever deletes it has it: the other of two waits for this one and then finds nothing. When anything below
    // fails, it is there again.
    let take = Query::delete()
        .from_table("invitations")
        .and_where(Expr::col("secret").eq(asked.secret.as_bytes().to_vec()))
        .and_where(Expr::col("expires_at").gt(now))
        .returning(Query::returning().columns(InvitationRow::NAMES.iter().copied()))
        .to_owned();
    let invitation: Option<Invitation> = transaction.read_one(&take).await?;
    let invitation = invitation.ok_or(ManagerError::NotFound { what: "invitation" })?;
    let there = account::find_by_verified_email(&mut transaction, &invitation.email).await?;
    let account = match (there, &asked.signed_in_as) {
        (Some(owner), signed_in_as) => admit_owner(owner, signed_in_as.as_ref(), &invitation)?,
        (None, Some(id)) => admit(account::lock(&mut transaction, id).await?)?,
        (None, None) => make(&mut transaction, asked, &invitation, now).await?,
    };
    put_place(&mut transaction, &account, &invitation, now).await?;
    let workspace = invitation.workspace;
    change::append(
        &mut transaction,
        &[LoggedChange::Workspace { workspace }],
        now,
    )
    .await?;
    transaction.commit().await?;
    Ok(account)
}

/// A password proves nothing of an address: only a provider does.
fn check_proof(asked: &AcceptInvitation) -> Result<(), ManagerError> {
    let problem = if asked.is_email_proved && asked.identity.is_none() {
        "is_email_proved is true without an identity: only a provider proves an address"
    } else if asked.identity.is_some() && asked.password_hash.is_some() {
        "identity and password_hash are both given: an account is opened by the one or the other"
    } else {
        return Ok(());
    };
    Err(ManagerError::Invalid(problem.to_owned()))
}

async fn make(
    transaction: &mut Transaction,
    asked: AcceptInvitation,
    invitation: &Invitation,
    now: UnixSecs,
) -> Result<Account, ManagerError> {
    let person = NewPerson::check(&CreateAccount {
        username: asked.username,
        email: Some(invitation.email.clone()),
        is_email_verified: asked.is_email_proved,
        display_name: asked.display_name,
        password_hash: asked.password_hash,
        must_change_password: false,
        is_administrator: false,
    })?;
    let account = account::insert_person(transaction, person, now).await?;
    if let Some(identity) = &asked.identity {
        let identity = account::check_identity(identity)?;
        account::attach(transaction, &identity, &account.id, now).await?;
    }
    Ok(account)
}

/// The invited address is the verified one of an account: it is let in when it is the one that is signed in.
fn admit_owner(
    owner: Account,
    signed_in_as: Option<&AccountId>,
    invitation: &Invitation,
) -> Result<Account, ManagerError> {
    match signed_in_as {
        Some(id) if *id == owner.id => admit(owner),
        Some(_) => Err(ManagerError::Conflict(format!(
            "the invitation is for {}, which is the verified address of another account than the one that is signed \
             in: sign in as that one",
            invitation.email
        ))),
        None => Err(ManagerError::Conflict(
            "an account of this address exists: sign in as it, and open the link again".to_owned(),
        )),
    }
}

fn admit(account: Account) -> Result<Account, ManagerError> {
    if account.is_active && account.kind == AccountKind::Person {
        Ok(account)
    } else {
        Err(ManagerError::Conflict(
            "the account is not active: ask an administrator".to_owned(),
        ))
    }
}

row! {
    struct OwnPlace {
        role: i64 = memberships.role,
        superset_username: Option<String> = memberships.superset_username,
    }
}

/// A member keeps a role that is as wide, and the name they act as.
async fn put_place(
    transaction: &mut Transaction,
    account: &Account,
    invitation: &Invitation,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let own = OwnPlace::select(&mut Query::select())
        .from("memberships")
        .and_where(Expr::col("workspace").eq(invitation.workspace.as_str()))
        .and_where(Expr::col("account").eq(account.id.as_str()))
        .to_owned();
    let mut superset_username = None;
    if let Some(own) = transaction.read_one::<OwnPlace>(&own).await? {
        if own.role >= workspace::role_number(invitation.role) {
            return Ok(());
        }
        superset_username = own.superset_username;
    }
    let place = NewPlace::check(
        invitation.workspace.clone(),
        account.id.clone(),
        invitation.role,
        superset_username.as_deref(),
    )?;
    Ok(workspace::put_place(transaction, &place, now).await?)
}
