-- Statements about a few customers keep their plans for the session: more of them than are kept, in one transaction and over
-- several, and tables that change under them.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, data jsonb);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, total integer);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, (SELECT jsonb_object_agg('k' || k, k % i) FROM generate_series(1, 700) AS k) FROM generate_series(1, 5) AS i;
INSERT INTO orders SELECT i, 1 + i % 5, i FROM generate_series(1, 20) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'UTC');
SELECT segmentation.bind_source('orders', 'orders', 'customer_id');

-- Each key is another column to read, so each rule another statement.
SELECT count(*) FILTER (WHERE segmentation.matches(format('data.k%s = %s', k, k % 3)::segmentation.rule, 3)) AS right,
       count(*) FILTER (WHERE segmentation.matches(format('data.k%s = %s', k, k % 3 + 1)::segmentation.rule, 3)) AS wrong
FROM generate_series(1, 700) AS k;
SELECT segmentation.matches('data.k1 = 1', 3), segmentation.matches('data.k600 = 0', 4);

SELECT segmentation.create_segment('buyers', 'orders MATCHES (sum_total >= 40)');
SELECT segmentation.refresh(1), segmentation.matches('orders MATCHES (sum_total >= 40)', 1);
-- The index goes, the column becomes wider, the table another.
DROP INDEX orders_customer_id_idx;
UPDATE orders SET total = total * 10;
SELECT segmentation.refresh(1), segmentation.matches('orders MATCHES (sum_total >= 400)', 1);
ALTER EVENT TRIGGER segmentation_guard_types DISABLE; -- definitions are to break
ALTER EVENT TRIGGER segmentation_guard_rewrites DISABLE;
ALTER TABLE orders ALTER total TYPE numeric(12,2) USING total / 8.0;
SELECT segmentation.refresh(1), segmentation.matches('orders MATCHES (sum_total = 62.5)', 1);
ALTER TABLE orders RENAME TO old_orders;
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, total integer);
SELECT segmentation.matches('orders MATCHES (sum_total >= 40)', 1) AS the_bound_table;
SELECT * FROM segmentation.verify();
ALTER EVENT TRIGGER segmentation_triggers DISABLE; -- nothing is to tell of disabled triggers
ALTER TABLE old_orders DISABLE TRIGGER USER; -- no trigger tells
UPDATE old_orders SET total = 0 WHERE customer_id IN (2, 3);
ALTER TABLE old_orders ENABLE TRIGGER USER;
-- A transaction that ends badly leaves nothing half kept.
BEGIN;
SELECT segmentation.refresh(2);
SELECT 1 / 0;
ROLLBACK;
SELECT segmentation.refresh(2) + segmentation.refresh(ARRAY[1, 2, 3]) AS written;
-- The customers' key becomes another type: the same statements, other parameters.
SELECT segmentation.matches('data.k1 = 1', 3), segmentation.matches('orders IS NULL', 3);
ALTER TABLE customers ALTER id TYPE bigint;
SELECT segmentation.matches('data.k1 = 1', 3), segmentation.matches('orders IS NULL', 3);
