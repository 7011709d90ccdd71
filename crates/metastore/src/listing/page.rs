use std::collections::BTreeMap;

use sea_query::{Asterisk, Expr, ExprTrait, Func, NullOrdering, Order, Query, SelectStatement};

use super::column::search;
use super::{Cell, Column, Filter, Record, Related};
use crate::{Access, MetastoreError};
use tidegate_database::{Backend, Pool};

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first, nulls last.
    Ascending,
    /// Largest first, nulls first.
    Descending,
}

/// What to list.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Columns to read; `id` is read anyway.
    pub select: Vec<&'static Column>,
    /// Whether to read owners (dashboards, charts, datasets).
    pub owners: bool,
    /// Whether to read tags (dashboards, charts, datasets).
    pub tags: bool,
    /// Whether to read who created and changed the rows; needs `created_by_fk` or `changed_by_fk` selected.
    pub people: bool,
    /// All must hold.
    pub filters: Vec<(&'static Column, Filter)>,
    /// Only rows that these users own, any of them.
    pub owned_by: Option<Vec<i64>>,
    /// Only rows that the user has marked (true) or has not (false).
    pub favorite: Option<bool>,
    /// Only rows with this text in one of the searched columns.
    pub search: Option<String>,
    /// The order; rows that are equal in it follow by id.
    pub order: (&'static Column, Direction),
    /// Rows to pass over.
    pub offset: u64,
    /// Rows to give.
    pub limit: u64,
}

impl ListQuery {
    /// Everything that is there, by `order`.
    pub fn new(order: &'static Column, direction: Direction) -> Self {
        Self {
            select: Vec::new(),
            owners: false,
            tags: false,
            people: false,
            filters: Vec::new(),
            owned_by: None,
            favorite: None,
            search: None,
            order: (order, direction),
            offset: 0,
            limit: 10,
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows.
    pub records: Vec<Record>,
    /// What hangs on them.
    pub related: Related,
    /// How many rows there are on all pages.
    pub total: u64,
}

/// How one kind of thing is listed.
pub(crate) struct Entity {
    /// The table.
    pub(crate) table: &'static str,
    /// What is tried, for errors.
    pub(crate) operation: &'static str,
    /// Everything that can be selected; `id` is among them.
    pub(crate) columns: &'static [Column],
    /// Columns of the search.
    pub(crate) searched: &'static [&'static str],
    /// Table and column by which users own rows.
    pub(crate) owners: Option<(&'static str, &'static str)>,
    /// `tagged_object.object_type`.
    pub(crate) tagged_as: Option<&'static str>,
    /// `favstar.class_name`.
    pub(crate) starred_as: Option<&'static str>,
    /// Joins what columns of other tables need.
    pub(crate) join: fn(&mut SelectStatement),
    /// Leaves what the user may see.
    pub(crate) seen: fn(&Access, &mut SelectStatement),
}

impl Entity {
    /// The column of that name.
    pub(crate) fn column(&self, name: &str) -> &'static Column {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .expect("callers name columns of the entity")
    }

    /// All rows that the user may see and the query asks for, nothing selected yet.
    fn rows(&self, access: &Access, query: &ListQuery, backend: Backend) -> SelectStatement {
        let mut select = Query::select();
        select.from(self.table);
        (self.join)(&mut select);
        (self.seen)(access, &mut select);
        for (column, filter) in &query.filters {
            select.and_where(column.condition(self.table, filter, backend));
        }
        if let (Some(ids), Some((table, column))) = (&query.owned_by, self.owners) {
            let owned = Query::select()
                .column(column)
                .from(table)
                .and_where(if ids.is_empty() {
                    Expr::val(1).eq(0)
                } else {
                    Expr::col("user_id").is_in(ids.iter().copied())
                })
                .to_owned();
            select.and_where(Expr::col((self.table, "id")).in_subquery(owned));
        }
        if let (Some(favorite), Some(class)) = (query.favorite, self.starred_as) {
            let starred = Query::select()
                .column("obj_id")
                .from("favstar")
                .and_where(Expr::col("user_id").eq(access.user().id.0))
                .and_where(Expr::col("class_name").eq(class))
                .and_where(Expr::col("obj_id").is_not_null())
                .to_owned();
            let id = Expr::col((self.table, "id"));
            select.and_where(if favorite {
                id.in_subquery(starred)
            } else {
                id.not_in_subquery(starred)
            });
        }
        if let Some(text) = query.search.as_deref().filter(|text| !text.is_empty()) {
            select.cond_where(search(self.table, self.searched, text, backend));
        }
        select
    }
}

/// Reads a page: one statement for rows and total together, one more for each kind of related thing
/// (side by side), and one for the total alone where the page is empty and not the first.
pub(crate) async fn fetch_page(
    pool: &Pool,
    entity: &Entity,
    access: &Access,
    query: &ListQuery,
) -> Result<Page, MetastoreError> {
    let rows = entity.rows(access, query, pool.backend());
    let count = rows
        .clone()
        .expr(Func::count(Expr::col((entity.table, "id"))))
        .to_owned();
    let mut select = rows;
    let mut columns = query.select.clone();
    if !columns.iter().any(|column| column.name == "id") {
        columns.push(entity.column("id"));
    }
    for column in &columns {
        let expression = Expr::col(column.at(entity.table));
        // As text, so that both backends give the document as it was written.
        match (column.kind, pool.backend()) {
            (super::ColumnKind::Json, Backend::Postgres) => select.expr(expression.cast_as("text")),
            _ => select.expr(expression),
        };
    }
    // Asked once a statement, not once a row: the subquery refers to nothing outside.
    select.expr(Expr::SubQuery(None, Box::new(count.clone().into())));
    let (by, direction) = query.order;
    let (order, nulls) = match direction {
        Direction::Ascending => (Order::Asc, NullOrdering::Last),
        Direction::Descending => (Order::Desc, NullOrdering::First),
    };
    if by.nullable {
        select.order_by_with_nulls(by.at(entity.table), order.clone(), nulls);
    } else {
        select.order_by(by.at(entity.table), order.clone());
    }
    if by.name != "id" {
        select.order_by((entity.table, "id"), order);
    }
    select.limit(query.limit).offset(query.offset);

    let found = pool.fetch(entity.operation, &select).await?;
    let total = match found.first() {
        Some(row) => row.id(columns.len())?,
        None if query.offset == 0 => 0,
        None => pool
            .fetch_one(entity.operation, &count)
            .await?
            .map_or(Ok(0), |row| row.id(0))?,
    };
    let records = found
        .iter()
        .map(|row| {
            let cells = columns
                .iter()
                .enumerate()
                .map(|(index, column)| Ok((*column, Cell::read(row, index, column.kind)?)))
                .collect::<Result<_, MetastoreError>>()?;
            Ok(Record { cells })
        })
        .collect::<Result<Vec<_>, MetastoreError>>()?;
    let related = related(pool, entity, query, &records).await?;
    Ok(Page {
        records,
        related,
        total: u64::try_from(total).unwrap_or(0),
    })
}

/// One thing and what hangs on it.
#[derive(Debug, Clone)]
pub struct Found {
    /// All its columns.
    pub record: Record,
    /// Owners, tags and people.
    pub related: Related,
}

/// Reads one thing whole.
pub(crate) async fn find(
    pool: &Pool,
    entity: &Entity,
    access: &Access,
    by: &'static str,
    filter: Filter,
) -> Result<Option<Found>, MetastoreError> {
    let query = ListQuery {
        select: entity.columns.iter().collect(),
        owners: true,
        tags: true,
        people: true,
        filters: vec![(entity.column(by), filter)],
        limit: 1,
        ..ListQuery::new(entity.column("id"), Direction::Ascending)
    };
    let Page {
        mut records,
        related,
        ..
    } = fetch_page(pool, entity, access, &query).await?;
    Ok(records.pop().map(|record| Found { record, related }))
}

async fn related(
    pool: &Pool,
    entity: &Entity,
    query: &ListQuery,
    records: &[Record],
) -> Result<Related, MetastoreError> {
    if records.is_empty() {
        return Ok(Related::default());
    }
    let ids: Vec<i64> = records
        .iter()
        .filter_map(|record| record.integer("id"))
        .collect();
    let owners = async {
        match entity.owners.filter(|_| query.owners) {
            Some((table, column)) => crate::person::owners(pool, table, column, &ids).await,
            None => Ok(BTreeMap::new()),
        }
    };
    let tags = async {
        match entity.tagged_as.filter(|_| query.tags) {
            Some(kind) => crate::tag::tags_of(pool, kind, &ids).await,
            None => Ok(BTreeMap::new()),
        }
    };
    let people = async {
        let mut users: Vec<i64> = records
            .iter()
            .flat_map(|record| {
                [
                    record.integer("created_by_fk"),
                    record.integer("changed_by_fk"),
                ]
            })
            .flatten()
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

/// `COUNT(*)` of everything of an entity that the user may see.
pub(crate) fn count_seen(entity: &Entity, access: &Access) -> SelectStatement {
    let mut select = Query::select();
    select
        .from(entity.table)
        .expr(Func::count(Expr::col(Asterisk)));
    (entity.seen)(access, &mut select);
    select
}
