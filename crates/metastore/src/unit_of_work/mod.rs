//! Writes to the metastore: one transaction that knows whose it is.

mod error;
mod values;
mod writer;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDateTime;
use sea_query::SelectStatement;
use tidegate_database::{FromRow, Statement, Transaction};
use tidegate_types::{EntityKind, EntityRef};

pub use error::{CommitError, WriteError};
pub use values::Values;
pub use writer::Writer;

use crate::{Access, Chart, Dashboard, Database, Dataset, Entity, Metastore, MetastoreError};

/// Statements of one person that happen together or not at all. The transaction begins with the first of them, since
/// from then on it may hold up other writers; so ask people and run queries before. Dropping it undoes everything.
///
/// Whoever begins a unit commits it. Tools are lent one and cannot: the runtime commits when the answer is made.
pub struct UnitOfWork {
    metastore: Metastore,
    access: Arc<Access>,
    at: NaiveDateTime,
    transaction: Option<Transaction>,
    /// What was found to be the user's to change, and is locked.
    locked: HashSet<EntityRef>,
    changed: Vec<EntityRef>,
}

impl fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitOfWork")
            .field("user", &self.access.user().id)
            .field("changed", &self.changed)
            .finish_non_exhaustive()
    }
}

impl UnitOfWork {
    pub(crate) fn new(metastore: Metastore, access: Arc<Access>, at: NaiveDateTime) -> Self {
        Self {
            metastore,
            access,
            at,
            transaction: None,
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
        match self.transaction {
            Some(transaction) if !self.changed.is_empty() => {
                transaction.commit().await.map_err(CommitError::from)
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

    async fn transaction(&mut self) -> Result<&mut Transaction, MetastoreError> {
        match &mut self.transaction {
            Some(transaction) => Ok(transaction),
            slot => {
                let begun = self.metastore.pool().begin("change the metastore").await?;
                Ok(slot.insert(begun))
            }
        }
    }

    async fn read_one<T: FromRow>(
        &mut self,
        statement: &SelectStatement,
    ) -> Result<Option<T>, MetastoreError> {
        self.transaction().await?.read_one(statement).await
    }

    async fn execute(&mut self, statement: &impl Statement) -> Result<u64, MetastoreError> {
        self.transaction().await?.execute(statement).await
    }
}
