//! Connections to a SQLite file that others open at the same moment.

use std::time::Duration;

use sqlx::SqlitePool;
use tokio::time::{Instant, sleep};

/// How long to leave the file to the others before it is asked for again.
const PAUSE: Duration = Duration::from_millis(10);

/// Opens the first connection to the file.
///
/// One that turns the write-ahead log on, or mends a log that a crash left, needs the file for itself. SQLite has read by
/// then, and does not wait with what it has read (its busy time-out does not count): of several that do so at once all but
/// one are told "busy". Nothing was done then, so it is tried again while a call may wait for a connection. Later
/// connections find the log in order.
pub(crate) async fn open(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + pool.options().get_acquire_timeout();
    loop {
        match pool.acquire().await {
            Err(err) if is_busy(&err) && Instant::now() < deadline => sleep(PAUSE).await,
            done => return done.map(drop),
        }
    }
}

fn is_busy(err: &sqlx::Error) -> bool {
    primary_code(err) == Some(5)
}

/// What SQLite's error is, without the kind of it: the last byte of the extended code.
pub(crate) fn primary_code(err: &sqlx::Error) -> Option<u32> {
    let code = err.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

#[cfg(test)]
mod tests {
    use crate::{Pool, PoolSettings};

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_that_open_an_empty_file_at_once_all_come_up() {
        for round in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("ours.sqlite");
            let starts: Vec<_> = (0..12)
                .map(|_| {
                    let path = path.clone();
                    tokio::spawn(async move {
                        let pool = Pool::sqlite_owned(&path, PoolSettings::default());
                        pool.begin("start").await?.commit().await
                    })
                })
                .collect();
            for start in starts {
                start
                    .await
                    .unwrap()
                    .unwrap_or_else(|err| panic!("round {round}: {err:?}"));
            }
        }
    }
}
