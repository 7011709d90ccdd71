use sea_query::{Expr, ExprTrait, Order, Query};
use tidegate_database::row;
use tidegate_types::{EntityKind, ExposeSecret, SecretString};

use crate::secret::{decrypt, with_password};
use crate::table::{Entity, Storage, table};
use crate::{MetastoreError, Repository};

table! {
    /// A database: a row of `dbs`. Of how to connect it holds the masked URI, which answers never show.
    pub struct Database in "dbs" {
        uuid: Uuid | null, "UUID that identifies it, the same in every environment";
        created_on: Time | null, "When it was created, UTC", sort(9) filled();
        changed_on: Time | null, "When it was changed last, UTC", list(8) sort(8) filled();
        id: Integer, "Whole number that identifies it", list(0) sort(0);
        verbose_name: Text | null, "Name for people";
        database_name: Text, "Name of the database connection", list(1) sort(1) search(1) filter(1);
        cache_timeout: Integer | null, "Seconds that its data may be cached";
        select_as_create_table_as: Flag | null, "";
        expose_in_sqllab: Flag | null, "Whether users may run SQL on it", list(3) filter(1);
        configuration_method: Text | null, "How the connection was set up";
        allow_run_async: Flag | null, "Whether queries run in the background";
        allow_file_upload: Flag, "Whether files may be uploaded to it", filter(1);
        allow_ctas: Flag | null, "Whether results may be stored as tables";
        allow_cvas: Flag | null, "Whether queries may be stored as views";
        allow_dml: Flag | null, "Whether statements may change data";
        force_ctas_schema: Text | null, "Schema that stored results go to";
        extra: Text | null, "Further settings as JSON", json();
        impersonate_user: Flag | null, "Whether it is asked in the name of the user";
        is_managed_externally: Flag, "Whether another system manages it";
        external_url: Text | null, "Where that other system shows it";
        created_by_fk: Integer | null, "Id of the user who created it", filter(1);
        changed_by_fk: Integer | null, "Id of the user who changed it last", filter(1);
        sqlalchemy_uri: Text, "How to connect, without the password", hidden();
    }
}

impl Entity for Database {
    const KIND: EntityKind = EntityKind::Database;
    const PLURAL: &'static str = "databases";
    const STORAGE: Storage = Storage {
        operation: "read databases",
        tagged_as: None,
        starred_as: None,
        view: "Database",
        join: |_| {},
    };
    type Parts = ();
}

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

row! {
    struct ConnectionRow {
        id: i64 = dbs.id,
        database_name: String = dbs.database_name,
        sqlalchemy_uri: String = dbs.sqlalchemy_uri,
        password: Option<Vec<u8>> = dbs.password,
        allow_dml: Option<bool> = dbs.allow_dml,
        expose_in_sqllab: Option<bool> = dbs.expose_in_sqllab,
        impersonate_user: Option<bool> = dbs.impersonate_user,
        extra: Option<String> = dbs.extra,
        changed_on: Option<chrono::NaiveDateTime> = dbs.changed_on,
        server_cert: Option<Vec<u8>> = dbs.server_cert,
    }
}

row! {
    struct PasswordRow {
        database_name: String = dbs.database_name,
        password: Option<Vec<u8>> = dbs.password,
    }
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

impl Repository<'_, Database> {
    /// Tries the workspace's secret key on stored passwords, as nothing else does before the first query needs one. One
    /// statement.
    pub async fn stored_passwords(&self) -> Result<StoredPasswords, MetastoreError> {
        let statement = PasswordRow::select(&mut Query::select())
            .from("dbs")
            .and_where(Expr::col("password").is_not_null())
            .order_by("id", Order::Asc)
            .limit(MAX_TRIED)
            .to_owned();
        let operation = "try the secret key on stored passwords";
        let rows: Vec<PasswordRow> = self.pool().read(operation, &statement).await?;
        let key = self.metastore().secret_key();
        let mut found = StoredPasswords {
            readable: 0,
            unreadable: Vec::new(),
            has_key: key.is_some(),
        };
        for row in rows {
            let Some(stored) = row.password.filter(|stored| !stored.is_empty()) else {
                continue;
            };
            if key.is_some_and(|key| decrypt(key, &stored).is_ok()) {
                found.readable += 1;
            } else {
                found.unreadable.push(row.database_name);
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
        let statement = ConnectionRow::select(&mut Query::select())
            .from("dbs")
            .and_where(Expr::col("id").eq(id))
            .to_owned();
        let Some(row) = self
            .pool()
            .read_one::<ConnectionRow>(OPERATION, &statement)
            .await?
        else {
            return Ok(None);
        };
        let database_name = row.database_name;
        let corrupt = |reason: String| MetastoreError::Corrupt {
            operation: OPERATION,
            reason,
        };
        let decrypted = |stored: Option<Vec<u8>>,
                         what: &str|
         -> Result<Option<SecretString>, MetastoreError> {
            let Some(stored) = stored.filter(|bytes| !bytes.is_empty()) else {
                return Ok(None);
            };
            let Some(key) = self.metastore().secret_key() else {
                return Err(corrupt(format!(
                    "the {what} of {database_name:?} is encrypted, and the workspace has no secret key set"
                )));
            };
            let decrypted = decrypt(key, &stored);
            decrypted
                .map(Some)
                .map_err(|err| corrupt(format!("the {what} of {database_name:?}: {err}")))
        };
        let password = decrypted(row.password, "password")?;
        let certificate = decrypted(row.server_cert, "server certificate")?;
        let uri = with_password(&row.sqlalchemy_uri, password.as_ref());
        Ok(Some(DatabaseConnection {
            id: row.id,
            database_name,
            uri,
            allow_dml: row.allow_dml.unwrap_or(false),
            expose_in_sqllab: row.expose_in_sqllab.unwrap_or(false),
            impersonate_user: row.impersonate_user.unwrap_or(false),
            extra: row.extra,
            changed_on: row.changed_on,
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
