use schemars::JsonSchema;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use tidegate_metastore::{Chart, Dashboard, Database, Dataset};
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use crate::listing::{Listed, Shown, type_name};
use crate::{CacheRule, CallContext, Redaction, SizeRule, Tool, ToolFailure, ToolSpec, Touches};

/// Tells what can be selected, filtered and ordered by in the list tools. It reads nothing.
pub(crate) struct GetSchema;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    /// Which kind of thing.
    model_type: ModelType,
}

/// The kinds of things that can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum ModelType {
    Chart,
    Dataset,
    Dashboard,
    Database,
}

impl ModelType {
    fn schema(self) -> SchemaInfo {
        match self {
            Self::Chart => schema_of::<Chart>(),
            Self::Dataset => schema_of::<Dataset>(),
            Self::Dashboard => schema_of::<Dashboard>(),
            Self::Database => schema_of::<Database>(),
        }
    }
}

/// What can be asked of one kind of thing. Also served as the resources `superset://schema/…`.
#[derive(Debug, Serialize)]
pub(crate) struct SchemaInfo {
    /// `chart`, …
    pub(crate) model_type: &'static str,
    select_columns: Vec<SelectColumn>,
    filter_columns: Operators,
    sortable_columns: &'static [&'static str],
    default_select: &'static [&'static str],
    default_sort: &'static str,
    default_sort_direction: &'static str,
    search_columns: &'static [&'static str],
    /// The columns that the list tool itself takes in `filters`.
    list_filters: &'static [&'static str],
}

#[derive(Debug, Serialize)]
struct SelectColumn {
    name: &'static str,
    description: Option<&'static str>,
    r#type: &'static str,
    is_default: bool,
}

/// Operators by column, in Superset's order.
#[derive(Debug)]
struct Operators(Vec<(&'static str, &'static [&'static str])>);

impl Serialize for Operators {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (column, operators) in &self.0 {
            map.serialize_entry(column, operators)?;
        }
        map.end()
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Schema {
    schema_info: SchemaInfo,
}

/// What can be asked of one kind of thing.
fn schema_of<E: Listed>() -> SchemaInfo {
    let description = E::description();
    let column = |shown: &Shown<E>| {
        let (name, about, r#type) = match shown {
            Shown::Column(column) => (column.name, column.about, type_name(column.kind)),
            Shown::Computed(computed) => (computed.name, computed.about, computed.type_name),
        };
        SelectColumn {
            name,
            description: (!about.is_empty()).then_some(about),
            r#type,
            is_default: description.default_select.contains(&name),
        }
    };
    SchemaInfo {
        model_type: E::KIND.as_str(),
        select_columns: description.shown.iter().map(column).collect(),
        filter_columns: Operators(description.operators()),
        sortable_columns: &description.sortable,
        default_select: &description.default_select,
        default_sort: E::CHANGED_ON.column().name,
        default_sort_direction: "desc",
        search_columns: &description.searched,
        list_filters: &description.list_filters,
    }
}

impl Tool for GetSchema {
    type Arguments = Arguments;
    type Answer = Schema;

    const SPEC: ToolSpec = ToolSpec {
        name: "get_schema",
        title: "Get schema",
        description: "Tells which columns a list tool can select, filter, order by and search, for charts, datasets, \
                      dashboards or databases. Use it when a default list is not enough, before list_charts, \
                      list_datasets, list_dashboards or list_databases. It shows no data.",
        scope: Scope::Read,
        permission: None,
        annotations: ToolAnnotations::READS,
        tags: &["discovery"],
        touches: Touches::Nothing,
        cache: CacheRule::PerRights,
        size: SizeRule::Exempt,
        redaction: Redaction::EntitiesBeside(&["schema_info.filter_columns"]),
    };

    async fn call(&self, _: &CallContext, arguments: Arguments) -> Result<Schema, ToolFailure> {
        Ok(Schema {
            schema_info: arguments.model_type.schema(),
        })
    }
}
