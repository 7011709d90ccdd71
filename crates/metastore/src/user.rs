use chrono::NaiveDateTime;
use sea_query::{Cond, Expr, ExprTrait, Func, Query, SelectStatement};
use tidegate_types::UserId;

use crate::{Metastore, MetastoreError};
use tidegate_database::{Pool, Row};

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

/// What [`read`] reads, in this order.
pub(crate) const COLUMNS: [&str; 5] = ["id", "username", "first_name", "last_name", "email"];

fn select() -> SelectStatement {
    Query::select()
        .columns(COLUMNS)
        .from("ab_user")
        .and_where(Expr::col("active").eq(true))
        .to_owned()
}

/// Reads the first columns of a row, which are [`COLUMNS`].
pub(crate) fn read(row: &Row) -> Result<User, MetastoreError> {
    Ok(User {
        id: UserId(row.id(0)?),
        username: row.text_or_empty(1)?,
        first_name: row.text_or_empty(2)?,
        last_name: row.text_or_empty(3)?,
        email: row.text_or_empty(4)?,
    })
}

async fn first(pool: &Pool, statement: &SelectStatement) -> Result<Option<User>, MetastoreError> {
    pool.fetch_one("find a user", statement)
        .await?
        .as_ref()
        .map(read)
        .transpose()
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
        let statement = Query::select()
            .columns(COLUMNS)
            .column("active")
            .from("ab_user")
            .cond_where(by)
            .limit(MOST)
            .to_owned();
        let rows = self
            .metastore
            .pool()
            .fetch("find a user by a name or an address", &statement)
            .await?;
        let mut found = None;
        for row in &rows {
            let user = read(row)?;
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
            found = Some((user, row.flag(5)?.unwrap_or(false)));
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
