//! Charts of the orders.

use serde_json::json;

use super::super::access::{ADMIN, ANALYST};
use super::super::datasets::ORDERS;
use super::Chart;
use super::parts::{merged, series};

pub(super) fn total() -> Chart {
    Chart {
        id: 1,
        name: "Revenue of three years",
        description: "Net amounts of all orders that were not cancelled.",
        viz_type: "big_number_total",
        dataset: ORDERS,
        owner: ADMIN,
        form: json!({
            "metric": "revenue",
            "subheader": "2023 to 2025, without cancelled orders",
            "y_axis_format": ",.3s",
            "header_font_size": 0.4,
            "subheader_font_size": 0.15,
            "time_format": "smart_date",
        }),
        query: json!({"metrics": ["revenue"]}),
    }
}

pub(super) fn orders_a_month() -> Chart {
    let (_, query) = series("ordered_at", "P1M", "count", &[]);
    Chart {
        id: 2,
        name: "Orders a month",
        description: "Number of orders a month, with the trend.",
        viz_type: "big_number",
        dataset: ORDERS,
        owner: ADMIN,
        form: json!({
            "metric": "count",
            "x_axis": "ordered_at",
            "time_grain_sqla": "P1M",
            "compare_lag": 12,
            "compare_suffix": "against a year before",
            "show_trend_line": true,
            "start_y_axis_at_zero": true,
            "y_axis_format": ",d",
            "header_font_size": 0.4,
            "subheader_font_size": 0.15,
            "time_format": "smart_date",
            "color_picker": {"r": 0, "g": 122, "b": 135, "a": 1},
            "rolling_type": "None",
        }),
        // A big number's trend is one line: nothing to sort by size, no series to compare.
        query: json!({
            "metrics": ["count"],
            "columns": query["columns"],
            "extras": query["extras"],
            "post_processing": query["post_processing"],
        }),
    }
}

pub(super) fn revenue_by_country() -> Chart {
    let (form, query) = series("ordered_at", "P1M", "revenue", &["country"]);
    Chart {
        id: 3,
        name: "Revenue by country",
        description: "Monthly revenue, a line for each country.",
        viz_type: "echarts_timeseries_line",
        dataset: ORDERS,
        owner: ANALYST,
        form: merged(
            form,
            &json!({"seriesType": "line", "y_axis_title": "Euro", "y_axis_title_margin": 40}),
        ),
        query,
    }
}

pub(super) fn when_people_order() -> Chart {
    Chart {
        id: 8,
        name: "When people order",
        description: "Orders by weekday and hour.",
        viz_type: "heatmap_v2",
        dataset: ORDERS,
        owner: ANALYST,
        form: json!({
            "x_axis": "hour_of_day",
            "groupby": "weekday",
            "metric": "count",
            "row_limit": 10000,
            "sort_x_axis": "alpha_asc",
            "sort_y_axis": "alpha_desc",
            "normalize_across": "heatmap",
            "legend_type": "continuous",
            "linear_color_scheme": "superset_seq_1",
            "xscale_interval": -1,
            "yscale_interval": -1,
            "left_margin": "auto",
            "bottom_margin": "auto",
            "value_bounds": [null, null],
            "y_axis_format": ",d",
            "show_legend": true,
            "show_percentage": true,
            "show_values": false,
            "normalized": false,
        }),
        query: json!({
            "columns": ["hour_of_day", "weekday"],
            "metrics": ["count"],
            "orderby": [["hour_of_day", true], ["weekday", false]],
            "post_processing": [{"operation": "rank", "options": {"metric": "count", "group_by": null}}],
        }),
    }
}
