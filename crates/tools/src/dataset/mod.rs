//! Tools about datasets.

mod get_dataset_info;
mod list_datasets;
mod listed;
mod parts;

pub(crate) use get_dataset_info::GetDatasetInfo;
pub(crate) use list_datasets::ListDatasets;
