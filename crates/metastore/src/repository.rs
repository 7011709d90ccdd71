use std::marker::PhantomData;

use sea_query::{Expr, ExprTrait, SelectStatement};
use tidegate_database::{FromNestedRow, FromRow, NamedRow, Pool};
use uuid::Uuid;

use crate::listing::{ListQuery, Page, fetch_page, visible};
use crate::person::{OwnerRow, PersonRow, owners_within, people_of, people_within};
use crate::table::{Entity, Field, Parts};
use crate::tag::{TagRow, tags_within};
use crate::{Access, Dashboard, Metastore, MetastoreError, Person, Tag};

/// The charts, dashboards, datasets or databases of a metastore. Every call shows only what the user may see.
pub struct Repository<'a, E> {
    metastore: &'a Metastore,
    of: PhantomData<fn() -> E>,
}

impl<E> Clone for Repository<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Repository<'_, E> {}

/// One thing and what hangs on it.
#[derive(Debug, Clone)]
pub struct Found<E: Entity> {
    /// Its own row.
    pub row: E,
    /// Who owns it, in the order in which they were added.
    pub owners: Vec<Person>,
    /// Its tags, by id.
    pub tags: Vec<Tag>,
    /// What it is made of.
    pub parts: E::Parts,
    people: Vec<Person>,
}

impl<E: Entity> Found<E> {
    /// Who created it.
    pub fn creator(&self) -> Option<&Person> {
        self.person(self.row.created_by())
    }

    /// Who changed it last.
    pub fn changer(&self) -> Option<&Person> {
        self.person(self.row.changed_by())
    }

    fn person(&self, id: Option<i64>) -> Option<&Person> {
        self.people.iter().find(|person| Some(person.id) == id)
    }
}

/// What hangs on a row, as the statement of [`Repository::find`] calls it.
const OWNERS: &str = "owners";
const TAGS: &str = "tags";
const PEOPLE: &str = "people";

impl<E: Entity> FromRow for Found<E> {
    fn from_row(row: &dyn NamedRow) -> Result<Self, MetastoreError> {
        Ok(Self {
            row: E::from_row(row)?,
            owners: people_of(row.rows::<OwnerRow>(OWNERS)?),
            tags: from_rows::<TagRow, _>(row, TAGS)?,
            people: from_rows::<PersonRow, _>(row, PEOPLE)?,
            parts: E::Parts::read(row)?,
        })
    }
}

fn from_rows<R: FromNestedRow, T: From<R>>(
    row: &dyn NamedRow,
    name: &str,
) -> Result<Vec<T>, MetastoreError> {
    Ok(row.rows::<R>(name)?.into_iter().map(T::from).collect())
}

impl<'a, E> Repository<'a, E> {
    pub(crate) fn new(metastore: &'a Metastore) -> Self {
        Self {
            metastore,
            of: PhantomData,
        }
    }

    pub(crate) fn metastore(self) -> &'a Metastore {
        self.metastore
    }

    pub(crate) fn pool(self) -> &'a Pool {
        self.metastore.pool()
    }
}

impl<E: Entity> Repository<'_, E> {
    /// A page of a list. One statement, and one more for each of owners, tags and people, side by side.
    pub async fn list(
        &self,
        access: &Access,
        query: &ListQuery<E>,
    ) -> Result<Page<E>, MetastoreError> {
        fetch_page(self.metastore, access, query).await
    }

    /// The one of that id, with what hangs on it. One statement.
    pub async fn by_id(
        &self,
        access: &Access,
        id: i64,
    ) -> Result<Option<Found<E>>, MetastoreError> {
        self.find(access, is(E::ID, id)).await
    }

    /// The one of that UUID, likewise.
    pub async fn by_uuid(
        &self,
        access: &Access,
        uuid: Uuid,
    ) -> Result<Option<Found<E>>, MetastoreError> {
        self.find(access, is(E::UUID, uuid)).await
    }

    /// The one that a unique value leaves, if the user may see it.
    async fn find(
        &self,
        access: &Access,
        condition: Expr,
    ) -> Result<Option<Found<E>>, MetastoreError> {
        let statement = self.whole(access, condition);
        self.pool().read_one(E::STORAGE.operation, &statement).await
    }

    /// All columns of what the user may see and a condition leaves, and what hangs on it.
    fn whole(self, access: &Access, condition: Expr) -> SelectStatement {
        let mut select = visible::<E>(self.metastore, access);
        select.and_where(condition);
        let backend = self.pool().backend();
        for column in E::COLUMNS {
            column.select(&mut select, backend);
        }
        let column = |name: &'static str| (E::TABLE, name);
        let id = column(E::ID.column().name);
        // What an entity does not have is null, as what it has none of.
        let owners = self.metastore.generation().owners(E::KIND);
        let owners = owners.map_or_else(null, |owned_by| owners_within(backend, owned_by, id));
        let tags = E::STORAGE.tagged_as;
        let tags = tags.map_or_else(null, |kind| tags_within(backend, kind, id));
        let users = [E::CREATED_BY_FK, E::CHANGED_BY_FK].map(|field| column(field.column().name));
        select
            .expr_as(owners, OWNERS)
            .expr_as(tags, TAGS)
            .expr_as(people_within(backend, users), PEOPLE);
        E::Parts::select(&mut select, backend);
        select
    }
}

fn is<E: Entity, V: Into<sea_query::Value>>(field: Field<E, V>, value: V) -> Expr {
    Expr::col((E::TABLE, field.column().name)).eq(value)
}

fn null() -> Expr {
    Expr::cust("NULL")
}

impl Repository<'_, Dashboard> {
    /// The dashboard of that slug, with what hangs on it. One statement.
    pub async fn by_slug(
        &self,
        access: &Access,
        slug: &str,
    ) -> Result<Option<Found<Dashboard>>, MetastoreError> {
        self.find(access, is(Dashboard::slug, slug.to_owned()))
            .await
    }
}

#[cfg(test)]
mod tests {
    use sea_query::SqliteQueryBuilder;

    use super::*;
    use crate::{Chart, Database, Dataset, MetastoreSettings};

    fn text<E: Entity>(metastore: &Metastore, access: &Access) -> String {
        let repository = metastore.repository::<E>();
        let statement = repository.whole(access, is(E::ID, 1));
        statement.to_string(SqliteQueryBuilder)
    }

    #[tokio::test]
    async fn to_find_one_thing_nothing_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("superset.db");
        let settings = MetastoreSettings::default();
        let metastore = Metastore::open_sqlite(&path, true, settings).await.unwrap();
        let access = Access::for_tests();
        for statement in [
            text::<Chart>(&metastore, &access),
            text::<Dashboard>(&metastore, &access),
            text::<Dataset>(&metastore, &access),
            text::<Database>(&metastore, &access),
        ] {
            assert!(!statement.contains("COUNT"), "{statement}");
        }
    }
}
