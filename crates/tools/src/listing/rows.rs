//! Reading a page, and its rows as answers show them.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use tidegate_metastore::{Cell, Column, ListQuery, MetastoreError, Record};

use super::computed::{Reads, Row};
use super::description::Shown;
use super::field::{Field, json_of};
use super::listed::Listed;
use crate::CallContext;

/// A listed row: the columns that were asked for and are known, in the order in which they were asked for.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) fields: Vec<(&'static str, Field)>,
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, field) in &self.fields {
            map.serialize_entry(name, field)?;
        }
        map.end()
    }
}

/// Reads a page and what is shown beside it; gives the rows as answers show them, and the number of all.
pub(super) async fn fetch<E: Listed>(
    context: &CallContext,
    query: &ListQuery<E>,
    shown: &[Shown<E>],
) -> Result<(Vec<Item>, u64), MetastoreError> {
    let metastore = &context.workspace.metastore;
    let page = metastore
        .repository::<E>()
        .list(&context.access, query)
        .await?;
    let wanted = beside(shown);
    let beside = if wanted.is_empty() {
        E::Beside::default()
    } else {
        let ids: Vec<i64> = page.records.iter().map(Record::id).collect();
        E::beside(metastore, &ids, &wanted).await?
    };
    let now = context.clock.now().naive_utc();
    let item = |record| {
        let row = Row {
            context,
            now,
            record,
            related: &page.related,
            beside: &beside,
        };
        let field = |shown: &Shown<E>| match shown {
            Shown::Column(column) => (column.name, column_field(column, record)),
            Shown::Computed(computed) => (computed.name, (computed.show)(&row)),
        };
        Item {
            fields: shown.iter().map(field).collect(),
        }
    };
    Ok((page.records.iter().map(item).collect(), page.total))
}

/// A column's value.
fn column_field<E>(column: &Column<E>, record: &Record<E>) -> Field {
    match record.cell(column) {
        Some(Cell::Text(text)) if column.is_json => Field::Json(json_of(text)),
        Some(Cell::Null) if column.is_empty_for_null => Field::Text(Some(String::new())),
        Some(cell) => Field::Cell(cell.clone()),
        None => Field::Cell(Cell::Null),
    }
}

/// The names of what needs more than the page.
fn beside<E: Listed>(shown: &[Shown<E>]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for shown in shown {
        if let Shown::Computed(computed) = shown
            && computed.reads == Reads::Beside
        {
            names.push(computed.name);
        }
    }
    names
}
