//! The sample business in PostgreSQL: what several nodes share.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tidegate_database_uri::{DatabaseUri, PostgresUri};
use tidegate_postgres::{Connected, Connector, Socket};
use tidegate_types::{Clock, ExposeSecret, SecretString};
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_postgres::types::FromSql;
use url::Url;

use super::business::{self, Business};
use super::content::{self, Content, DataLocation};
use super::sink::{Sink, Source};
use super::{SeedError, in_background, revision_row};

/// How long one database may take, waiting for another replica included.
const DEADLINE: Duration = Duration::from_mins(3);
/// How long connecting may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(15);
/// `pg_advisory_xact_lock` of those who seed a database: "tidegate" in ASCII.
const LOCK: i64 = 0x7469_6465_6761_7465;
/// Marks tables of ours: `COMMENT ON TABLE orders`.
const MARK: &str = "tidegate sample business, version";
const MARK_OF_ORDERS: &str = "SELECT obj_description(to_regclass('orders'), 'pg_class')";
const REVISION: &str = "SELECT version_num FROM alembic_version";

/// Where the sample business goes. Two databases of one server, or of two.
#[derive(Debug)]
pub struct PostgresTarget<'a> {
    /// `postgresql://user:password@host:port/database` of the metastore.
    pub metastore_url: &'a SecretString,
    /// The same of the sample data. The metastore will name it, with the password encrypted.
    pub data_url: &'a SecretString,
    /// The workspace's `SECRET_KEY`, as its Superset has it.
    pub secret_key: &'a SecretString,
}

/// What [`seed_postgres`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeded {
    /// The metastore was empty and is filled now; otherwise it held the same seed already.
    pub metastore_was_filled: bool,
    /// Likewise the data.
    pub data_was_filled: bool,
}

/// Fills an empty metadata database and an empty data database with the sample business.
///
/// Each is filled in one transaction under an advisory lock, the data first, so that a metastore never
/// names data that are not there. Replicas that do it at once wait for one another, and those that come
/// later find the work done. A database that has the tables of Superset 6.1 and no rows in them counts as empty.
///
/// # Errors
/// `NotEmpty`: a database holds something else; nothing is changed in it. `Setting`: a URL or the key cannot
/// be used. `Database`: the server refused a statement or went away; safe to try again.
pub async fn seed_postgres(
    target: &PostgresTarget<'_>,
    clock: &dyn Clock,
) -> Result<Seeded, SeedError> {
    let now = clock.now();
    let metastore = server("metastore", target.metastore_url)?;
    let data = server("data", target.data_url)?;
    if (&metastore.targets, &metastore.database) == (&data.targets, &data.database) {
        let reason =
            "the metastore and the data need a database each, and both URLs name the same one"
                .into();
        return Err(SeedError::Setting { reason });
    }
    let place = place(target.data_url, target.secret_key)?;
    let data_was_filled = in_time("fill the data database", fill_data(data)).await?;
    let metastore_was_filled = in_time(
        "fill the metadata database",
        fill_metastore(metastore, &place, now),
    )
    .await?;
    Ok(Seeded {
        metastore_was_filled,
        data_was_filled,
    })
}

async fn in_time<T>(
    operation: &'static str,
    work: impl Future<Output = Result<T, SeedError>>,
) -> Result<T, SeedError> {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(result) => result,
        Err(_) => Err(SeedError::Database {
            operation,
            source: "it took too long".into(),
        }),
    }
}

fn server(role: &str, url: &SecretString) -> Result<PostgresUri, SeedError> {
    match DatabaseUri::parse(url) {
        Ok(DatabaseUri::PostgreSql(uri)) => Ok(*uri),
        Ok(DatabaseUri::Sqlite(_)) => Err(bad_url(role)),
        Err(err) => Err(SeedError::Setting {
            reason: format!("the {role} URL cannot be used: {err}"),
        }),
    }
}

/// A connection of our own.
struct Session {
    client: Client,
    connection: JoinHandle<()>,
}

impl Session {
    /// Ends it, so that whoever copies the database next finds nobody in it.
    async fn close(self) {
        drop(self.client);
        // An error is a panic of the driver, after which there is no connection either.
        let _ = self.connection.await;
    }
}

async fn connect(uri: PostgresUri, failed: &'static str) -> Result<Session, SeedError> {
    let connector = Connector::new(uri, CONNECT_DEADLINE).map_err(SeedError::database(failed))?;
    let plain: &(dyn Fn(Socket) -> Socket + Sync) = &|socket| socket;
    let connected = connector.connect(&plain).await;
    let Connected {
        client, connection, ..
    } = connected.map_err(SeedError::database(failed))?;
    let connection = tokio::spawn(async move {
        if let Err(err) = connection.await {
            tracing::debug!(error = %tidegate_postgres::words(&err), "a database connection ended");
        }
    });
    Ok(Session { client, connection })
}

