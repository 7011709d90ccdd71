//! Makes accounts.

use sea_query::{Expr, ExprTrait as _, Query};
use tidegate_database::{DatabaseError, Transaction, row};
use tidegate_types::AccountId;

use super::{Account, AccountKind, CreateAccount, CreateServiceAccount};
use crate::audit::{self, AuditEvent};
use crate::change::{self, LoggedChange};
use crate::workspace::{self, NewPlace};
use crate::{LocalManager, ManagerError, UnixSecs, input};

const MAX_DISPLAY_CHARS: usize = 200;

/// A person to be, whose fields were checked.
pub(crate) struct NewPerson {
    username: String,
    email: Option<String>,
    is_email_verified: bool,
    display_name: String,
    password_hash: Option<String>,
    must_change_password: bool,
    is_administrator: bool,
}

impl NewPerson {
    pub(crate) fn check(asked: &CreateAccount) -> Result<Self, ManagerError> {
        if asked.is_email_verified && asked.email.is_none() {
            return Err(ManagerError::Invalid(
                "is_email_verified is true without an email: give the address or leave it false"
                    .to_owned(),
            ));
        }
        Ok(Self {
            username: input::username(&asked.username)?,
            email: asked.email.as_deref().map(input::email).transpose()?,
            is_email_verified: asked.is_email_verified,
            display_name: input::shown_text_or_empty(
                "display_name",
                &asked.display_name,
                MAX_DISPLAY_CHARS,
            )?,
            password_hash: (asked.password_hash.as_deref())
                .map(input::password_hash)
                .transpose()?,
            must_change_password: asked.must_change_password,
            is_administrator: asked.is_administrator,
        })
    }

    fn into_account(self, now: UnixSecs) -> (Account, Option<String>) {
        let account = Account {
            id: AccountId::new(),
            kind: AccountKind::Person,
            display_name: or_name(self.display_name, &self.username),
            username: self.username,
            email: self.email,
            is_email_verified: self.is_email_verified,
            is_active: true,
            is_administrator: self.is_administrator,
            has_password: self.password_hash.is_some(),
            must_change_password: self.must_change_password,
            sessions_valid_from: now,
            created_at: now,
            last_sign_in_at: None,
        };
        (account, self.password_hash)
    }
}

fn or_name(display_name: String, username: &str) -> String {
    if display_name.is_empty() {
        username.to_owned()
    } else {
        display_name
    }
}

pub(super) fn display_name(text: &str) -> Result<String, ManagerError> {
    input::shown_text("display_name", text, MAX_DISPLAY_CHARS)
}

pub(super) async fn create(
    manager: &LocalManager,
    asked: CreateAccount,
) -> Result<Account, ManagerError> {
    let person = NewPerson::check(&asked)?;
    let mut transaction = manager.pool.begin("make an account").await?;
    let account = insert_person(&mut transaction, person, manager.now()).await?;
    transaction.commit().await?;
    Ok(account)
}

/// `Conflict`: the name or the verified address is taken.
pub(crate) async fn insert_person(
    transaction: &mut Transaction,
    person: NewPerson,
    now: UnixSecs,
) -> Result<Account, ManagerError> {
    let (account, password_hash) = person.into_account(now);
    insert(transaction, &account, password_hash).await?;
    Ok(account)
}

async fn insert(
    transaction: &mut Transaction,
    account: &Account,
    password_hash: Option<String>,
) -> Result<(), ManagerError> {
    let verified = (account.email.as_deref())
        .filter(|_| account.is_email_verified)
        .map(input::email_key);
    refuse_taken(transaction, &account.username, verified.as_deref()).await?;
    let insert = Query::insert()
        .into_table("accounts")
        .columns([
            "id",
            "kind",
            "username",
            "email",
            "verified_email",
            "display_name",
            "is_active",
            "is_administrator",
            "password_hash",
            "must_change_password",
            "sessions_valid_from",
            "created_at",
        ])
        .values_panic([
            account.id.as_str().into(),
            account.kind.as_str().into(),
            account.username.as_str().into(),
            account.email.clone().into(),
            verified.into(),
            account.display_name.as_str().into(),
            account.is_active.into(),
            account.is_administrator.into(),
            password_hash.into(),
            account.must_change_password.into(),
            account.sessions_valid_from.into(),
            account.created_at.into(),
        ])
        .to_owned();
    match transaction.execute(&insert).await {
        Ok(_) => Ok(()),
        // Somebody took it since the look above.
        Err(DatabaseError::Conflict { .. }) => Err(taken("username or email", &account.username)),
        Err(err) => Err(err.into()),
    }
}

