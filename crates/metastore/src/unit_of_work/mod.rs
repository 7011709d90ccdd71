//! Writes to the metastore: one transaction that knows whose it is.

mod error;
mod values;
mod writer;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDateTime;
use tidegate_database::Transaction;
use tidegate_types::{Clock, EntityKind, EntityRef, UserId};

pub use error::{CommitError, WriteError};
pub use values::Values;
pub use writer::Writer;

use crate::{Access, Chart, Dashboard, Database, Dataset, Entity, Metastore};

/// Statements of one person that happen together or not at all. It begins with the first of them, when the person's rights
/// are read anew: from then on it may hold up other writers, so ask people and run queries before. Dropping it undoes
/// everything.
///
/// Whoever makes a unit commits it. Tools are lent one: the runtime commits when the answer is made.
pub struct UnitOfWork {
    metastore: Metastore,
    user: UserId,
    clock: Arc<dyn Clock>,
    begun: Option<Begun>,
    /// What was found to be the user's to change, and is locked.
    locked: HashSet<EntityRef>,
    changed: Vec<EntityRef>,
}

/// What a unit holds from its first statement on.
struct Begun {
    transaction: Transaction,
    access: Access,
    at: NaiveDateTime,
}

impl fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitOfWork")
            .field("user", &self.user)
            .field("changed", &self.changed)
            .finish_non_exhaustive()
    }
}

impl UnitOfWork {
    pub(crate) fn new(metastore: Metastore, user: UserId, clock: Arc<dyn Clock>) -> Self {
        Self {
            metastore,
            user,
            clock,
            begun: None,
            locked: HashSet::new(),
            changed: Vec::new(),
        }
    }

    /// Things of one kind.
    pub fn of<E: Entity>(&mut self) -> Writer<'_, E> {
        Writer::new(self)
    }

    /// Charts.
    pub fn charts(&mut self) -> Writer<'_, Chart> {
        self.of()
    }

    /// Dashboards.
    pub fn dashboards(&mut self) -> Writer<'_, Dashboard> {
        self.of()
    }

    /// Datasets.
    pub fn datasets(&mut self) -> Writer<'_, Dataset> {
        self.of()
    }

    /// Databases.
    pub fn databases(&mut self) -> Writer<'_, Database> {
        self.of()
    }

    /// What was changed so far, each thing once.
    pub fn changed(&self) -> &[EntityRef] {
        &self.changed
    }

    /// Makes all of it lasting. A unit that changed nothing is only ended.
    ///
    /// # Errors
    /// See [`CommitError`], which tells what surely did not happen from what may have.
    pub async fn commit(self) -> Result<(), CommitError> {
        match self.begun {
            Some(begun) if !self.changed.is_empty() => {
                begun.transaction.commit().await.map_err(CommitError::from)
            }
            _ => Ok(()),
        }
    }

    fn note(&mut self, kind: EntityKind, id: i64) {
        let thing = EntityRef { kind, id };
        if !self.changed.contains(&thing) {
            self.changed.push(thing);
        }
    }

    /// Begins, unless it has, where a role lets the user change such things.
    async fn begin<E: Entity>(&mut self) -> Result<&mut Begun, WriteError> {
        let (kind, view) = (E::KIND, E::STORAGE.view);
        let check = |access: &Access| {
            let may_write = access.can("can_write", view);
            may_write
                .then_some(())
                .ok_or(WriteError::Forbidden { kind, view })
        };
        match &mut self.begun {
            Some(begun) => {
                check(&begun.access)?;
                Ok(begun)
            }
            slot => {
                let access = self.metastore.access_of(self.user).await?;
                let access = access.ok_or(WriteError::UserGone)?;
                check(&access)?;
                let transaction = self.metastore.pool().begin("change the metastore").await?;
                Ok(slot.insert(Begun {
                    transaction,
                    access,
                    at: self.clock.now().naive_utc(),
                }))
            }
        }
    }
}
