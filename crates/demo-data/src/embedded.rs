//! The embedded workspace: two SQLite files, made whole or not at all.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tidegate_types::{Clock, WorkspaceSlug};

use super::business::{self, Business};
use super::content::{Content, DataLocation};
use super::sink::{Sink, Source};
use super::{SeedError, in_background, revision_row};

/// How long a start waits for another process that creates the same workspace.
const LOCK_DEADLINE: Duration = Duration::from_mins(1);
const LOCK_PAUSE: Duration = Duration::from_millis(25);

/// The files of an embedded workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// The metastore, in Superset's own schema.
    pub metastore: PathBuf,
    /// The sample data that the metastore's one database points to.
    pub sample: PathBuf,
    /// Whether this call made one of them.
    pub was_created: bool,
}

/// Makes sure that `<root>/<workspace>/metastore.sqlite` and `sample.sqlite` exist.
///
/// A file that exists is left as it is, whatever it holds. A missing one is written under another name,
/// synced and renamed, so that a crash on the way leaves nothing that a later start would take for whole.
/// Processes that start at once wait for one another. The metastore names the sample file by its absolute
/// path: after moving the folder, set the database's URI anew or delete both files.
///
/// Takes one to two seconds the first time (release build), and a few file look-ups later. The data end on
/// 2025-12-31 whatever `clock` says; `clock` gives the times of creation in the metastore.
///
/// # Errors
/// `File`, `Database`: the folder or a file cannot be written. `Busy`: another process holds the lock for a
/// minute. `Setting`: the folder's path is not UTF-8.
pub async fn create_embedded(
    root: &Path,
    workspace: &WorkspaceSlug,
    clock: &dyn Clock,
) -> Result<Embedded, SeedError> {
    let now = clock.now();
    let folder = root.join(workspace.as_str());
    if let Some(done) = existing(&folder) {
        return Ok(done);
    }
    let folder = in_background(move || {
        std::fs::create_dir_all(&folder).map_err(SeedError::file("create", &folder))?;
        folder
            .canonicalize()
            .map_err(SeedError::file("resolve", &folder))
    })
    .await?;
    let lock = lock(&folder).await?;
    // Another process may have finished while this one waited.
    let embedded = match existing(&folder) {
        Some(done) => done,
        None => create(&folder, now).await?,
    };
    drop(lock);
    Ok(embedded)
}

fn existing(folder: &Path) -> Option<Embedded> {
    let embedded = paths(folder, false);
    (embedded.metastore.is_file() && embedded.sample.is_file()).then_some(embedded)
}

fn paths(folder: &Path, was_created: bool) -> Embedded {
    Embedded {
        metastore: folder.join("metastore.sqlite"),
        sample: folder.join("sample.sqlite"),
        was_created,
    }
}

/// Takes the folder's lock; the operating system gives it back when the process ends, however it ends.
async fn lock(folder: &Path) -> Result<File, SeedError> {
    let path = folder.join(".seed.lock");
    let file = {
        let path = path.clone();
        in_background(move || File::create(&path).map_err(SeedError::file("create", &path))).await?
    };
    let taken = tokio::time::timeout(LOCK_DEADLINE, async {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
                Err(TryLockError::Error(source)) => {
                    return Err(SeedError::file("lock", &path)(source));
                }
            }
        }
    })
    .await;
    match taken {
        Ok(result) => result.map(|()| file),
        Err(_) => Err(SeedError::Busy {
            path: folder.to_owned(),
        }),
    }
}

async fn create(folder: &Path, now: DateTime<Utc>) -> Result<Embedded, SeedError> {
    let embedded = paths(folder, true);
    let Some(sample) = embedded.sample.to_str() else {
        let reason = format!(
            "the path {} is not UTF-8, so no database URI can name it",
            folder.display()
        );
        return Err(SeedError::Setting { reason });
    };
    // The absolute path's own slash makes the fourth.
    let place = DataLocation {
        uri: format!("sqlite:///{sample}"),
        password: None,
        schema: "main",
        catalog: None,
    };
    if !embedded.sample.exists() {
        let business = in_background(|| Ok(Business::generate())).await?;
        let draft = Draft::begin(&embedded.sample).await?;
        let mut connection = draft.connection;
        write_sample(&mut connection, &business)
            .await
            .map_err(SeedError::database("write the sample data"))?;
        finish(connection, draft.path, embedded.sample.clone()).await?;
    }
    if !embedded.metastore.exists() {
        let content = Content::build(&place, now);
        let draft = Draft::begin(&embedded.metastore).await?;
        let mut connection = draft.connection;
        write_metastore(&mut connection, content)
            .await
            .map_err(SeedError::database("write the metastore"))?;
        finish(connection, draft.path, embedded.metastore.clone()).await?;
    }
    Ok(embedded)
}

async fn write_sample(
    connection: &mut SqliteConnection,
    business: &Business,
) -> Result<(), Source> {
    let mut transaction = connection.begin().await?;
    transaction.script(business::SCHEMA).await?;
    for (table, mut rows) in business.tables() {
        transaction.insert(table, &mut *rows).await?;
    }
    transaction.script(business::INDEXES).await?;
    Ok(transaction.commit().await?)
}

async fn write_metastore(
    connection: &mut SqliteConnection,
    content: Content,
) -> Result<(), Source> {
    let mut transaction = connection.begin().await?;
    transaction
        .script(tidegate_metastore::schema::SQLITE_TABLES)
        .await?;
    let (table, row) = revision_row();
    transaction.insert(table, &mut std::iter::once(row)).await?;
    for (table, rows) in content.tables {
        transaction.insert(table, &mut rows.into_iter()).await?;
    }
    Ok(transaction.commit().await?)
}

/// A file that does not have its name yet.
struct Draft {
    connection: SqliteConnection,
    path: PathBuf,
}

impl Draft {
    async fn begin(target: &Path) -> Result<Self, SeedError> {
        let path = target.with_extension("sqlite.part");
        // What a crashed start left. The lock makes sure that nobody else writes there.
        match std::fs::remove_file(&path) {
            Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
                return Err(SeedError::file("remove", &path)(err));
            }
            _ => {}
        }
        let connection = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            // Nobody reads the draft, and after a crash it is thrown away.
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .foreign_keys(false)
            .pragma("cache_size", "-65536")
            .connect()
            .await
            .map_err(SeedError::database("create a SQLite file"))?;
        Ok(Self { connection, path })
    }
}

/// Closes the draft, makes sure that it is on the disk, and gives it its name.
async fn finish(
    connection: SqliteConnection,
    draft: PathBuf,
    target: PathBuf,
) -> Result<(), SeedError> {
    connection
        .close()
        .await
        .map_err(SeedError::database("close a SQLite file"))?;
    in_background(move || {
        File::open(&draft)
            .and_then(|file| file.sync_all())
            .map_err(SeedError::file("sync", &draft))?;
        std::fs::rename(&draft, &target).map_err(SeedError::file("rename", &draft))?;
        // The name is safe once the folder is.
        let folder = target.parent().unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|file| file.sync_all())
            .map_err(SeedError::file("sync", folder))
    })
    .await
}
