use chrono::NaiveDateTime;
use sea_query::{Expr, ExprTrait, Query, SelectStatement};
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

/// The user repository. Each call is one statement.
#[derive(Clone, Copy)]
pub struct Users<'a> {
    pub(crate) metastore: &'a Metastore,
}

fn select() -> SelectStatement {
    Query::select()
        .columns(["id", "username", "first_name", "last_name", "email"])
        .from("ab_user")
        .and_where(Expr::col("active").eq(true))
        .to_owned()
}

/// Reads the five columns of a user.
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
