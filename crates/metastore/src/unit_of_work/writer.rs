use std::marker::PhantomData;

use sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement};
use tidegate_database::{FromRow, NamedRow, row};
use tidegate_types::EntityRef;
use uuid::Uuid;

use super::{Begun, UnitOfWork, Values, WriteError};
use crate::listing::visible;
use crate::table::Entity;
use crate::{Access, Metastore, MetastoreError};

/// Whether the user is among the owners, as the statement of [`Writer::lock`] calls it.
const IS_OWNER: &str = "is_owner";

/// Changes charts, dashboards, datasets or databases, of which Superset lets the user: a role must grant `can_write`, and
/// what has owners is changed by them and by administrators. What one table's columns mean for another's, such as the
/// permission strings of a chart that gets another dataset, is the caller's to write too.
pub struct Writer<'a, E> {
    work: &'a mut UnitOfWork,
    of: PhantomData<fn() -> E>,
}

row! {
    /// What an insertion returns.
    struct MadeRow {
        id: i64 = made.id,
    }
}

/// A row, and whether the user owns it.
struct Locked<E> {
    row: E,
    is_owner: bool,
}

impl<E: Entity> FromRow for Locked<E> {
    fn from_row(row: &dyn NamedRow) -> Result<Self, MetastoreError> {
        Ok(Self {
            row: E::from_row(row)?,
            is_owner: row.get(IS_OWNER, IS_OWNER)?,
        })
    }
}

impl<'a, E: Entity> Writer<'a, E> {
    pub(super) fn new(work: &'a mut UnitOfWork) -> Self {
        Self {
            work,
            of: PhantomData,
        }
    }

    /// Reads a row that the user may change, which nobody else changes until the unit ends. One statement.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn lock(&mut self, id: i64) -> Result<E, WriteError> {
        let thing = Self::thing(id);
        let metastore = self.work.metastore.clone();
        let begun = self.work.begin::<E>().await?;
        let statement = for_update::<E>(&metastore, &begun.access, id);
        let found = begun.transaction.read_one::<Locked<E>>(&statement).await?;
        let Locked { row, is_owner } = found.ok_or(WriteError::NotFound(thing))?;
        if !is_owner {
            return Err(WriteError::NotOwner(thing));
        }
        if row.is_managed_externally() {
            return Err(WriteError::ManagedExternally(thing));
        }
        self.work.locked.insert(thing);
        Ok(row)
    }

    /// Changes a row, and says when and by whom. One statement; two where it was not [locked](Self::lock) before.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn update(&mut self, id: i64, values: Values<E>) -> Result<(), WriteError> {
        if !self.work.locked.contains(&Self::thing(id)) {
            self.lock(id).await?;
        }
        if values.has(E::ID) {
            return Err(refused("change a row", "ids never change").into());
        }
        let begun = self.work.begin::<E>().await?;
        let values = saved(begun, values);
        let mut update = Query::update();
        update
            .table(E::TABLE)
            .and_where(Expr::col(E::ID.column().name).eq(id));
        for (column, value) in values.into_columns() {
            update.value(column, value);
        }
        if begun.transaction.execute(&update).await? == 0 {
            return Err(WriteError::NotFound(Self::thing(id)));
        }
        self.work.note(E::KIND, id);
        Ok(())
    }

    /// Makes a row with a UUID of its own, which the user created and, where such things have owners, owns. Returns its
    /// id. Two statements at the most.
    ///
    /// # Errors
    /// See [`WriteError`]. `Metastore`: `Conflict` where a unique value is taken.
    pub async fn insert(&mut self, values: Values<E>) -> Result<i64, WriteError> {
        let owners = self.work.metastore.generation().owners(E::KIND);
        let begun = self.work.begin::<E>().await?;
        let user = begun.access.user().id.0;
        let values = saved(begun, values)
            .or_set(E::UUID, Uuid::new_v4())
            .or_set(E::CREATED_ON, begun.at)
            .or_set(E::CREATED_BY_FK, user);
        let (columns, values): (Vec<_>, Vec<_>) = values.into_columns().into_iter().unzip();
        let mut insert = Query::insert();
        insert
            .into_table(E::TABLE)
            .columns(columns)
            .values_panic(values.into_iter().map(Expr::from))
            .returning_col(E::ID.column().name);
        let made = begun.transaction.read_one::<MadeRow>(&insert).await?;
        let id = made
            .ok_or_else(|| refused("make a row", "no id was given"))?
            .id;
        if let Some((table, owned)) = owners {
            let mut owner = Query::insert();
            owner
                .into_table(table)
                .columns(["user_id", owned])
                .values_panic([user.into(), id.into()]);
            begun.transaction.execute(&owner).await?;
        }
        self.work.locked.insert(Self::thing(id));
        self.work.note(E::KIND, id);
        Ok(id)
    }

    fn thing(id: i64) -> EntityRef {
        EntityRef { kind: E::KIND, id }
    }
}

/// What is set, and who set it when.
fn saved<E: Entity>(begun: &Begun, values: Values<E>) -> Values<E> {
    let (at, user) = (begun.at, begun.access.user().id.0);
    E::saved(values, at, user)
        .or_set(E::CHANGED_ON, at)
        .or_set(E::CHANGED_BY_FK, user)
}

/// The row that the user may see, locked where the database has locks of rows.
fn for_update<E: Entity>(metastore: &Metastore, access: &Access, id: i64) -> SelectStatement {
    let mut select = visible::<E>(metastore, access);
    let own_id = (E::TABLE, E::ID.column().name);
    select.and_where(Expr::col(own_id).eq(id));
    for column in E::COLUMNS {
        column.select(&mut select, metastore.pool().backend());
    }
    let owners = metastore.generation().owners(E::KIND);
    let is_owner = match owners {
        Some((table, owned)) if !access.is_admin() => Expr::exists(
            Query::select()
                .expr(Expr::val(1))
                .from(table)
                .and_where(Expr::col((table, owned)).equals(own_id))
                .and_where(Expr::col((table, "user_id")).eq(access.user().id.0))
                .to_owned(),
        ),
        _ => Expr::cust("1 = 1"),
    };
    select
        .expr_as(is_owner, IS_OWNER)
        .lock_with_tables(LockType::Update, [E::TABLE]);
    select
}

fn refused(operation: &'static str, reason: &'static str) -> MetastoreError {
    MetastoreError::Refused {
        operation,
        source: reason.into(),
    }
}
