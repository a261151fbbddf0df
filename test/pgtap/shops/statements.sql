-- The statements of kept_statements.sql, once in mode :mode. They leave rows as they found them, more or less.
SET segmentation.maintain = :mode;
CALL settle();

COPY orders FROM stdin;
1001	21	paid	95	2020-01-01	
1002	21	open	1	2020-01-02	
1003	22	cart	500	2020-01-01	
\.
COPY lines (order_id, product_id, quantity) FROM stdin;
1001	2	9
1003	2	9
\.
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': COPY');
SELECT is(of(21), 'hats,open,spent,vip,vip hats,wide', :'mode' || ': COPY brings the segments that it should');

INSERT INTO orders VALUES (1001, 23, 'paid', 10, now(), ''), (1004, 24, 'open', 99, now(), '')
  ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, total = orders.total + excluded.total;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': ON CONFLICT DO UPDATE');
INSERT INTO orders VALUES (1001, 25, 'paid', 10, now(), '') ON CONFLICT DO NOTHING;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': ON CONFLICT DO NOTHING');

MERGE INTO orders AS o USING (VALUES (1001, 21, 5), (1002, 22, -1), (1005, 26, 120)) AS s (id, customer, total) ON o.id = s.id
  WHEN MATCHED AND s.total < 0 THEN DELETE
  WHEN MATCHED THEN UPDATE SET customer_id = s.customer, total = s.total
  WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.customer, 'open', s.total, now(), '');
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': MERGE with three actions');
SELECT is(of(26), 'lately,open,spent,vip', :'mode' || ': MERGE inserted');
MERGE INTO orders AS o USING (VALUES (1001, 21)) AS s (id, customer) ON o.id = s.id
  WHEN MATCHED AND o.total > 9999 THEN UPDATE SET total = 0 WHEN NOT MATCHED THEN DO NOTHING;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': MERGE that does nothing');

WITH gone AS (DELETE FROM orders WHERE id IN (1004, 1005) RETURNING *),
     moved AS (UPDATE orders SET customer_id = 27, total = 200 WHERE id = 1003 RETURNING *),
     came AS (INSERT INTO orders SELECT id + 100, 28, status, total, placed, note FROM gone RETURNING *),
     lined AS (INSERT INTO lines (order_id, product_id, quantity) SELECT 1001, 4, 7 RETURNING *)
SELECT count(*) FROM gone, moved, came, lined \g /dev/null
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': one statement that touches a table three times and another once');

WITH m AS (INSERT INTO orders VALUES (1110, 29, 'paid', 47, now(), ''), (1111, 29, 'paid', 3, now(), '') RETURNING id)
MERGE INTO lines AS l USING (SELECT 1001 AS order_id) AS s ON l.order_id = s.order_id
  WHEN MATCHED AND l.product_id = 2 THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = l.quantity + 1
  WHEN NOT MATCHED THEN INSERT (order_id, product_id, quantity) VALUES (1001, 1, 1);
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': MERGE beside a CTE that inserts');

-- No row at all.
UPDATE orders SET total = 0 WHERE false;
DELETE FROM tags WHERE tag = 'nobody has this';
INSERT INTO orders SELECT * FROM orders WHERE false;
UPDATE products SET category = category;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': statements without a row, or without a change');

-- Keys change: the customer's with her orders, the order's with its lines, a line's order, a line's product.
UPDATE customers SET id = 1000 + id WHERE id BETWEEN 3 AND 6;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': customers'' keys change, their orders follow, their tags do not');
UPDATE customers SET id = id - 1000 WHERE id > 1000;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': and back');
UPDATE orders SET id = id + 5000 WHERE id BETWEEN 10 AND 20;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': orders'' keys change, their lines follow');
UPDATE orders SET id = id - 5000, customer_id = 1 + customer_id % 20 WHERE id BETWEEN 5010 AND 5020;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': and back, to other customers');
UPDATE lines SET order_id = (SELECT min(o.id) FROM orders AS o WHERE o.id > lines.order_id) WHERE id % 7 = 0;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': lines go to other orders');
UPDATE products SET id = id + 10 WHERE id < 4;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': products'' keys change, lines follow');
UPDATE products SET id = id - 10 WHERE id > 10;
UPDATE products SET category = CASE category WHEN 'hat' THEN 'coat' ELSE 'hat' END;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': a lookup''s value changes for all');
UPDATE products SET category = CASE category WHEN 'hat' THEN 'coat' ELSE 'hat' END;
UPDATE orders AS a SET customer_id = b.customer_id FROM orders AS b WHERE b.id = a.id + 1 AND a.id % 6 = 0;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': many orders change hands at once');
UPDATE orders SET status = CASE status WHEN 'cart' THEN 'paid' WHEN 'paid' THEN 'cart' ELSE status END, total = CASE WHEN id % 9 = 0 THEN NULL ELSE 60 - total END, placed = CASE WHEN id % 11 = 0 THEN NULL ELSE placed END
  WHERE id <= 60;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': carts become orders and orders carts; values become NULL');

