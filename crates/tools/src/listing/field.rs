//! Members of what answers show.

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

/// JSON kept as text; null where it is none.
pub(crate) fn json_of(text: &str) -> Option<Box<RawValue>> {
    serde_json::from_str(text).ok()
}
