use sea_query::{Expr, ExprTrait, Order, Query};
use tidegate_types::{ExposeSecret, SecretString};

use crate::access::databases_seen;
use crate::listing::{
    Column, ColumnKind, Entity, Filter, Found, ListQuery, Page, Scalar, fetch_page, find,
};
use crate::secret::{decrypt, with_password};
use crate::{Access, Metastore, MetastoreError};

use ColumnKind::{Flag, Integer, Text, Time, Uuid};

/// The columns of `dbs`, in the order in which Superset shows them, and after them the connection's
/// masked URI, which answers never show.
pub static DATABASE_COLUMNS: [Column; 23] = [
    Column::optional("uuid", Uuid),
    Column::required("created_on", Time),
    Column::required("changed_on", Time),
    Column::required("id", Integer),
    Column::optional("verbose_name", Text),
    Column::required("database_name", Text),
    Column::optional("cache_timeout", Integer),
    Column::optional("select_as_create_table_as", Flag),
    Column::optional("expose_in_sqllab", Flag),
    Column::optional("configuration_method", Text),
    Column::optional("allow_run_async", Flag),
    Column::required("allow_file_upload", Flag),
    Column::optional("allow_ctas", Flag),
    Column::optional("allow_cvas", Flag),
    Column::optional("allow_dml", Flag),
    Column::optional("force_ctas_schema", Text),
    Column::optional("extra", Text),
    Column::optional("impersonate_user", Flag),
    Column::required("is_managed_externally", Flag),
    Column::optional("external_url", Text),
    Column::optional("created_by_fk", Integer),
    Column::optional("changed_by_fk", Integer),
    Column::required("sqlalchemy_uri", Text),
];

/// The columns that a search looks into.
pub const DATABASE_SEARCHED: &[&str] = &["database_name"];

pub(crate) static DATABASES: Entity = Entity {
    table: "dbs",
    operation: "read databases",
    columns: &DATABASE_COLUMNS,
    searched: DATABASE_SEARCHED,
    owners: None,
    tagged_as: None,
    starred_as: None,
    join: |_| {},
    seen: databases_seen,
};

/// What an engine needs to connect.
#[derive(Debug, Clone)]
pub struct DatabaseConnection {
    /// `dbs.id`.
    pub id: i64,
    /// `dbs.database_name`.
    pub database_name: String,
    /// The SQLAlchemy URI with the password put in, such as `postgresql+psycopg2://user:pw@host:5432/db`.
    pub uri: SecretString,
    /// Whether statements that change data may run.
    pub allow_dml: bool,
    /// Whether SQL may be run on it at all.
    pub expose_in_sqllab: bool,
    /// Whether connections are made in the name of the user who asks.
    pub impersonate_user: bool,
    /// `dbs.extra`: JSON of further settings.
    pub extra: Option<String>,
    /// `dbs.server_cert`: authorities by which the server is verified, in PEM.
    pub server_certificate: Option<String>,
    /// `dbs.changed_on`: when it moves, engines must connect anew.
    pub changed_on: Option<chrono::NaiveDateTime>,
}

/// What became of reading the stored passwords with the workspace's secret key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPasswords {
    /// How many can be read, of those that were tried.
    pub readable: usize,
    /// The names of databases whose password cannot, of those that were tried.
    pub unreadable: Vec<String>,
    /// Whether there is a key at all.
    pub has_key: bool,
}

/// Stored passwords that are tried at the most.
const MAX_TRIED: u64 = 50;

/// The database repository. Every call but [`connection`](Self::connection) shows only databases that
/// are open to the user or hold something that is.
#[derive(Clone, Copy)]
pub struct Databases<'a> {
    pub(crate) metastore: &'a Metastore,
}

/// The dialect of a SQLAlchemy URI: `postgresql` of `postgresql+psycopg2://…`.
pub fn dialect_of(uri: &str) -> &str {
    let scheme = scheme_of(uri);
    scheme
        .split_once('+')
        .map_or(scheme, |(dialect, _)| dialect)
}

/// Dialect and driver of a SQLAlchemy URI: `postgresql+psycopg2` of `postgresql+psycopg2://…`.
pub fn scheme_of(uri: &str) -> &str {
    uri.split_once("://").map_or("", |(scheme, _)| scheme)
}

