#![doc = include_str!("../README.md")]

mod count_charts;
mod maintenance;

use tidegate_tools::CatalogueBuilder;

pub use count_charts::CountCharts;
pub use maintenance::Maintenance;

/// Adds both to Tidegate's own tools.
pub fn extend(catalogue: CatalogueBuilder, maintenance: Maintenance) -> CatalogueBuilder {
    catalogue.tool(CountCharts).layer(maintenance)
}
