-- A small shop with several batches of orders, bound, with segments; then the extension's functions are pointed at the
-- faulty module.
CREATE EXTENSION segmentation;
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id bigint PRIMARY KEY, city text, spent numeric, tags text[]);
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id bigint, total numeric, status text, created_at timestamptz);
CREATE INDEX ON shop.orders (customer_id);
INSERT INTO shop.customers
SELECT g, 'city ' || g % 7, CASE WHEN g % 11 = 0 THEN 1e30 ELSE g * 1.25 END, ARRAY['t' || g % 5, 'u' || g % 3]
FROM generate_series(1, 120) AS g;
INSERT INTO shop.orders
SELECT g, 1 + g % 100, g % 977 + 0.5, CASE g % 3 WHEN 0 THEN 'paid' ELSE 'open' END, now() - g % 300 * interval '1 day'
FROM generate_series(1, 2600) AS g;
SELECT segmentation.bind_customers('shop.customers', timezone => 'Europe/Sofia') \g /dev/null
SELECT segmentation.bind_source('orders', 'shop.orders', key => 'customer_id', date => 'created_at') \g /dev/null
SELECT segmentation.define_attribute('turnover', 'sum(orders.total)') \g /dev/null
SELECT segmentation.define_attribute('statuses', 'list(orders.status)') \g /dev/null
SELECT segmentation.forecast_source('orders', 'total') \g /dev/null
INSERT INTO segmentation.forecast_in_force (model) VALUES ('0.24 4.41 0.79 2.43 6.25 3.74 15.4 9000 1 365 8000 8500 9000 9500 1 2 3 5 5 10 20 40 1 30');
SELECT segmentation.create_segment('e', 'rfm_group = ''CHAMPIONS''') \g /dev/null
SELECT segmentation.create_segment('a', 'city = ''city 1'' OR tags CONTAINS ''T2''') \g /dev/null
SELECT segmentation.create_segment('b', 'orders MATCHES (status = ''paid'', total > 100, date >= -90d, count >= 2)') \g /dev/null
SELECT segmentation.create_segment('c', 'sum(orders.total) > 5000 AND NOT segments CONTAINS ''a''') \g /dev/null
SELECT segmentation.create_segment('d', 'FROM customers SHOW city, tags, orders WHERE id < 50 ORDER BY orders DESC, nothing LIMIT 9') \g /dev/null
UPDATE pg_proc SET probin = '$libdir/segmentation_faults' WHERE probin = '$libdir/segmentation';
