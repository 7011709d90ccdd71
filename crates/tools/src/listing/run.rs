//! A list tool at work.

use chrono::SecondsFormat;
use serde::Serialize;
use tidegate_metastore::Direction;

use super::answer::ListAnswer;
use super::arguments::ListArguments;
use super::columns::Columns;
use super::filter_column::FilterColumn;
use super::listed::Listed;
use super::pagination::Pagination;
use super::query::query;
use super::rows::fetch;
use crate::{CallContext, ToolFailure};

/// Lists what the caller may see: one statement, and one more for each kind of related thing asked for.
pub(crate) async fn list<E: Listed, D: Default + Serialize + Into<Direction>>(
    context: &CallContext,
    mut arguments: ListArguments<FilterColumn<E>, D>,
) -> Result<ListAnswer, ToolFailure> {
    let mut warnings = Vec::new();
    let has_links = context.workspace.public_url.is_some();
    let named = std::mem::take(&mut arguments.select_columns);
    let columns = Columns::<E>::of(named, has_links, &mut warnings);
    let filters_applied =
        serde_json::to_value(&arguments.filters).map_err(ToolFailure::internal)?;
    let (page, page_size) = (arguments.page, arguments.page_size);
    let query = query(arguments, &columns, &mut warnings)?;
    let (items, total) = fetch(context, &query, &columns.shown)
        .await
        .map_err(ToolFailure::from)?;
    Ok(ListAnswer {
        plural: E::PLURAL,
        items,
        pagination: Pagination::new(page, page_size, total),
        columns_loaded: columns.loaded,
        columns_requested: columns.requested,
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
