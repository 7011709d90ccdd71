//! Accounts as signing in needs them, and accounts that we make in files of our own.

use chrono::NaiveDateTime;
use sea_query::{Expr, ExprTrait, OnConflict, Query};

use crate::MetastoreError;
use crate::user::{User, UserRow, Users};
use tidegate_database::{FromRow, NamedRow, Step};

/// A row of `ab_user` with what is needed to sign in by it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// The user, active or not.
    pub user: User,
    /// `ab_user.password`, as werkzeug wrote it. `None`: nobody signs in by it.
    pub password: Option<String>,
    /// `ab_user.active`.
    pub is_active: bool,
}

/// Without the hash.
impl std::fmt::Debug for StoredAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredAccount")
            .field("user", &self.user.id)
            .field("is_active", &self.is_active)
            .finish_non_exhaustive()
    }
}

/// What the hash is called in the answer.
const PASSWORD: &str = "password";

impl FromRow for StoredAccount {
    fn from_row(row: &dyn NamedRow) -> Result<Self, MetastoreError> {
        let user = UserRow::from_row(row)?;
        let password: Option<String> = row.get(PASSWORD, "ab_user.password")?;
        Ok(Self {
            is_active: user.active.unwrap_or(false),
            user: user.into(),
            password: password.filter(|hash| !hash.is_empty()),
        })
    }
}

/// An account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// `ab_user.username`, up to 128 characters.
    pub username: String,
    /// `ab_user.first_name`, up to 64.
    pub first_name: String,
    /// `ab_user.last_name`, up to 64.
    pub last_name: String,
    /// `ab_user.email`, up to 320; no other account has it.
    pub email: String,
    /// Names of roles; those that do not exist are left out.
    pub roles: Vec<String>,
}

impl Users<'_> {
    /// The account whose name, or else whose address, is exactly this, active or not.
    pub async fn account(&self, name: &str) -> Result<Option<StoredAccount>, MetastoreError> {
        let statement = UserRow::select(&mut Query::select())
            .expr_as(Expr::col(("ab_user", "password")), PASSWORD)
            .from("ab_user")
            .and_where(
                Expr::col("username")
                    .eq(name)
                    .or(Expr::col("email").eq(name)),
            )
            .limit(2)
            .to_owned();
        let mut found = None;
        for account in self
            .metastore
            .pool()
            .read::<StoredAccount>("find an account", &statement)
            .await?
        {
            // Somebody's name may be somebody else's address.
            if account.user.username == name {
                return Ok(Some(account));
            }
            found = Some(account);
        }
        Ok(found)
    }

    /// Makes an active account without a password, or gives one that was made so these roles and no others. An account
    /// with a password is somebody else's business: it stays as it is. SQLite alone, where ids come by themselves.
    ///
    /// # Errors
    /// `Unsuitable`: the metastore is not a file. `Conflict`: the address is another account's.
    pub async fn provision(&self, new: &NewUser, at: NaiveDateTime) -> Result<(), MetastoreError> {
        const OPERATION: &str = "make an account";
        if !self.metastore.is_sqlite() {
            return Err(MetastoreError::Unsuitable {
                reason: "accounts of a Superset on PostgreSQL are made in that Superset".into(),
            });
        }
        let mut insert = Query::insert();
        insert
            .into_table("ab_user")
            .columns([
                "username",
                "first_name",
                "last_name",
                "email",
                "active",
                "created_on",
                "changed_on",
            ])
            .values_panic([
                new.username.as_str().into(),
                new.first_name.as_str().into(),
                new.last_name.as_str().into(),
                new.email.as_str().into(),
                true.into(),
                at.into(),
                at.into(),
            ])
            .on_conflict(OnConflict::column("username").do_nothing().to_owned());
        let ours = || {
            Query::select()
                .column("id")
                .from("ab_user")
                .and_where(Expr::col("username").eq(new.username.as_str()))
                .and_where(Expr::col("password").is_null())
                .to_owned()
        };
        let clear = Query::delete()
            .from_table("ab_user_role")
            .and_where(Expr::col("user_id").in_subquery(ours()))
            .to_owned();
        let roles = Query::select()
            .column(("ab_user", "id"))
            .column(("ab_role", "id"))
            .from("ab_user")
            .from("ab_role")
            .and_where(Expr::col(("ab_user", "id")).in_subquery(ours()))
            .and_where(Expr::col(("ab_role", "name")).is_in(new.roles.iter().map(String::as_str)))
            .to_owned();
        let mut grant = Query::insert();
        grant
            .into_table("ab_user_role")
            .columns(["user_id", "role_id"])
            .select_from(roles)
            .expect("two columns are selected for two");
        let step = |statement| Step {
            statement,
            must_change: false,
        };
        self.metastore
            .pool()
            .execute_all(OPERATION, &[step(&insert), step(&clear), step(&grant)])
            .await
            .map(drop)
    }
}
