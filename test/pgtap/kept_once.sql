-- A change is counted once, although its transaction had the customer judged in between, by whatever way: what is judged from
-- rows has the transaction's own changes in it already, and its commit must not add them again.
\ir shops/kept.sql
SELECT no_plan();
SELECT segmentation.create_segment(n, r) FROM (VALUES ('one', 'count(orders) = 1'), ('two', 'count(orders) = 2'), ('sum 10', 'sum(orders.total) = 10'),
  ('sum 20', 'sum(orders.total) = 20')) AS s (n, r) \g /dev/null
-- Customers without orders, whom the state knows.
SELECT segmentation.refresh('{21,22,23,24,25,26,27,28,29,30}'::bigint[]) \g /dev/null

BEGIN;
INSERT INTO orders VALUES (3001, 21, 'paid', 10, now(), '');
SELECT segmentation.refresh(21) \g /dev/null
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'refresh() between a change and its commit');
BEGIN;
INSERT INTO orders VALUES (3002, 22, 'paid', 10, now(), '');
SELECT segmentation.refresh(22) \g /dev/null
INSERT INTO orders VALUES (3003, 22, 'paid', 10, now(), '');
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'refresh() between two changes');
BEGIN;
INSERT INTO orders VALUES (3004, 23, 'paid', 10, now(), '');
SELECT segmentation.refresh_all() \g /dev/null
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'refresh_all() between a change and its commit');
INSERT INTO orders VALUES (3005, 23, 'paid', 10, now(), '');
SELECT is_empty('SELECT * FROM oracle()', 'and the next change');
BEGIN;
INSERT INTO orders VALUES (3006, 24, 'paid', 10, now(), '');
SELECT segmentation.create_segment('new', 'count(orders) = 2') \g /dev/null
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'create_segment() between a change and its commit');
INSERT INTO orders VALUES (3007, 24, 'paid', 10, now(), '');
SELECT is_empty('SELECT * FROM oracle()', 'and the next change');

-- The queue names the same customer.
SET segmentation.maintain = background;
INSERT INTO orders VALUES (3008, 25, 'cart', 10, now(), '');
UPDATE orders SET total = 11 WHERE id = 3008;
RESET segmentation.maintain;
BEGIN;
INSERT INTO orders VALUES (3009, 25, 'paid', 10, now(), '');
CALL segmentation.tick();
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'tick() between a change and its commit');
SET segmentation.maintain = background;
UPDATE products SET category = upper(category);
RESET segmentation.maintain;
BEGIN;
INSERT INTO orders VALUES (3010, 26, 'paid', 10, now(), '');
INSERT INTO lines (order_id, product_id, quantity) VALUES (3010, 2, 1);
SAVEPOINT s;
CALL segmentation.tick();
ROLLBACK TO s;
COMMIT;
CALL segmentation.tick();
SELECT is_empty('SELECT * FROM oracle()', 'tick() in a savepoint that is taken back');

-- Taken back to before it was judged, and after.
BEGIN;
INSERT INTO orders VALUES (3011, 27, 'paid', 10, now(), '');
SAVEPOINT s;
SELECT segmentation.refresh(27) \g /dev/null
ROLLBACK TO s;
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'refresh() that is taken back');
BEGIN;
SAVEPOINT s;
INSERT INTO orders VALUES (3012, 28, 'paid', 10, now(), '');
RELEASE s;
SELECT segmentation.refresh(28) \g /dev/null
SAVEPOINT t;
INSERT INTO orders VALUES (3013, 28, 'paid', 10, now(), '');
SELECT segmentation.flush() \g /dev/null
ROLLBACK TO t;
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'refresh(), and a flush() that is taken back');
BEGIN;
INSERT INTO orders VALUES (3014, 29, 'paid', 10, now(), '');
SELECT segmentation.flush() \g /dev/null
UPDATE orders SET total = 20 WHERE id = 3014;
SELECT segmentation.refresh(29) \g /dev/null
DELETE FROM orders WHERE id = 3014;
INSERT INTO orders VALUES (3014, 29, 'paid', 10, now(), '');
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'flush(), refresh() and changes in turn');
-- Judged by a definition's change that everyone is judged for.
BEGIN;
INSERT INTO orders VALUES (3015, 30, 'paid', 10, now(), '');
SELECT segmentation.alter_segment('new', 'count(orders) = 1') \g /dev/null
SELECT segmentation.bind_column('orders', 'half', 'total / 2') \g /dev/null
COMMIT;
SELECT is_empty('SELECT * FROM oracle()', 'definitions between a change and its commit');
INSERT INTO orders VALUES (3016, 30, 'paid', 10, now(), '');
SELECT is_empty('SELECT * FROM oracle()', 'and the next change');
SELECT finish();
