-- Keys that are texts, by which rows belong together: what_if, diff_segment and estimate_matching in such a shop, and names that must be quoted.
SET client_min_messages = error;
SELECT no_plan();
CREATE SCHEMA "my ""shop""";
CREATE TABLE "my ""shop"""."The Customers" ("No." varchar(8) PRIMARY KEY, "a ""name" text);
CREATE TABLE "my ""shop"""."Orders" ("No." varchar(6) PRIMARY KEY, "who ""?" varchar(8), "$1" numeric);
CREATE TABLE "my ""shop""".lines (line smallint, "order" varchar(6), sku text, PRIMARY KEY ("order", line));
CREATE INDEX ON "my ""shop"""."Orders" ("who ""?"); CREATE INDEX ON "my ""shop""".lines ("order");
INSERT INTO "my ""shop"""."The Customers" SELECT 'K' || i, 'n' || i FROM generate_series(1, 500) AS i;
INSERT INTO "my ""shop"""."Orders" SELECT 'O' || i, 'K' || i % 400, i FROM generate_series(1, 900) AS i;
INSERT INTO "my ""shop""".lines SELECT 1, 'O' || i, 's' || i % 7 FROM generate_series(1, 900) AS i;
SELECT segmentation.bind_customers('"my ""shop"""."The Customers"', timezone => 'UTC'), segmentation.bind_source('the orders', '"my ""shop"""."Orders"', key => 'who "?'),
  segmentation.bind_source('lines', '"my ""shop""".lines', key => 'order', of => 'the orders'), segmentation.bind_column('the orders', 'twice', '"$1" * 2'),
  segmentation.create_segment('it''s "big"', '"the orders" MATCHES (sum_twice > 1000)'), segmentation.create_segment('s9', 'lines MATCHES (sku = ''s9'', count >= 2)') \g /dev/null
SELECT results_eq($$SELECT * FROM segmentation.what_if('K450', '{"the orders": [{"$1": 501, "lines": [{"sku": "s9"}, {"sku": "s9"}]}, {"lines": [{"sku": "s9"}]}]}')$$,
  $$VALUES ('it''s "big"', false, true), ('s9', false, true)$$, 'keys are made, and join lines to their orders');
SELECT results_eq($$SELECT * FROM segmentation.what_if(NULL, '{"the orders": [{"$1": 501, "lines": [{"sku": "s9"}]}, {"lines": [{"sku": "s8"}]}]}')$$,
  $$VALUES ('it''s "big"', false, true), ('s9', false, false)$$, 'a guest''s');
SELECT set_eq($$SELECT pg_typeof(d.customer)::text FROM segmentation.diff_segment('it''s "big"', '"No." = ''K1''') AS d$$, '{"character varying"}'::text[], 'diff_segment answers with the shop''s own type');
SELECT is((SELECT ARRAY[e.estimate, e.low, e.high] FROM segmentation.estimate_matching('"the orders" MATCHES ("$1" > 500)', '10 s') AS e), array_fill(segmentation.count_matching('"the orders" MATCHES ("$1" > 500)'), '{3}'), 'estimate_matching is exact where there is time');
SELECT throws_ok($$SELECT * FROM segmentation.estimate_matching('"No." = ''K1''', '0 ms')$$, '22023', NULL, 'no time');

-- A lookup to a table that is a source, too, finds what was given of it and what there is.
CREATE TABLE people (id bigint PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id bigint, total integer);
CREATE TABLE items (id integer PRIMARY KEY, order_id integer, first_order integer);
CREATE INDEX ON orders (customer_id); CREATE INDEX ON items (order_id);
INSERT INTO people SELECT generate_series(1, 9);
INSERT INTO orders VALUES (1, 5, 100);
SELECT segmentation.drop_segment('s9'), segmentation.drop_segment('it''s "big"'), segmentation.unbind('lines'), segmentation.unbind('the orders'), segmentation.bind_customers('people', timezone => 'UTC', replace => true),
  segmentation.bind_source('orders', 'orders', key => 'customer_id'), segmentation.bind_source('items', 'items', key => 'order_id', of => 'orders'), segmentation.bind_lookup('origin', 'orders', of => 'items', key => 'first_order') \g /dev/null
SELECT is_empty($$SELECT * FROM segmentation.what_if(6, '{"orders": [{"total": 95}]}')$$, 'no segment yet');
SELECT segmentation.create_segment('o', 'items MATCHES (origin.total > 90)') \g /dev/null
SELECT results_eq(format('SELECT w."then" FROM segmentation.what_if(6, %L) AS w', b), ARRAY[e], b) FROM (VALUES ('{"orders": [{"id": 77, "total": 95, "items": [{"first_order": 77}]}]}', true),
  ('{"orders": [{"id": 77, "total": 5, "items": [{"first_order": 77}]}]}', false), ('{"orders": [{"id": 77, "total": 5, "items": [{"first_order": 1}]}]}', true)) AS v (b, e);
SELECT finish();