/// Begins the one transaction, and waits in it for those who seed the same database. The lock goes with it. The limits
/// are the transaction's own, so that they mean something behind a pooler too.
async fn begin(client: &Client) -> Result<(), Source> {
    let millis = DEADLINE.as_millis();
    let begin = format!(
        "BEGIN; SET LOCAL statement_timeout = {millis}; SET LOCAL lock_timeout = {millis}; \
         SELECT pg_advisory_xact_lock({LOCK})"
    );
    Ok(client.batch_execute(&begin).await?)
}

fn bad_url(role: &str) -> SeedError {
    let reason =
        format!("the {role} URL is not of the form postgresql://user:password@host:port/database");
    SeedError::Setting { reason }
}

/// How the metastore will name the data.
fn place(data_url: &SecretString, secret_key: &SecretString) -> Result<DataLocation, SeedError> {
    let url = Url::parse(data_url.expose_secret()).map_err(|_| bad_url("data"))?;
    let catalog = decoded(url.path().trim_start_matches('/'));
    let Some(host) = url
        .host_str()
        .filter(|host| !host.is_empty() && !catalog.is_empty())
    else {
        return Err(bad_url("data"));
    };
    let password = url
        .password()
        .map(|password| SecretString::from(decoded(password)));
    let encrypted = password
        .map(|password| tidegate_metastore::secret::encrypt(secret_key, &password))
        .transpose()
        .map_err(|_| SeedError::Setting {
            reason:
                "the data URL's password cannot be stored as Superset does: it must not end in *"
                    .into(),
        })?;
    let user = match (url.username(), &encrypted) {
        ("", _) => String::new(),
        (user, None) => format!("{user}@"),
        (user, Some(_)) => format!("{user}:XXXXXXXXXX@"),
    };
    let query = url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let port = url.port().unwrap_or(5432);
    Ok(DataLocation {
        uri: format!(
            "postgresql+psycopg2://{user}{host}:{port}{}{query}",
            url.path()
        ),
        password: encrypted,
        schema: "public",
        catalog: Some(catalog),
    })
}

