//! What the datasets are: their columns and metrics.

use super::super::access;
use Kind::{Flag, Money, Text, Time, Whole};

pub(in super::super) const ORDERS: i64 = 1;
pub(in super::super) const ORDER_ITEMS: i64 = 2;
pub(in super::super) const CUSTOMERS: i64 = 3;
pub(in super::super) const WEB_SESSIONS: i64 = 4;

/// What a column holds, in words that SQLite and PostgreSQL both report.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Whole,
    Money,
    Flag,
    Time,
    Text,
}

impl Kind {
    pub(super) const fn sql_type(self) -> &'static str {
        match self {
            Self::Whole => "INTEGER",
            Self::Money => "NUMERIC(12, 2)",
            Self::Flag => "BOOLEAN",
            Self::Time => "TIMESTAMP",
            Self::Text => "VARCHAR",
        }
    }
}

/// A column: its name, what it holds, how it is shown, what it means.
pub(super) type Column = (&'static str, Kind, &'static str, &'static str);

#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) verbose: &'static str,
    pub(super) kind: &'static str,
    pub(super) expression: &'static str,
    pub(super) description: &'static str,
    pub(super) format: Option<&'static str>,
    pub(super) is_money: bool,
}

const fn count(verbose: &'static str, description: &'static str) -> Metric {
    Metric {
        name: "count",
        verbose,
        kind: "count",
        expression: "COUNT(*)",
        description,
        format: Some(",d"),
        is_money: false,
    }
}

const fn money(
    name: &'static str,
    verbose: &'static str,
    kind: &'static str,
    expression: &'static str,
    description: &'static str,
) -> Metric {
    Metric {
        name,
        verbose,
        kind,
        expression,
        description,
        format: Some(",.2f"),
        is_money: true,
    }
}

const fn ratio(
    name: &'static str,
    verbose: &'static str,
    expression: &'static str,
    description: &'static str,
) -> Metric {
    Metric {
        name,
        verbose,
        kind: "expression",
        expression,
        description,
        format: Some(".1%"),
        is_money: false,
    }
}

#[derive(Debug)]
pub(in super::super) struct Dataset {
    pub(in super::super) id: i64,
    pub(in super::super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) time_column: &'static str,
    /// A virtual dataset's query.
    pub(super) sql: Option<&'static str>,
    pub(super) columns: &'static [Column],
    pub(super) metrics: &'static [Metric],
    pub(super) owner: i64,
    /// Whether the role `Sample readers` may read it.
    pub(in super::super) readers: bool,
    /// Whether the row level security rule is on it.
    pub(in super::super) is_ruled: bool,
}

/// Runs in both backends.
const ORDER_ITEMS_SQL: &str = "\
SELECT l.line_id,
       o.order_id,
       o.ordered_at,
       o.country,
       o.segment,
       o.channel,
       o.status,
       p.sku,
       p.product_name,
       p.category,
       p.subcategory,
       l.quantity,
       l.unit_price,
       l.discount_amount,
       l.net_amount,
       l.cost_amount
FROM order_lines AS l
JOIN orders AS o ON o.order_id = l.order_id
JOIN products AS p ON p.product_id = l.product_id";

