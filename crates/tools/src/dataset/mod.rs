//! Tools about datasets.

mod get_dataset_info;
mod list_datasets;
mod listed;
mod parts;

use crate::CatalogueBuilder;

/// Adds them.
pub(crate) fn add(catalogue: CatalogueBuilder) -> CatalogueBuilder {
    catalogue
        .tool(get_dataset_info::GetDatasetInfo)
        .tool(list_datasets::ListDatasets)
}
