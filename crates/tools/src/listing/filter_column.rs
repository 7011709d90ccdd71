//! The columns that a list tool filters by, as its arguments name them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::listed::{FilterTarget, Listed};

/// A column that a list tool filters by: one that the description of its table names for it.
pub(crate) struct FilterColumn<E: 'static> {
    name: &'static str,
    pub(super) target: FilterTarget<E>,
}

impl<'de, E: Listed> Deserialize<'de> for FilterColumn<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        let mut filters = E::description().filters.iter();
        let found = filters.find(|(known, _)| *known == name);
        found
            .map(|(name, target)| Self {
                name,
                target: *target,
            })
            .ok_or_else(|| de::Error::custom(format_args!("{name:?} is no column to filter by")))
    }
}

impl<E> Serialize for FilterColumn<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<E: Listed> JsonSchema for FilterColumn<E> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("FilterColumnOf_{}", E::PLURAL).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": E::description().list_filters })
    }
}