-- Foreign keys take rows along.
DELETE FROM products WHERE id IN (5, 6);
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': ON DELETE SET NULL of many lines');
INSERT INTO products VALUES (5, 'coat'), (6, 'hat');
UPDATE lines SET product_id = 1 + id % 6 WHERE product_id IS NULL;
DELETE FROM orders WHERE id BETWEEN 50 AND 60 OR id BETWEEN 1000 AND 1200;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': ON DELETE CASCADE from orders to lines');
DELETE FROM customers WHERE id IN (7, 8, 9, 30);
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': ON DELETE CASCADE from customers over orders to lines');
SELECT is(count(*), 0::bigint, :'mode' || ': nobody is left of who was deleted') FROM segmentation.membership WHERE customer_id IN (7, 8, 9, 30);
INSERT INTO customers SELECT i, 'Sofia' FROM unnest('{7,8,9,30}'::integer[]) AS i;
INSERT INTO orders SELECT i, 1 + i % 20, 'paid', i, now() - interval '1 day' * i, '' FROM generate_series(50, 60) AS i ON CONFLICT DO NOTHING;
INSERT INTO lines (order_id, product_id, quantity) SELECT i, 1 + i % 6, 2 FROM generate_series(50, 60) AS i;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': they come back');

-- Several statements of one transaction; net of them nothing, or more than one commits alone.
BEGIN;
UPDATE orders SET total = total + 100 WHERE id < 20;
UPDATE orders SET total = total - 100 WHERE id < 20;
DELETE FROM tags WHERE customer_id = 2;
INSERT INTO tags VALUES (2, 'vip');
COMMIT;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': there and back again');
BEGIN;
INSERT INTO orders VALUES (1200, 5, 'paid', 1, now(), '');
INSERT INTO lines (order_id, product_id, quantity) VALUES (1200, 2, 8), (1, 2, 8);
UPDATE orders SET customer_id = 15 WHERE id = 1200;
INSERT INTO lines (order_id, product_id, quantity) VALUES (1200, 3, 8), (2, 2, 8);
UPDATE customers SET city = 'Sofia' WHERE id = 28;
DELETE FROM lines WHERE order_id = 3;
COMMIT;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': many tables in one transaction');
-- One after the other, each on what the last left of the customer.
INSERT INTO orders VALUES (1301, 12, 'open', 46, now(), '');
INSERT INTO orders VALUES (1302, 12, 'paid', 11, now() - interval '1 hour', '');
UPDATE orders SET total = total + 1 WHERE id = 1301;
UPDATE orders SET status = 'paid' WHERE id = 1301;
INSERT INTO lines (order_id, product_id, quantity) VALUES (1301, 1, 1);
INSERT INTO lines (order_id, product_id, quantity) VALUES (1302, 3, 4);
UPDATE orders SET placed = placed - interval '120 days' WHERE id = 1302;
DELETE FROM orders WHERE id = 1301;
UPDATE orders SET status = 'cart' WHERE id = 1302;
UPDATE orders SET status = 'open' WHERE id = 1302;
DELETE FROM orders WHERE id IN (1200, 1302);
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': one transaction after the other for one customer');
DO $$BEGIN
  FOR i IN 1..12 LOOP
    INSERT INTO orders VALUES (1400 + i, 13, CASE i % 3 WHEN 0 THEN 'open' ELSE 'paid' END, i * 4, now() - interval '20 days' * i, '');
    IF i % 2 = 0 THEN COMMIT; END IF;
    UPDATE orders SET total = total + 7 WHERE id = 1399 + i;
    IF i % 3 = 0 THEN DELETE FROM orders WHERE id = 1398 + i; ROLLBACK; END IF;
  END LOOP;
END$$;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': a block that commits and rolls back by itself');
DELETE FROM orders WHERE id > 1400;

-- Nothing left.
BEGIN;
TRUNCATE tags;
CALL settle();
ROLLBACK;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': TRUNCATE taken back');
CREATE TEMP TABLE kept_lines AS TABLE lines;
CREATE TEMP TABLE kept_tags AS TABLE tags;
TRUNCATE lines, tags;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': TRUNCATE of two');
INSERT INTO tags TABLE kept_tags;
BEGIN;
TRUNCATE lines RESTART IDENTITY;
INSERT INTO lines TABLE kept_lines;
COMMIT;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': TRUNCATE and INSERT in one transaction');
BEGIN;
CREATE TEMP TABLE kept_orders ON COMMIT DROP AS TABLE orders;
TRUNCATE orders CASCADE;
INSERT INTO orders TABLE kept_orders;
COMMIT;
INSERT INTO lines TABLE kept_lines;
CALL settle();
SELECT is_empty('SELECT * FROM oracle()', :'mode' || ': TRUNCATE CASCADE, and all comes back');
SELECT setval(pg_get_serial_sequence('lines', 'id'), (SELECT max(id) FROM lines)) \g /dev/null
DROP TABLE kept_lines, kept_tags;
