#![doc = include_str!("../README.md")]

mod count_charts;
mod maintenance;
mod rename_chart;

use tidegate_tools::CatalogueBuilder;

pub use count_charts::CountCharts;
pub use maintenance::Maintenance;
pub use rename_chart::RenameChart;

/// Adds all of them to Tidegate's own tools.
pub fn extend(catalogue: CatalogueBuilder, maintenance: Maintenance) -> CatalogueBuilder {
    catalogue
        .tool(CountCharts)
        .write_tool(RenameChart)
        .layer(maintenance)
}
