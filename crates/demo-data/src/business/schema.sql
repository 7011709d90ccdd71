CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY,
    customer_name VARCHAR(80) NOT NULL,
    segment VARCHAR(20) NOT NULL,
    country VARCHAR(40) NOT NULL,
    city VARCHAR(40) NOT NULL,
    signed_up_at TIMESTAMP NOT NULL,
    acquired_by VARCHAR(20) NOT NULL,
    wants_newsletter BOOLEAN NOT NULL,
    order_count INTEGER NOT NULL,
    total_spent NUMERIC(12, 2) NOT NULL,
    last_order_at TIMESTAMP
);
CREATE TABLE products (
    product_id INTEGER PRIMARY KEY,
    sku VARCHAR(12) NOT NULL,
    product_name VARCHAR(60) NOT NULL,
    category VARCHAR(20) NOT NULL,
    subcategory VARCHAR(20) NOT NULL,
    list_price NUMERIC(12, 2) NOT NULL,
    unit_cost NUMERIC(12, 2) NOT NULL,
    introduced_at TIMESTAMP NOT NULL,
    is_active BOOLEAN NOT NULL
);
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY,
    ordered_at TIMESTAMP NOT NULL,
    weekday VARCHAR(8) NOT NULL,
    hour_of_day INTEGER NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    segment VARCHAR(20) NOT NULL,
    country VARCHAR(40) NOT NULL,
    channel VARCHAR(20) NOT NULL,
    payment_method VARCHAR(20) NOT NULL,
    campaign VARCHAR(40),
    status VARCHAR(12) NOT NULL,
    item_count INTEGER NOT NULL,
    gross_amount NUMERIC(12, 2) NOT NULL,
    discount_amount NUMERIC(12, 2) NOT NULL,
    net_amount NUMERIC(12, 2) NOT NULL,
    shipping_amount NUMERIC(12, 2) NOT NULL,
    cost_amount NUMERIC(12, 2) NOT NULL,
    delivered_at TIMESTAMP
);
CREATE TABLE order_lines (
    line_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (order_id),
    product_id INTEGER NOT NULL REFERENCES products (product_id),
    quantity INTEGER NOT NULL,
    unit_price NUMERIC(12, 2) NOT NULL,
    discount_amount NUMERIC(12, 2) NOT NULL,
    net_amount NUMERIC(12, 2) NOT NULL,
    cost_amount NUMERIC(12, 2) NOT NULL
);
CREATE TABLE web_sessions (
    session_id INTEGER PRIMARY KEY,
    started_at TIMESTAMP NOT NULL,
    weekday VARCHAR(8) NOT NULL,
    hour_of_day INTEGER NOT NULL,
    country VARCHAR(40) NOT NULL,
    device VARCHAR(12) NOT NULL,
    source VARCHAR(20) NOT NULL,
    campaign VARCHAR(40),
    landing_page VARCHAR(40) NOT NULL,
    is_new_visitor BOOLEAN NOT NULL,
    pages_viewed INTEGER NOT NULL,
    duration_seconds INTEGER NOT NULL,
    furthest_step VARCHAR(24) NOT NULL,
    is_converted BOOLEAN NOT NULL,
    revenue NUMERIC(12, 2)
);
