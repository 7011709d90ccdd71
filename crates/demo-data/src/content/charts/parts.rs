//! Parts that charts share.

use serde_json::{Value, json};

/// `base` with the entries of `more`, which win.
pub(super) fn merged(mut base: Value, more: &Value) -> Value {
    if let (Some(base), Some(more)) = (base.as_object_mut(), more.as_object()) {
        base.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    base
}

/// A time axis as a column of a query.
pub(super) fn axis(column: &str, grain: &str) -> Value {
    json!({
        "timeGrain": grain,
        "columnType": "BASE_AXIS",
        "sqlExpression": column,
        "label": column,
        "expressionType": "SQL",
    })
}

/// A metric that only one chart needs.
pub(super) fn sum_of(column: &str, label: &str) -> Value {
    json!({
        "expressionType": "SIMPLE",
        "column": {"column_name": column},
        "aggregate": "SUM",
        "label": label,
        "hasCustomLabel": true,
        "optionName": format!("metric_sum_{column}"),
    })
}

/// Query and settings of a chart of one metric over time, a line per value of `by`.
pub(super) fn series(column: &str, grain: &str, metric: &str, by: &[&str]) -> (Value, Value) {
    let pivot = json!({
        "operation": "pivot",
        "options": {
            "index": [column],
            "columns": by,
            "aggregates": {metric: {"operator": "mean"}},
            "drop_missing_columns": false,
        },
    });
    let rename = json!({
        "operation": "rename",
        "options": {"columns": {metric: null}, "level": 0, "inplace": true},
    });
    let flatten = json!({"operation": "flatten"});
    let steps = if by.is_empty() {
        vec![pivot, flatten]
    } else {
        vec![pivot, rename, flatten]
    };
    let columns: Vec<Value> = std::iter::once(axis(column, grain))
        .chain(by.iter().map(|by| json!(by)))
        .collect();
    let query = json!({
        "columns": columns,
        "metrics": [metric],
        "series_columns": by,
        "orderby": [[metric, false]],
        "extras": {"time_grain_sqla": grain, "having": "", "where": ""},
        "time_offsets": [],
        "post_processing": steps,
    });
    let form = json!({
        "x_axis": column,
        "time_grain_sqla": grain,
        "x_axis_sort_asc": true,
        "x_axis_sort_series": "name",
        "x_axis_sort_series_ascending": true,
        "metrics": [metric],
        "groupby": by,
        "order_desc": true,
        "row_limit": 10000,
        "truncate_metric": true,
        "show_empty_columns": true,
        "comparison_type": "values",
        "color_scheme": "supersetColors",
        "show_legend": true,
        "legendType": "scroll",
        "legendOrientation": "top",
        "rich_tooltip": true,
        "x_axis_time_format": "smart_date",
        "y_axis_format": "SMART_NUMBER",
        "sort_series_type": "sum",
        "only_total": true,
    });
    (form, query)
}

/// Query of a chart of one metric by categories, largest first.
pub(super) fn by_size(columns: &[&str], metric: &str, row_limit: u32) -> Value {
    json!({"columns": columns, "metrics": [metric], "orderby": [[metric, false]], "row_limit": row_limit})
}
