//! Charts of the order lines.

use serde_json::json;

use super::super::access::{ADMIN, ANALYST};
use super::super::datasets::ORDER_ITEMS;
use super::Chart;
use super::parts::{by_size, merged, series, sum_of};

pub(super) fn revenue_by_category() -> Chart {
    Chart {
        id: 5,
        name: "Revenue by category",
        description: "How the revenue spreads over the eight categories.",
        viz_type: "pie",
        dataset: ORDER_ITEMS,
        owner: ADMIN,
        form: json!({
            "groupby": ["category"],
            "metric": "revenue",
            "row_limit": 100,
            "sort_by_metric": true,
            "color_scheme": "supersetColors",
            "show_labels": true,
            "show_labels_threshold": 3,
            "label_type": "key_percent",
            "labels_outside": true,
            "label_line": true,
            "donut": true,
            "innerRadius": 40,
            "outerRadius": 70,
            "show_legend": false,
            "number_format": "SMART_NUMBER",
            "date_format": "smart_date",
        }),
        query: by_size(&["category"], "revenue", 100),
    }
}

pub(super) fn best_sellers() -> Chart {
    let sold = sum_of("quantity", "Sold");
    Chart {
        id: 6,
        name: "Best sellers",
        description: "The 25 products that brought most.",
        viz_type: "table",
        dataset: ORDER_ITEMS,
        owner: ANALYST,
        form: json!({
            "query_mode": "aggregate",
            "groupby": ["product_name", "category"],
            "metrics": ["revenue", sold, "margin"],
            "all_columns": [],
            "percent_metrics": [],
            "order_by_cols": [],
            "order_desc": true,
            "row_limit": 25,
            "server_page_length": 10,
            "table_timestamp_format": "smart_date",
            "show_cell_bars": true,
            "color_pn": true,
        }),
        query: json!({
            "columns": ["product_name", "category"],
            "metrics": ["revenue", sold, "margin"],
            "orderby": [["revenue", false]],
            "row_limit": 25,
            "time_offsets": [],
            "post_processing": [],
        }),
    }
}

pub(super) fn categories_over_time() -> Chart {
    let (form, query) = series("ordered_at", "P1M", "revenue", &["category"]);
    Chart {
        id: 7,
        name: "Seasons of the categories",
        description: "Monthly revenue of each category, on top of one another.",
        viz_type: "echarts_area",
        dataset: ORDER_ITEMS,
        owner: ANALYST,
        form: merged(
            form,
            &json!({"seriesType": "line", "stack": "Stack", "opacity": 0.6, "area": true}),
        ),
        query,
    }
}

pub(super) fn product_map() -> Chart {
    Chart {
        id: 9,
        name: "Units by category and subcategory",
        description: "Things sold, as areas within areas.",
        viz_type: "treemap_v2",
        dataset: ORDER_ITEMS,
        owner: ADMIN,
        form: json!({
            "groupby": ["category", "subcategory"],
            "metric": "units",
            "row_limit": 100,
            "color_scheme": "supersetColors",
            "show_labels": true,
            "show_upper_labels": true,
            "label_type": "key_value",
            "number_format": "SMART_NUMBER",
            "date_format": "smart_date",
        }),
        query: by_size(&["category", "subcategory"], "units", 100),
    }
}