/// Undoes percent-encoding (RFC 3986 §2.1).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code
            .filter(|code| *first == b'%' && code.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        if let Some(byte) = code {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a database holds before it is filled.
enum Found {
    Nothing,
    /// The tables, without rows.
    EmptyTables,
    SameSeed,
    Other(String),
}

/// Fills the data database. Whether there was something to do.
async fn fill_data(uri: PostgresUri) -> Result<bool, SeedError> {
    let session = connect(uri, "reach the data database").await?;
    let filled = fill_data_by(&session.client).await;
    session.close().await;
    filled
}

async fn fill_data_by(client: &Client) -> Result<bool, SeedError> {
    const FAILED: &str = "fill the data database";
    begin(client).await.map_err(SeedError::database(FAILED))?;
    match look_at_data(client)
        .await
        .map_err(SeedError::database(FAILED))?
    {
        Found::SameSeed => return Ok(false),
        Found::Other(found) => {
            return Err(SeedError::NotEmpty {
                role: "data",
                found,
            });
        }
        Found::Nothing | Found::EmptyTables => {}
    }
    let business = in_background(|| Ok(Business::generate())).await?;
    write_data(client, &business)
        .await
        .map_err(SeedError::database(FAILED))?;
    let committed = client.batch_execute("COMMIT").await;
    committed.map_err(SeedError::database(FAILED))?;
    Ok(true)
}

async fn write_data(mut client: &Client, business: &Business) -> Result<(), Source> {
    client.script(business::SCHEMA).await?;
    for (table, mut rows) in business.tables() {
        client.insert(table, &mut *rows).await?;
    }
    client.script(business::INDEXES).await?;
    let comment = format!("COMMENT ON TABLE orders IS '{MARK} {}'", super::VERSION);
    Ok(client.batch_execute(&comment).await?)
}

/// Tables and views outside of the server's own schemas, those of extensions left out.
const OWN_TABLES: &str = "\
SELECT c.relname::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1 LIMIT 200";

async fn own_tables(client: &Client) -> Result<Vec<String>, Source> {
    let rows = client.query_typed(OWN_TABLES, &[]).await?;
    Ok(rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?)
}

/// The only value of the first row, if there is one.
async fn first<T: for<'a> FromSql<'a>>(client: &Client, sql: &str) -> Result<Option<T>, Source> {
    let rows = client.query_typed(sql, &[]).await?;
    Ok(match rows.first() {
        Some(row) => row.try_get(0)?,
        None => None,
    })
}

async fn look_at_data(client: &Client) -> Result<Found, Source> {
    let tables = own_tables(client).await?;
    if tables.is_empty() {
        return Ok(Found::Nothing);
    }
    let mark: Option<String> = first(client, MARK_OF_ORDERS).await?;
    if mark.as_deref() == Some(format!("{MARK} {}", super::VERSION).as_str()) {
        return Ok(Found::SameSeed);
    }
    Ok(Found::Other(
        match mark.filter(|mark| mark.starts_with(MARK)) {
            Some(_) => "the sample business of another version of Tidegate".to_owned(),
            None => some_of(&tables),
        },
    ))
}

/// At most three names, for a message.
fn some_of(tables: &[String]) -> String {
    let names = tables
        .iter()
        .take(3)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match tables.len() {
        0..=3 => format!("tables {names}"),
        more => format!("tables {names} and {} more", more - 3),
    }
}

/// Fills the metastore. Whether there was something to do.
async fn fill_metastore(
    uri: PostgresUri,
    place: &DataLocation,
    now: DateTime<Utc>,
) -> Result<bool, SeedError> {
    let session = connect(uri, "reach the metadata database").await?;
    let filled = fill_metastore_by(&session.client, Content::build(place, now)).await;
    session.close().await;
    filled
}

async fn fill_metastore_by(client: &Client, content: Content) -> Result<bool, SeedError> {
    const FAILED: &str = "fill the metadata database";
    begin(client).await.map_err(SeedError::database(FAILED))?;
    let has_tables = match look_at_metastore(client, &content)
        .await
        .map_err(SeedError::database(FAILED))?
    {
        Found::SameSeed => return Ok(false),
        Found::Other(found) => {
            return Err(SeedError::NotEmpty {
                role: "metadata",
                found,
            });
        }
        Found::Nothing => false,
        Found::EmptyTables => true,
    };
    write_metastore(client, content, has_tables)
        .await
        .map_err(SeedError::database(FAILED))?;
    let committed = client.batch_execute("COMMIT").await;
    committed.map_err(SeedError::database(FAILED))?;
    Ok(true)
}

async fn write_metastore(
    mut client: &Client,
    content: Content,
    has_tables: bool,
) -> Result<(), Source> {
    if !has_tables {
        client
            .script(tidegate_metastore::schema::POSTGRES_TABLES)
            .await?;
        let (table, row) = revision_row();
        client.insert(table, &mut std::iter::once(row)).await?;
    }
    for (table, rows) in content.tables {
        client.insert(table, &mut rows.into_iter()).await?;
        // Rows were given their ids, so the sequences that number later ones have to be moved behind them.
        let name = table.name;
        let sql = format!(
            "SELECT setval('{name}_id_seq', GREATEST((SELECT max(id) FROM \"{name}\"), 1))"
        );
        client.batch_execute(&sql).await?;
    }
    Ok(())
}

async fn look_at_metastore(client: &Client, content: &Content) -> Result<Found, Source> {
    let tables = own_tables(client).await?;
    if tables.is_empty() {
        return Ok(Found::Nothing);
    }
    let has = |name: &str| tables.iter().any(|table| table == name);
    if !has("alembic_version") || content.tables.iter().any(|(table, _)| !has(table.name)) {
        return Ok(Found::Other(some_of(&tables)));
    }
    let revision: Option<String> = first(client, REVISION).await?;
    if revision.as_deref() != Some(tidegate_metastore::schema::REVISION) {
        return Ok(Found::Other(
            "a metastore of another revision than Superset 6.1's".to_owned(),
        ));
    }
    let is_ours = format!(
        "SELECT EXISTS (SELECT 1 FROM dbs WHERE uuid = '{}')",
        content::database_uuid()
    );
    if first(client, &is_ours).await? == Some(true) {
        return Ok(Found::SameSeed);
    }
    for (table, _) in &content.tables {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{}\")", table.name);
        if first(client, &sql).await? == Some(true) {
            return Ok(Found::Other(format!(
                "a metastore with rows in {}",
                table.name
            )));
        }
    }
    Ok(Found::EmptyTables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn the_uri_of_the_data_hides_the_password_and_keeps_the_rest() {
        let place = place(
            &secret("postgres://ann:p%40ss@db.example.com/shop?sslmode=require"),
            &secret("key"),
        )
        .unwrap();
        assert_eq!(
            "postgresql+psycopg2://ann:XXXXXXXXXX@db.example.com:5432/shop?sslmode=require",
            place.uri
        );
        let stored =
            tidegate_metastore::secret::decrypt(&secret("key"), &place.password.unwrap()).unwrap();
        assert_eq!("p@ss", stored.expose_secret());
        assert_eq!(Some("shop"), place.catalog.as_deref());
    }

    #[test]
    fn a_url_that_names_no_database_is_refused_without_showing_the_password() {
        for url in [
            "postgres://ann:hunter2@db.example.com/",
            "hunter2",
            "postgres:///shop",
        ] {
            let err = place(&secret(url), &secret("key")).unwrap_err();
            assert!(!err.to_string().contains("hunter2"), "{err}");
        }
    }
}
