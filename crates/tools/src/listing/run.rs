use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::value::RawValue;
use tidegate_metastore::{Cell, Column, Direction, ListQuery, MetastoreError, Record};

use super::answer::{Field, Item, ListAnswer, Pagination};
use super::arguments::ListArguments;
use super::columns::{URL, beside, loaded, order, select, shown};
use super::filters::{self, FilterColumn, MOST_SOUGHT_BYTES, TOO_LONG};
use super::listed::{Listed, Row, Shown};
use crate::{ArgumentProblem, CallContext, ToolFailure};

/// Lists what the caller may see: one statement, and one more for each kind of related thing asked for.
pub(crate) async fn list<E: Listed, D: Default + Serialize + Into<Direction>>(
    context: &CallContext,
    arguments: ListArguments<FilterColumn<E>, D>,
) -> Result<ListAnswer, ToolFailure> {
    let mut warnings = Vec::new();
    let has_links = context.workspace.public_url.is_some();
    let requested: Vec<String> = if arguments.select_columns.is_empty() {
        let default = E::description().default_columns.iter();
        default
            .filter(|name| has_links || **name != URL)
            .map(|name| (*name).to_owned())
            .collect()
    } else {
        arguments.select_columns
    };
    let mut shown = shown::<E>(&requested, &mut warnings);
    if !has_links && shown.iter().any(|shown| shown.name() == URL) {
        shown.retain(|shown| shown.name() != URL);
        warnings.push(
            "select_columns: url is left out, since no Superset shows the pages of this workspace"
                .to_owned(),
        );
    }
    let filters_applied =
        serde_json::to_value(&arguments.filters).map_err(ToolFailure::internal)?;

    let (by, direction) = order::<E>(
        arguments.order_column.as_deref(),
        arguments.order_direction.into(),
        &mut warnings,
    );
    if arguments
        .search
        .as_ref()
        .is_some_and(|text| text.len() > MOST_SOUGHT_BYTES)
    {
        return Err(ToolFailure::InvalidArguments(vec![ArgumentProblem {
            path: "request.search".to_owned(),
            message: TOO_LONG.to_owned(),
        }]));
    }
    let mut query = ListQuery {
        search: arguments.search,
        offset: u64::from(arguments.page.saturating_sub(1)) * u64::from(arguments.page_size),
        limit: u64::from(arguments.page_size),
        ..ListQuery::new(by, direction)
    };
    select(&mut query, &shown);
    let problems = filters::add(&mut query, arguments.filters);
    if !problems.is_empty() {
        return Err(ToolFailure::InvalidArguments(problems));
    }

    let (items, total) = fetch(context, &query, &shown)
        .await
        .map_err(ToolFailure::from)?;
    Ok(ListAnswer {
        plural: E::PLURAL,
        items,
        pagination: Pagination::new(arguments.page, arguments.page_size, total),
        columns_loaded: loaded(&requested, &shown),
        columns_requested: requested,
        columns_available: &E::description().available,
        sortable_columns: &E::description().sortable,
        filters_applied,
        timestamp: context
            .clock
            .now()
            .to_rfc3339_opts(SecondsFormat::Micros, true),
        warnings,
    })
}

/// Reads a page and what is shown beside it; gives the rows as answers show them, and the number of all.
async fn fetch<E: Listed>(
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

/// JSON kept as text; null where it is none.
pub(crate) fn json_of(text: &str) -> Option<Box<RawValue>> {
    serde_json::from_str(text).ok()
}
