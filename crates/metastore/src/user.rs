use chrono::NaiveDateTime;
use sea_query::{Cond, Expr, ExprTrait, Func, Query, SelectStatement};
use tidegate_types::UserId;

use crate::{Metastore, MetastoreError};
use tidegate_database::{Pool, row};

/// An account in the metastore that may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `ab_user.id`.
    pub id: UserId,
    /// `ab_user.username`.
    pub username: String,
    /// `ab_user.first_name`.
    pub first_name: String,
    /// `ab_user.last_name`.
    pub last_name: String,
    /// `ab_user.email`.
    pub email: String,
}

impl User {
    #[cfg(test)]
    pub(crate) fn for_tests(id: i64, username: &str) -> Self {
        Self {
            id: UserId(id),
            username: username.into(),
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
        }
    }
}

/// Who is looked for by a text that somebody else gives, an identity provider for instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserQuery<'a> {
    /// A user name, or an address.
    pub text: &'a str,
    /// Whether it may be an address (`ab_user.email`), which is compared as it stands, as in Superset.
    pub may_be_address: bool,
    /// Whether user names are compared without regard to the case of ASCII letters, as Superset's own sign-in does
    /// (`AUTH_USERNAME_CI`). Other letters are compared as they stand: databases disagree about their case.
    pub ignores_case: bool,
}

/// Who was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundUser {
    /// One active user.
    One(User),
    /// Nobody goes by it.
    Nobody,
    /// One user, who may not sign in.
    Inactive,
    /// More than one user, active or not: it cannot be said which is meant.
    Several,
}

/// The user repository. Each call is one statement.
#[derive(Clone, Copy)]
pub struct Users<'a> {
    pub(crate) metastore: &'a Metastore,
}

row! {
    pub(crate) struct UserRow {
        id: i64 = ab_user.id,
        username: String = ab_user.username,
        first_name: String = ab_user.first_name,
        last_name: String = ab_user.last_name,
        email: String = ab_user.email,
        pub(crate) active: Option<bool> = ab_user.active,
    }
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId(row.id),
            username: row.username,
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
        }
    }
}

fn select() -> SelectStatement {
    UserRow::select(&mut Query::select())
        .from("ab_user")
        .and_where(Expr::col("active").eq(true))
        .to_owned()
}

async fn first(pool: &Pool, statement: &SelectStatement) -> Result<Option<User>, MetastoreError> {
    let row: Option<UserRow> = pool.read_one("find a user", statement).await?;
    Ok(row.map(Into::into))
}

impl Users<'_> {
    /// The active user of that id.
    pub async fn by_id(&self, id: UserId) -> Result<Option<User>, MetastoreError> {
        first(
            self.metastore.pool(),
            select().and_where(Expr::col("id").eq(id.0)),
        )
        .await
    }

    /// The active user of that name; case counts, as in Superset.
    pub async fn by_username(&self, username: &str) -> Result<Option<User>, MetastoreError> {
        first(
            self.metastore.pool(),
            select().and_where(Expr::col("username").eq(username)),
        )
        .await
    }

    /// The active user of that address; case counts, as in Superset.
    pub async fn by_email(&self, email: &str) -> Result<Option<User>, MetastoreError> {
        first(
            self.metastore.pool(),
            select().and_where(Expr::col("email").eq(email)),
        )
        .await
    }

    /// The one user who goes by a text, by their name or their address.
    pub async fn find(&self, query: UserQuery<'_>) -> Result<FoundUser, MetastoreError> {
        /// More than these are several, whoever they are.
        const MOST: u64 = 10;
        let text = query.text;
        let mut by = Cond::any().add(Expr::col("username").eq(text));
        if query.ignores_case {
            let lower = text.to_ascii_lowercase();
            by = by.add(Expr::expr(Func::lower(Expr::col("username"))).eq(lower));
        }
        if query.may_be_address {
            by = by.add(Expr::col("email").eq(text));
        }
        let statement = UserRow::select(&mut Query::select())
            .from("ab_user")
            .cond_where(by)
            .limit(MOST)
            .to_owned();
        let operation = "find a user by a name or an address";
        let rows: Vec<UserRow> = self.metastore.pool().read(operation, &statement).await?;
        let mut found = None;
        for row in rows {
            let is_active = row.active.unwrap_or(false);
            let user = User::from(row);
            // The database folds more letters than ASCII.
            let is_meant = user.username == text
                || (query.ignores_case && user.username.eq_ignore_ascii_case(text))
                || (query.may_be_address && user.email == text);
            if !is_meant {
                continue;
            }
            if found.is_some() {
                return Ok(FoundUser::Several);
            }
            found = Some((user, is_active));
        }
        Ok(match found {
            Some((user, true)) => FoundUser::One(user),
            Some((_, false)) => FoundUser::Inactive,
            None => FoundUser::Nobody,
        })
    }

    /// Notes a sign-in: `last_login` and the counters.
    pub async fn note_login(&self, id: UserId, at: NaiveDateTime) -> Result<(), MetastoreError> {
        let statement = Query::update()
            .table("ab_user")
            .value("last_login", at)
            .value("login_count", Expr::cust("COALESCE(login_count, 0) + 1"))
            .value("fail_login_count", 0)
            .and_where(Expr::col("id").eq(id.0))
            .to_owned();
        self.metastore
            .pool()
            .execute("note a sign-in", &statement)
            .await
            .map(drop)
    }
}
