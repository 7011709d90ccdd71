//! Reading a page of a list.

use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use tidegate_database::{NamedRow, Row};

use super::pattern::search;
use super::{ListQuery, Record, Related};
use crate::table::Entity;
use crate::{Access, Metastore, MetastoreError};

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<E: 'static> {
    /// The rows.
    pub records: Vec<Record<E>>,
    /// What hangs on them.
    pub related: Related,
    /// How many rows there are on all pages.
    pub total: u64,
}

/// What the number of all rows is called in the answer.
const TOTAL: &str = "total_count";

/// The rows of an entity that the user may see, nothing selected yet.
pub(crate) fn visible<E: Entity>(metastore: &Metastore, access: &Access) -> SelectStatement {
    let mut select = Query::select();
    select.from(E::TABLE);
    (E::STORAGE.join)(&mut select);
    let generation = metastore.generation();
    generation.leave_visible(E::KIND, access, &mut select);
    select
}

/// Those of them that the query asks for.
fn matching<E: Entity>(
    metastore: &Metastore,
    access: &Access,
    query: &ListQuery<E>,
) -> SelectStatement {
    let backend = metastore.pool().backend();
    let mut select = visible::<E>(metastore, access);
    for (column, filter) in &query.filters {
        select.and_where(column.condition(filter, backend));
    }
    let id = || Expr::col((E::TABLE, E::ID.column().name));
    let owners = metastore.generation().owners(E::KIND);
    if let (Some(ids), Some((table, column))) = (&query.owned_by, owners) {
        let owned = Query::select()
            .column(column)
            .from(table)
            .and_where(if ids.is_empty() {
                Expr::val(1).eq(0)
            } else {
                Expr::col("user_id").is_in(ids.iter().copied())
            })
            .to_owned();
        select.and_where(id().in_subquery(owned));
    }
    if let (Some(favorite), Some(class)) = (query.favorite, E::STORAGE.starred_as) {
        let starred = Query::select()
            .column("obj_id")
            .from("favstar")
            .and_where(Expr::col("user_id").eq(access.user().id.0))
            .and_where(Expr::col("class_name").eq(class))
            .and_where(Expr::col("obj_id").is_not_null())
            .to_owned();
        select.and_where(if favorite {
            id().in_subquery(starred)
        } else {
            id().not_in_subquery(starred)
        });
    }
    if let Some(text) = query.search.as_deref().filter(|text| !text.is_empty()) {
        select.cond_where(search::<E>(text, backend));
    }
    select
}

/// Reads a page: one statement for rows and total together, one more for each kind of related thing
/// (side by side), and one for the total alone where the page is empty and not the first.
pub(crate) async fn fetch_page<E: Entity>(
    metastore: &Metastore,
    access: &Access,
    query: &ListQuery<E>,
) -> Result<Page<E>, MetastoreError> {
    let (pool, operation) = (metastore.pool(), E::STORAGE.operation);
    let id = E::ID.column();
    let mut select = matching(metastore, access, query);
    let count = select
        .clone()
        .expr_as(Func::count(Expr::col((E::TABLE, id.name))), TOTAL)
        .to_owned();
    for column in &query.select {
        column.select(&mut select, pool.backend());
    }
    if !query.select.contains(&id) {
        id.select(&mut select, pool.backend());
    }
    // Asked once a statement, not once a row: the subquery refers to nothing outside.
    select.expr_as(Expr::SubQuery(None, Box::new(count.clone().into())), TOTAL);
    let (by, direction) = query.order;
    by.order(&mut select, direction);
    if by != id {
        id.order(&mut select, direction);
    }
    select.limit(query.limit).offset(query.offset);

    let rows = pool.fetch(operation, &select).await?;
    let total = match rows.first() {
        Some(row) => total_of(row)?,
        None if query.offset == 0 => 0,
        None => match pool.fetch_one(operation, &count).await? {
            Some(row) => total_of(&row)?,
            None => 0,
        },
    };
    let read = |(index, row): (usize, &Row)| {
        Record::read(row, &query.select)
            .map_err(|err| err.in_row(operation, row, index + 1, rows.len()))
    };
    let records = rows
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<Vec<_>, _>>()?;
    let related = related(metastore, query, &records).await?;
    Ok(Page {
        records,
        related,
        total: u64::try_from(total).unwrap_or(0),
    })
}

fn total_of(row: &dyn NamedRow) -> Result<i64, MetastoreError> {
    row.get(TOTAL, TOTAL)
}

async fn related<E: Entity>(
    metastore: &Metastore,
    query: &ListQuery<E>,
    records: &[Record<E>],
) -> Result<Related, MetastoreError> {
    if records.is_empty() {
        return Ok(Related::default());
    }
    let pool = metastore.pool();
    let ids: Vec<i64> = records.iter().map(Record::id).collect();
    let owners = async {
        let owned_by = metastore.generation().owners(E::KIND);
        match owned_by.filter(|_| query.owners) {
            Some(owned_by) => crate::person::owners_of(pool, owned_by, &ids).await,
            None => Ok(BTreeMap::new()),
        }
    };
    let tags = async {
        match E::STORAGE.tagged_as.filter(|_| query.tags) {
            Some(kind) => crate::tag::tags_of(pool, kind, &ids).await,
            None => Ok(BTreeMap::new()),
        }
    };
    let people = async {
        let mut users: Vec<i64> = records
            .iter()
            .flat_map(|record| [record.get(E::CREATED_BY_FK), record.get(E::CHANGED_BY_FK)])
            .flatten()
            .copied()
            .collect();
        users.sort_unstable();
        users.dedup();
        if query.people && !users.is_empty() {
            crate::person::people(pool, &users).await
        } else {
            Ok(BTreeMap::new())
        }
    };
    let (owners, tags, people) = tokio::try_join!(owners, tags, people)?;
    Ok(Related {
        owners,
        tags,
        people,
    })
}
