use schemars::JsonSchema;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use tidegate_protocol::ToolAnnotations;
use tidegate_types::Scope;

use crate::chart::CHARTS;
use crate::dashboard::DASHBOARDS;
use crate::database::DATABASES;
use crate::dataset::DATASETS;
use crate::listing::{Subject, operators_of, type_name};
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
    fn subject(self) -> &'static Subject {
        match self {
            Self::Chart => &CHARTS,
            Self::Dataset => &DATASETS,
            Self::Dashboard => &DASHBOARDS,
            Self::Database => &DATABASES,
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
pub(crate) fn schema_of(model: ModelType) -> SchemaInfo {
    let subject = model.subject();
    let columns = subject.shown().filter(|column| {
        !subject
            .computed
            .iter()
            .any(|other| other.name == column.name)
    });
    let mut select_columns: Vec<SelectColumn> = columns
        .map(|column| SelectColumn {
            name: column.name,
            description: description(column.name),
            r#type: type_name(column.kind),
            is_default: subject.default_select.contains(&column.name),
        })
        .collect();
    select_columns.extend(subject.computed.iter().map(|computed| SelectColumn {
        name: computed.name,
        description: Some(computed.part.description()),
        r#type: computed.part.type_name(),
        is_default: subject.default_select.contains(&computed.name),
    }));
    let mut filters: Vec<(&'static str, &'static [&'static str])> = subject
        .shown()
        .map(|column| (column.name, operators_of(column.kind)))
        .collect();
    for (name, operators) in subject.filters {
        match filters.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = operators,
            None => filters.push((name, operators)),
        }
    }
    SchemaInfo {
        model_type: subject.singular,
        select_columns,
        filter_columns: Operators(filters),
        sortable_columns: subject.sortable,
        default_select: subject.default_select,
        default_sort: "changed_on",
        default_sort_direction: "desc",
        search_columns: subject.searched,
        list_filters: subject.list_filters,
    }
}

/// What a column holds, where its name does not say it.
fn description(column: &str) -> Option<&'static str> {
    Some(match column {
        "id" => "Whole number that identifies it",
        "uuid" => "UUID that identifies it, the same in every environment",
        "created_on" => "When it was created, UTC",
        "changed_on" => "When it was changed last, UTC",
        "created_by_fk" => "Id of the user who created it",
        "changed_by_fk" => "Id of the user who changed it last",
        "description" => "What its author wrote about it",
        "cache_timeout" => "Seconds that its data may be cached",
        "certified_by" => "Who vouches for it",
        "certification_details" => "What is vouched for",
        "is_managed_externally" => "Whether another system manages it",
        "external_url" => "Where that other system shows it",
        "perm" => "Permission that opens it",
        "schema_perm" => "Permission that opens its schema",
        "catalog_perm" => "Permission that opens its catalog",
        "slice_name" => "The chart's name",
        "viz_type" => "Kind of chart, such as table or echarts_timeseries_line",
        "datasource_id" => "Id of the dataset behind it",
        "datasource_name" => "Name of the dataset behind it",
        "datasource_type" => "Kind of source: table for datasets",
        "params" => "Settings as JSON text",
        "query_context" => "The chart's query as JSON text",
        "last_saved_at" => "When somebody saved it last",
        "last_saved_by_fk" => "Id of the user who saved it last",
        "dashboard_title" => "The dashboard's title",
        "slug" => "Name of the dashboard in links",
        "published" => "Whether it is published; drafts are seen by their owners",
        "position_json" => "Layout as JSON text",
        "json_metadata" => "Settings as JSON text, filters among them",
        "css" => "Styles of its own",
        "theme_id" => "Id of its theme",
        "table_name" => "The dataset's name: that of the table, or of the query",
        "schema" => "Schema of the table",
        "catalog" => "Catalog of the table",
        "database_id" => "Id of the database that it is in",
        "database_name" => "Name of the database connection",
        "sql" => "The query of a virtual dataset",
        "main_dttm_col" => "Column that time ranges apply to",
        "currency_code_column" => "Column with currency codes",
        "fetch_values_predicate" => "SQL condition for lists of filter values",
        "filter_select_enabled" => "Whether filters offer lists of values",
        "template_params" => "Parameters of its templates as JSON",
        "is_sqllab_view" => "Whether it was made from a query in SQL Lab",
        "normalize_columns" => "Whether column names are brought to one case",
        "always_filter_main_dttm" => "Whether time ranges always apply to the main time column",
        "default_endpoint" => "Link that opens instead of its page",
        "is_featured" => "Whether it is featured",
        "offset" => "Hours that its times are shifted by",
        "folders" => "How its columns and metrics are grouped",
        "extra" => "Further settings as JSON",
        "verbose_name" => "Name for people",
        "expose_in_sqllab" => "Whether users may run SQL on it",
        "allow_dml" => "Whether statements may change data",
        "allow_ctas" => "Whether results may be stored as tables",
        "allow_cvas" => "Whether queries may be stored as views",
        "allow_run_async" => "Whether queries run in the background",
        "allow_file_upload" => "Whether files may be uploaded to it",
        "impersonate_user" => "Whether it is asked in the name of the user",
        "force_ctas_schema" => "Schema that stored results go to",
        "configuration_method" => "How the connection was set up",
        _ => return None,
    })
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
            schema_info: schema_of(arguments.model_type),
        })
    }
}
