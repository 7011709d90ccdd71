CREATE INDEX ix_orders_ordered_at ON orders (ordered_at);
CREATE INDEX ix_orders_customer_id ON orders (customer_id);
CREATE INDEX ix_orders_country ON orders (country);
CREATE INDEX ix_order_lines_order_id ON order_lines (order_id);
CREATE INDEX ix_order_lines_product_id ON order_lines (product_id);
CREATE INDEX ix_web_sessions_started_at ON web_sessions (started_at);
ANALYZE;