/// All datasets, in the order of their ids.
pub(in super::super) static ALL: [Dataset; 4] = [
    Dataset {
        id: ORDERS,
        name: "orders",
        description: "Orders of the sample business, one row each, 2023-01-01 to 2025-12-31. Amounts are in euro.",
        time_column: "ordered_at",
        sql: None,
        columns: &[
            (
                "order_id",
                Whole,
                "Order",
                "Number of the order; rises with time.",
            ),
            (
                "ordered_at",
                Time,
                "Ordered at",
                "When it was placed, local time of the shop.",
            ),
            (
                "weekday",
                Text,
                "Weekday",
                "Weekday of the order, 1 Mon to 7 Sun.",
            ),
            ("hour_of_day", Whole, "Hour", "Hour of the order, 0 to 23."),
            (
                "customer_id",
                Whole,
                "Customer",
                "Who ordered; see the dataset customers.",
            ),
            (
                "segment",
                Text,
                "Segment",
                "Household, Small business or Trade.",
            ),
            ("country", Text, "Country", "Country of the customer."),
            (
                "channel",
                Text,
                "Channel",
                "Web, App, Marketplace or Phone.",
            ),
            ("payment_method", Text, "Payment", "How it was paid."),
            (
                "campaign",
                Text,
                "Campaign",
                "Campaign that the order took part in, if any.",
            ),
            (
                "status",
                Text,
                "Status",
                "Delivered, Shipped, Returned or Cancelled.",
            ),
            ("item_count", Whole, "Items", "Things in the order."),
            (
                "gross_amount",
                Money,
                "Gross",
                "Before the discount, without shipping.",
            ),
            (
                "discount_amount",
                Money,
                "Discount",
                "Taken off by campaign and trade terms.",
            ),
            ("net_amount", Money, "Net", "Gross less discount."),
            (
                "shipping_amount",
                Money,
                "Shipping",
                "Charged for shipping.",
            ),
            (
                "cost_amount",
                Money,
                "Cost",
                "What the things cost the shop.",
            ),
            (
                "delivered_at",
                Time,
                "Delivered at",
                "When it arrived; empty while it has not.",
            ),
        ],
        metrics: &[
            count("Orders", "Number of orders, whatever became of them."),
            money(
                "revenue",
                "Revenue",
                "sum",
                "SUM(CASE WHEN status <> 'Cancelled' THEN net_amount ELSE 0 END)",
                "Net amounts of all orders that were not cancelled.",
            ),
            money(
                "average_order",
                "Average order",
                "avg",
                "AVG(net_amount)",
                "Net amount of an order.",
            ),
            ratio(
                "margin",
                "Margin",
                "SUM(net_amount - cost_amount) / SUM(net_amount)",
                "Share of the net amount that is left when the things are paid.",
            ),
            ratio(
                "return_rate",
                "Return rate",
                "1.0 * SUM(CASE WHEN status = 'Returned' THEN 1 ELSE 0 END) / COUNT(*)",
                "Share of the orders that came back.",
            ),
        ],
        owner: access::ADMIN,
        readers: true,
        is_ruled: true,
    },
    Dataset {
        id: ORDER_ITEMS,
        name: "order_items",
        description: "Lines of the orders with their products, one row each: for questions about products and categories.",
        time_column: "ordered_at",
        sql: Some(ORDER_ITEMS_SQL),
        columns: &[
            ("line_id", Whole, "Line", "Number of the line."),
            ("order_id", Whole, "Order", "Number of the order."),
            (
                "ordered_at",
                Time,
                "Ordered at",
                "When the order was placed.",
            ),
            ("country", Text, "Country", "Country of the customer."),
            (
                "segment",
                Text,
                "Segment",
                "Household, Small business or Trade.",
            ),
            (
                "channel",
                Text,
                "Channel",
                "Web, App, Marketplace or Phone.",
            ),
            (
                "status",
                Text,
                "Status",
                "Delivered, Shipped, Returned or Cancelled.",
            ),
            (
                "sku",
                Text,
                "Article number",
                "The product's article number.",
            ),
            ("product_name", Text, "Product", "The product's name."),
            ("category", Text, "Category", "One of eight categories."),
            (
                "subcategory",
                Text,
                "Subcategory",
                "One of three in each category.",
            ),
            ("quantity", Whole, "Quantity", "How many of the product."),
            (
                "unit_price",
                Money,
                "Unit price",
                "Price of one, before the discount.",
            ),
            ("discount_amount", Money, "Discount", "Taken off the line."),
            (
                "net_amount",
                Money,
                "Net",
                "Price of the line less discount.",
            ),
            ("cost_amount", Money, "Cost", "What the line cost the shop."),
        ],
        metrics: &[
            count("Lines", "Number of order lines."),
            money(
                "revenue",
                "Revenue",
                "sum",
                "SUM(CASE WHEN status <> 'Cancelled' THEN net_amount ELSE 0 END)",
                "Net amounts of all lines whose order was not cancelled.",
            ),
            Metric {
                name: "units",
                verbose: "Units",
                kind: "sum",
                expression: "SUM(quantity)",
                description: "Things sold.",
                format: Some(",d"),
                is_money: false,
            },
            Metric {
                name: "orders",
                verbose: "Orders",
                kind: "count_distinct",
                expression: "COUNT(DISTINCT order_id)",
                description: "Orders that hold such a line.",
                format: Some(",d"),
                is_money: false,
            },
            ratio(
                "margin",
                "Margin",
                "SUM(net_amount - cost_amount) / SUM(net_amount)",
                "Share of the net amount that is left when the things are paid.",
            ),
        ],
        owner: access::ANALYST,
        readers: false,
        is_ruled: true,
    },
    Dataset {
        id: CUSTOMERS,
        name: "customers",
        description: "Customers of the sample business, one row each. The names are invented.",
        time_column: "signed_up_at",
        sql: None,
        columns: &[
            ("customer_id", Whole, "Customer", "Number of the customer."),
            (
                "customer_name",
                Text,
                "Name",
                "Invented name of the person or company.",
            ),
            (
                "segment",
                Text,
                "Segment",
                "Household, Small business or Trade.",
            ),
            ("country", Text, "Country", "Where they live."),
            ("city", Text, "City", "Where they live."),
            (
                "signed_up_at",
                Time,
                "Signed up at",
                "When they became a customer.",
            ),
            ("acquired_by", Text, "Acquired by", "What brought them."),
            (
                "wants_newsletter",
                Flag,
                "Newsletter",
                "Whether they want the newsletter.",
            ),
            (
                "order_count",
                Whole,
                "Orders",
                "Orders so far, cancelled ones included.",
            ),
            (
                "total_spent",
                Money,
                "Spent",
                "Net amounts of their orders, without cancelled ones.",
            ),
            (
                "last_order_at",
                Time,
                "Last order at",
                "When they ordered last; empty when they never did.",
            ),
        ],
        metrics: &[
            count("Customers", "Number of customers."),
            money(
                "spent",
                "Spent",
                "sum",
                "SUM(total_spent)",
                "What these customers have spent so far.",
            ),
            money(
                "average_spent",
                "Average spent",
                "avg",
                "AVG(total_spent)",
                "What a customer has spent so far.",
            ),
            ratio(
                "newsletter_rate",
                "Newsletter",
                "1.0 * SUM(CASE WHEN wants_newsletter THEN 1 ELSE 0 END) / COUNT(*)",
                "Share that wants the newsletter.",
            ),
        ],
        owner: access::ADMIN,
        readers: false,
        is_ruled: false,
    },
    Dataset {
        id: WEB_SESSIONS,
        name: "web_sessions",
        description: "Visits to the web shop, one row each; a sample of one visit in twenty, so that they do not add up to the orders.",
        time_column: "started_at",
        sql: None,
        columns: &[
            ("session_id", Whole, "Session", "Number of the visit."),
            (
                "started_at",
                Time,
                "Started at",
                "When it began, local time of the shop.",
            ),
            (
                "weekday",
                Text,
                "Weekday",
                "Weekday of its start, 1 Mon to 7 Sun.",
            ),
            ("hour_of_day", Whole, "Hour", "Hour of its start, 0 to 23."),
            ("country", Text, "Country", "Where the visitor is."),
            ("device", Text, "Device", "Mobile, Tablet or Desktop."),
            ("source", Text, "Source", "What led here."),
            (
                "campaign",
                Text,
                "Campaign",
                "Campaign that led here, if any.",
            ),
            ("landing_page", Text, "Landing page", "First page seen."),
            (
                "is_new_visitor",
                Flag,
                "New visitor",
                "Whether it is the visitor's first time.",
            ),
            ("pages_viewed", Whole, "Pages", "Pages seen."),
            ("duration_seconds", Whole, "Seconds", "How long it took."),
            (
                "furthest_step",
                Text,
                "Furthest step",
                "How far the visitor came, 1 Visited to 5 Bought.",
            ),
            (
                "is_converted",
                Flag,
                "Converted",
                "Whether something was bought.",
            ),
            (
                "revenue",
                Money,
                "Revenue",
                "What was bought for; empty when nothing was.",
            ),
        ],
        metrics: &[
            count("Sessions", "Number of visits."),
            ratio(
                "conversion_rate",
                "Conversion rate",
                "1.0 * SUM(CASE WHEN is_converted THEN 1 ELSE 0 END) / COUNT(*)",
                "Share of the visits that ended with a purchase.",
            ),
            money(
                "revenue",
                "Revenue",
                "sum",
                "SUM(revenue)",
                "What was bought for in these visits.",
            ),
            Metric {
                name: "average_pages",
                verbose: "Pages per session",
                kind: "avg",
                expression: "AVG(pages_viewed)",
                description: "Pages seen in a visit.",
                format: Some(",.1f"),
                is_money: false,
            },
        ],
        owner: access::ANALYST,
        readers: true,
        is_ruled: false,
    },
];
