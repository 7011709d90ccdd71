use serde::Serialize;
use tidegate_metastore::{DatasetColumn, DatasetMetric};

/// A column as answers show it.
#[derive(Debug, Serialize)]
pub(super) struct ColumnInfo {
    column_name: String,
    description: Option<String>,
    filterable: Option<bool>,
    groupby: Option<bool>,
    is_dttm: Option<bool>,
    r#type: Option<String>,
    verbose_name: Option<String>,
}

impl From<DatasetColumn> for ColumnInfo {
    fn from(column: DatasetColumn) -> Self {
        Self {
            column_name: column.column_name,
            description: column.description,
            filterable: column.filterable,
            groupby: column.groupby,
            is_dttm: column.is_dttm,
            r#type: column.kind,
            verbose_name: column.verbose_name,
        }
    }
}

/// A metric as answers show it.
#[derive(Debug, Serialize)]
pub(super) struct MetricInfo {
    d3format: Option<String>,
    description: Option<String>,
    expression: String,
    metric_name: String,
    verbose_name: Option<String>,
}

impl From<DatasetMetric> for MetricInfo {
    fn from(metric: DatasetMetric) -> Self {
        Self {
            d3format: metric.d3format,
            description: metric.description,
            expression: metric.expression,
            metric_name: metric.metric_name,
            verbose_name: metric.verbose_name,
        }
    }
}

/// A member of a dataset's certification, which Superset keeps in `extra`.
pub(super) fn certification(extra: Option<&str>, member: &str) -> Option<String> {
    let extra: serde_json::Value = serde_json::from_str(extra?).ok()?;
    extra
        .get("certification")?
        .get(member)?
        .as_str()
        .map(str::to_owned)
}
