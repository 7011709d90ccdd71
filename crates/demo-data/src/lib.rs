#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod business;
mod cell;
mod content;
mod embedded;
mod error;
mod postgres;
mod rng;
mod sink;
#[cfg(test)]
mod tests;

pub use embedded::{Embedded, create_embedded};
pub use error::SeedError;
pub use postgres::{PostgresTarget, Seeded, seed_postgres};

use cell::{Row, Table};

/// Version of the sample business. It goes up when a row of it changes, so that two versions are never mixed.
const VERSION: u64 = 1;

/// `alembic_version`'s only row.
fn revision_row() -> (Table, Row) {
    (
        Table {
            name: "alembic_version",
            columns: &["version_num"],
        },
        vec![tidegate_metastore::schema::REVISION.into()],
    )
}

/// Runs what blocks off the caller's thread.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SeedError> + Send + 'static,
) -> Result<T, SeedError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(err) => match err.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // A started blocking task is never cancelled, so the runtime ends and nobody waits for this.
            Err(_) => std::future::pending().await,
        },
    }
}
