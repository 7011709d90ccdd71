use std::sync::Arc;

use tidegate_types::Clock;

use crate::prompts::Quickstart;
use crate::resources::{InstanceMetadata, ModelSchema};
use crate::{Catalogue, CatalogueBuilder, chart, dashboard, database, dataset, sql, system};

/// Tools of Superset 6.1's own service that are not here yet. Settings may name them: they are copied from a Superset's.
pub const NOT_HERE_YET: [&str; 12] = [
    "add_chart_to_existing_dashboard",
    "create_virtual_dataset",
    "generate_chart",
    "generate_dashboard",
    "generate_explore_link",
    "get_chart_data",
    "get_chart_preview",
    "get_chart_type_schema",
    "open_sql_lab_with_context",
    "save_sql_query",
    "update_chart",
    "update_chart_preview",
];

/// Tidegate's own tools, resources and prompts. A tool is a line in its area's `mod.rs`. More can be added to the builder.
pub fn builtin(clock: &Arc<dyn Clock>) -> CatalogueBuilder {
    let mut catalogue = system::add(Catalogue::builder(), clock.as_ref());
    for add in [
        chart::add,
        dashboard::add,
        dataset::add,
        database::add,
        sql::add,
    ] {
        catalogue = add(catalogue);
    }
    let catalogue = catalogue.resource(InstanceMetadata).prompt(Quickstart);
    ModelSchema::all().fold(catalogue, CatalogueBuilder::resource)
}
