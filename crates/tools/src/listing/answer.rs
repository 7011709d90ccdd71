use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tidegate_metastore::{Cell, Person, Tag};

use super::ago::iso;

/// An owner as answers show them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OwnerInfo {
    id: i64,
    username: String,
    first_name: String,
    last_name: String,
    email: String,
    active: bool,
    roles: Vec<String>,
}

/// Owners as answers show them.
pub(crate) fn owners<'a>(people: impl IntoIterator<Item = &'a Person>) -> Vec<OwnerInfo> {
    let of = |person: &Person| OwnerInfo {
        id: person.id,
        username: person.username.clone(),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        email: person.email.clone(),
        active: person.active,
        roles: person.roles.clone(),
    };
    people.into_iter().map(of).collect()
}

/// A tag as answers show it: the kind is Superset's number, as text.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TagInfo {
    id: i64,
    name: String,
    r#type: String,
    description: Option<String>,
}

/// Tags as answers show them.
pub(crate) fn tags<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> Vec<TagInfo> {
    let of = |tag: &Tag| TagInfo {
        id: tag.id,
        name: tag.name.clone(),
        r#type: tag.kind.number().to_string(),
        description: tag.description.clone(),
    };
    tags.into_iter().map(of).collect()
}

/// A member of a listed row.
#[derive(Debug)]
pub(crate) enum Field {
    Cell(Cell),
    Text(Option<String>),
    Json(Option<Box<RawValue>>),
    Owners(Vec<OwnerInfo>),
    Tags(Vec<TagInfo>),
}

impl Field {
    /// A list of what can be written as JSON.
    pub(crate) fn list<T: Serialize>(items: impl Iterator<Item = T>) -> Self {
        let items: Vec<T> = items.collect();
        Self::Json(serde_json::value::to_raw_value(&items).ok())
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // No column of a list holds bytes.
            Self::Cell(Cell::Null | Cell::Bytes(_)) => serializer.serialize_none(),
            Self::Cell(Cell::Integer(number)) => serializer.serialize_i64(*number),
            Self::Cell(Cell::Flag(flag)) => serializer.serialize_bool(*flag),
            Self::Cell(Cell::Text(text)) => serializer.serialize_str(text),
            Self::Cell(Cell::Time(time)) => serializer.serialize_str(&iso(*time)),
            Self::Cell(Cell::Uuid(uuid)) => serializer.collect_str(uuid),
            Self::Text(text) => text.serialize(serializer),
            Self::Json(json) => json.serialize(serializer),
            Self::Owners(owners) => owners.serialize(serializer),
            Self::Tags(tags) => tags.serialize(serializer),
        }
    }
}

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

/// Where a page stands in its list.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Pagination {
    pub(super) page: u32,
    pub(super) page_size: u32,
    pub(super) total_count: u64,
    pub(super) total_pages: u64,
    pub(super) has_next: bool,
    pub(super) has_previous: bool,
}

impl Pagination {
    pub(super) fn new(page: u32, page_size: u32, total_count: u64) -> Self {
        let total_pages = total_count.div_ceil(u64::from(page_size.max(1)));
        Self {
            page,
            page_size,
            total_count,
            total_pages,
            has_next: u64::from(page) < total_pages,
            has_previous: page > 1,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_its_neighbours() {
        let of = |page, size, total| {
            let at = Pagination::new(page, size, total);
            (at.total_pages, at.has_next, at.has_previous)
        };
        assert_eq!((11, true, false), of(1, 10, 103));
        assert_eq!((11, false, true), of(11, 10, 103));
        assert_eq!((11, false, true), of(999, 10, 103));
        assert_eq!((0, false, false), of(1, 10, 0));
    }
}