fn taken(field: &str, value: &str) -> ManagerError {
    ManagerError::Conflict(format!("{field} {value:?} is taken: use another"))
}

row! {
    struct VerifiedEmail {
        verified_email: Option<String> = accounts.verified_email,
    }
}

/// A name that is somebody's verified address is refused as well, for people sign in by either.
async fn refuse_taken(
    transaction: &mut Transaction,
    username: &str,
    verified_email: Option<&str>,
) -> Result<(), ManagerError> {
    let mut is_taken = Expr::col("username")
        .eq(username)
        .or(Expr::col("verified_email").eq(username));
    if let Some(email) = verified_email {
        is_taken = is_taken.or(Expr::col("verified_email").eq(email));
    }
    let look = VerifiedEmail::select(&mut Query::select())
        .from("accounts")
        .and_where(is_taken)
        .to_owned();
    let others: Vec<VerifiedEmail> = transaction.read(&look).await?;
    if others.is_empty() {
        return Ok(());
    }
    let has_it = |email: &&str| {
        let mut theirs = others.iter();
        theirs.any(|other| other.verified_email.as_deref() == Some(*email))
    };
    match verified_email.filter(has_it) {
        Some(email) => Err(taken("email", email)),
        None => Err(taken("username", username)),
    }
}

pub(super) async fn create_service(
    manager: &LocalManager,
    asked: CreateServiceAccount,
) -> Result<Account, ManagerError> {
    let now = manager.now();
    let service = NewService::check(asked, now)?;
    let mut transaction = manager.pool.begin("make a service account").await?;
    let account = service.insert(&mut transaction, now).await?;
    transaction.commit().await?;
    Ok(account)
}

/// A service account to be, whose fields were checked.
pub(crate) struct NewService {
    account: Account,
    place: NewPlace,
    made_by: Option<AccountId>,
}

impl NewService {
    pub(crate) fn check(asked: CreateServiceAccount, now: UnixSecs) -> Result<Self, ManagerError> {
        let username = input::username(&asked.username)?;
        let shown =
            input::shown_text_or_empty("display_name", &asked.display_name, MAX_DISPLAY_CHARS)?;
        let account = Account {
            id: AccountId::new(),
            kind: AccountKind::Service,
            display_name: or_name(shown, &username),
            username,
            email: None,
            is_email_verified: false,
            is_active: true,
            is_administrator: false,
            has_password: false,
            must_change_password: false,
            sessions_valid_from: now,
            created_at: now,
            last_sign_in_at: None,
        };
        let place = NewPlace::check(
            asked.workspace,
            account.id.clone(),
            asked.role,
            asked.superset_username.as_deref(),
        )?;
        Ok(Self {
            account,
            place,
            made_by: asked.made_by,
        })
    }

    /// Its id, before it is there.
    pub(crate) const fn id(&self) -> &AccountId {
        &self.account.id
    }

    /// Makes it with its place. Before anything else of the transaction is held, but the workspace.
    pub(crate) async fn insert(
        self,
        transaction: &mut Transaction,
        now: UnixSecs,
    ) -> Result<Account, ManagerError> {
        let Self {
            account,
            place,
            made_by,
        } = self;
        workspace::lock(transaction, &place.workspace).await?;
        insert(transaction, &account, None).await?;
        workspace::put_place(transaction, &place, now).await?;
        let made = AuditEvent {
            at: now,
            action: "account.service_created".to_owned(),
            account: made_by,
            client: None,
            workspace: Some(place.workspace.clone()),
            address: None,
            outcome: "ok".to_owned(),
            detail: Some(format!("{} ({})", account.username, account.id)),
        };
        transaction.execute(&audit::insert([&made])).await?;
        let workspace = place.workspace;
        change::append(transaction, &[LoggedChange::Workspace { workspace }], now).await?;
        Ok(account)
    }
}
