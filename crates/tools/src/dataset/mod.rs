//! Tools about datasets.

mod get_dataset_info;
mod list_datasets;
mod subject;

pub(crate) use get_dataset_info::{GetDatasetInfo, column_info, metric_info};
pub(crate) use list_datasets::ListDatasets;
pub(crate) use subject::DATASETS;
