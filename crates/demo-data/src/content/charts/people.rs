//! Charts of customers and visits.

use serde_json::json;

use super::super::access::{ADMIN, ANALYST};
use super::super::datasets::{CUSTOMERS, WEB_SESSIONS};
use super::Chart;
use super::parts::{by_size, merged, series};

pub(super) fn visits_by_source() -> Chart {
    let (form, query) = series("started_at", "P3M", "count", &["source"]);
    Chart {
        id: 4,
        name: "Visits by source",
        description: "Visits a quarter, by what led to the shop.",
        viz_type: "echarts_timeseries_bar",
        dataset: WEB_SESSIONS,
        owner: ADMIN,
        form: merged(form, &json!({"orientation": "vertical", "stack": "Stack"})),
        query,
    }
}

pub(super) fn loyalty() -> Chart {
    Chart {
        id: 10,
        name: "How often customers come back",
        description: "How many customers have ordered how often, by segment.",
        viz_type: "histogram_v2",
        dataset: CUSTOMERS,
        owner: ANALYST,
        form: json!({
            "column": "order_count",
            "groupby": ["segment"],
            "bins": 14,
            "normalize": false,
            "cumulative": false,
            "row_limit": 10000,
            "color_scheme": "supersetColors",
            "show_legend": true,
            "show_value": false,
            "x_axis_title": "Orders",
            "y_axis_title": "Customers",
        }),
        query: json!({
            "columns": ["segment", "order_count"],
            "post_processing": [{
                "operation": "histogram",
                "options": {
                    "column": "order_count",
                    "groupby": ["segment"],
                    "bins": 14,
                    "cumulative": false,
                    "normalize": false,
                },
            }],
        }),
    }
}

pub(super) fn way_to_the_till() -> Chart {
    Chart {
        id: 11,
        name: "Way to the till",
        description: "How far visitors came.",
        viz_type: "funnel",
        dataset: WEB_SESSIONS,
        owner: ADMIN,
        form: json!({
            "groupby": ["furthest_step"],
            "metric": "count",
            "row_limit": 10,
            "sort_by_metric": true,
            "percent_calculation_type": "total",
            "color_scheme": "supersetColors",
            "show_legend": true,
            "legendOrientation": "top",
            "legendMargin": 50,
            "tooltip_label_type": 5,
            "number_format": "SMART_NUMBER",
            "show_labels": true,
            "show_tooltip_labels": true,
        }),
        query: by_size(&["furthest_step"], "count", 10),
    }
}

pub(super) fn conversion() -> Chart {
    Chart {
        id: 12,
        name: "Conversion by source and device",
        description: "Visits, and the share of them that ended with a purchase.",
        viz_type: "pivot_table_v2",
        dataset: WEB_SESSIONS,
        owner: ANALYST,
        form: json!({
            "groupbyRows": ["source"],
            "groupbyColumns": ["device"],
            "metrics": ["conversion_rate", "count"],
            "metricsLayout": "COLUMNS",
            "row_limit": 10000,
            "order_desc": true,
            "aggregateFunction": "Sum",
            "valueFormat": "SMART_NUMBER",
            "date_format": "smart_date",
            "rowOrder": "key_a_to_z",
            "colOrder": "key_a_to_z",
            "rowTotals": false,
            "colTotals": false,
            "transposePivot": false,
            "combineMetric": false,
        }),
        query: json!({
            "columns": ["device", "source"],
            "metrics": ["conversion_rate", "count"],
            "orderby": [["conversion_rate", false]],
        }),
    }
}
