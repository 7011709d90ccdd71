//! A page of a list, as clients get it.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::pagination::Pagination;
use super::rows::Item;

/// A page of a list in Superset's shape.
#[derive(Debug)]
pub(crate) struct ListAnswer {
    pub(super) plural: &'static str,
    pub(super) items: Vec<Item>,
    pub(super) pagination: Pagination,
    pub(super) columns_requested: Vec<String>,
    pub(super) columns_loaded: Vec<String>,
    pub(super) columns_available: &'static [&'static str],
    pub(super) sortable_columns: &'static [&'static str],
    pub(super) filters_applied: serde_json::Value,
    /// RFC 3339, UTC.
    pub(super) timestamp: String,
    /// What of the call was passed over, and what would be right. Left out when there is nothing to say.
    pub(super) warnings: Vec<String>,
}

impl Serialize for ListAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // First: a model that reads the rows without it takes them for what it asked for.
        if !self.warnings.is_empty() {
            map.serialize_entry("warnings", &self.warnings)?;
        }
        map.serialize_entry(self.plural, &self.items)?;
        map.serialize_entry("count", &self.items.len())?;
        map.serialize_entry("total_count", &self.pagination.total_count)?;
        map.serialize_entry("page", &self.pagination.page)?;
        map.serialize_entry("page_size", &self.pagination.page_size)?;
        map.serialize_entry("total_pages", &self.pagination.total_pages)?;
        map.serialize_entry("has_previous", &self.pagination.has_previous)?;
        map.serialize_entry("has_next", &self.pagination.has_next)?;
        map.serialize_entry("columns_requested", &self.columns_requested)?;
        map.serialize_entry("columns_loaded", &self.columns_loaded)?;
        map.serialize_entry("columns_available", &self.columns_available)?;
        map.serialize_entry("sortable_columns", &self.sortable_columns)?;
        map.serialize_entry("filters_applied", &self.filters_applied)?;
        map.serialize_entry("pagination", &self.pagination)?;
        map.serialize_entry("timestamp", &self.timestamp)?;
        map.end()
    }
}