impl Databases<'_> {
    /// A page of databases. One statement, and one more for people.
    pub async fn list(&self, access: &Access, query: &ListQuery) -> Result<Page, MetastoreError> {
        fetch_page(self.metastore.pool(), &DATABASES, access, query).await
    }

    /// The database of that id, with people. Two statements.
    pub async fn by_id(&self, access: &Access, id: i64) -> Result<Option<Found>, MetastoreError> {
        find(
            self.metastore.pool(),
            &DATABASES,
            access,
            "id",
            Filter::Equal(Scalar::Integer(id)),
        )
        .await
    }

    /// The database of that UUID, likewise.
    pub async fn by_uuid(
        &self,
        access: &Access,
        uuid: uuid::Uuid,
    ) -> Result<Option<Found>, MetastoreError> {
        find(
            self.metastore.pool(),
            &DATABASES,
            access,
            "uuid",
            Filter::Equal(Scalar::Text(uuid.to_string())),
        )
        .await
    }

    /// Tries the workspace's secret key on stored passwords, as nothing else does before the first query needs one. One
    /// statement.
    pub async fn stored_passwords(&self) -> Result<StoredPasswords, MetastoreError> {
        let statement = Query::select()
            .columns(["database_name", "password"])
            .from("dbs")
            .and_where(Expr::col("password").is_not_null())
            .order_by("id", Order::Asc)
            .limit(MAX_TRIED)
            .to_owned();
        let rows = self
            .metastore
            .pool()
            .fetch("try the secret key on stored passwords", &statement)
            .await?;
        let key = self.metastore.secret_key();
        let mut found = StoredPasswords {
            readable: 0,
            unreadable: Vec::new(),
            has_key: key.is_some(),
        };
        for row in rows {
            let Some(stored) = row.bytes(1)?.filter(|stored| !stored.is_empty()) else {
                continue;
            };
            if key.is_some_and(|key| decrypt(key, &stored).is_ok()) {
                found.readable += 1;
            } else {
                found.unreadable.push(row.text_or_empty(0)?);
            }
        }
        Ok(found)
    }

    /// How to connect to a database. Rights are not looked at: the caller has settled what of the
    /// database is open. One statement.
    ///
    /// # Errors
    /// `Corrupt`: the stored password cannot be decrypted with the workspace's `SECRET_KEY`.
    pub async fn connection(&self, id: i64) -> Result<Option<DatabaseConnection>, MetastoreError> {
        const OPERATION: &str = "read how to connect to a database";
        let statement = Query::select()
            .columns([
                "id",
                "database_name",
                "sqlalchemy_uri",
                "password",
                "allow_dml",
                "expose_in_sqllab",
                "impersonate_user",
                "extra",
                "changed_on",
                "server_cert",
            ])
            .from("dbs")
            .and_where(Expr::col("id").eq(id))
            .to_owned();
        let Some(row) = self
            .metastore
            .pool()
            .fetch_one(OPERATION, &statement)
            .await?
        else {
            return Ok(None);
        };
        let database_name = row.text_or_empty(1)?;
        let corrupt = |reason: String| MetastoreError::Corrupt {
            operation: OPERATION,
            reason,
        };
        let decrypted = |column: usize,
                         what: &str|
         -> Result<Option<SecretString>, MetastoreError> {
            let Some(stored) = row.bytes(column)?.filter(|bytes| !bytes.is_empty()) else {
                return Ok(None);
            };
            let Some(key) = self.metastore.secret_key() else {
                return Err(corrupt(format!(
                    "the {what} of {database_name:?} is encrypted, and the workspace has no secret key set"
                )));
            };
            let decrypted = decrypt(key, &stored);
            decrypted
                .map(Some)
                .map_err(|err| corrupt(format!("the {what} of {database_name:?}: {err}")))
        };
        let password = decrypted(3, "password")?;
        let certificate = decrypted(9, "server certificate")?;
        let uri = with_password(&row.text_or_empty(2)?, password.as_ref());
        Ok(Some(DatabaseConnection {
            id: row.id(0)?,
            database_name,
            uri,
            allow_dml: row.flag(4)?.unwrap_or(false),
            expose_in_sqllab: row.flag(5)?.unwrap_or(false),
            impersonate_user: row.flag(6)?.unwrap_or(false),
            extra: row.text(7)?,
            changed_on: row.time(8)?,
            server_certificate: certificate.map(|pem| pem.expose_secret().to_owned()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_is_read_without_its_driver() {
        assert_eq!("postgresql", dialect_of("postgresql+psycopg2://u:p@h/db"));
        assert_eq!("sqlite", dialect_of("sqlite:////data/sample.db"));
        assert_eq!("", dialect_of("nonsense"));
    }
}
