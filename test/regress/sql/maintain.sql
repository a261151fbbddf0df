-- Whom a commit locks and judges: those whom its rows concern, and nobody else. segmentation.state has a row for each customer
-- who was judged by herself.
SET client_min_messages = warning;
CREATE TABLE customers (id integer PRIMARY KEY, city text, phone text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, status text, total numeric, note text);
CREATE TABLE lines (order_id integer, product_id integer, quantity integer);
CREATE TABLE products (id integer PRIMARY KEY, category text, stock integer);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON lines (order_id);
CREATE INDEX ON lines (product_id);
INSERT INTO customers SELECT i, 'city ' || i, i FROM generate_series(1, 9) AS i;
INSERT INTO products VALUES (1, 'shoes', 9), (2, 'socks', 9);
INSERT INTO orders VALUES (90, 9, 'paid', 10), (91, 9, 'cart', 10);
SELECT segmentation.bind_customers('customers', timezone => 'UTC');
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id', condition => 'status != ''cart''');
SELECT segmentation.bind_source('items', 'lines', key => 'order_id', of => 'orders');
SELECT segmentation.bind_lookup('product', 'products', of => 'items', key => 'product_id');
SELECT segmentation.create_segment('spends', 'orders MATCHES (status = ''paid'', sum_total > 100)');
SELECT segmentation.create_segment('shoes', 'items MATCHES (product.category = ''shoes'')');
SELECT segmentation.create_segment('third', 'city = ''city 3''');
CREATE FUNCTION judged() RETURNS text LANGUAGE sql AS $$ -- since it was asked last
  WITH seen AS (DELETE FROM segmentation.state RETURNING customer_id)
  SELECT coalesce(string_agg(customer_id::text, ' ' ORDER BY customer_id), 'nobody') FROM seen $$;
CREATE FUNCTION members() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(s.name || ' ' || m.customer_id, ', ' ORDER BY s.name, m.customer_id)
  FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id $$;
SELECT judged(), members();

-- Rows that a condition leaves out, and what is below them.
INSERT INTO orders VALUES (1, 1, 'cart', 500);
SELECT judged();
BEGIN; INSERT INTO orders VALUES (2, 2, 'cart', 500); INSERT INTO lines VALUES (2, 1, 1); COMMIT;
SELECT judged();
UPDATE orders SET total = 600 WHERE status = 'cart';
DELETE FROM orders WHERE id = 91;
SELECT judged(), members();
-- A cart becomes an order.
UPDATE orders SET status = 'paid' WHERE id = 2;
SELECT judged(), members();
UPDATE orders SET status = 'cart' WHERE id = 2;
SELECT judged(), members();

-- Columns that no rule reads, statements that change nothing, keys of nobody.
UPDATE customers SET phone = 'none';
UPDATE orders SET note = 'x';
UPDATE products SET stock = stock - 1;
UPDATE customers SET city = city;
UPDATE orders SET total = 1 WHERE false;
INSERT INTO orders VALUES (3, NULL, 'paid', 500);
DELETE FROM lines WHERE false;
BEGIN; INSERT INTO orders VALUES (4, 4, 'paid', 500); DELETE FROM orders WHERE id = 4; COMMIT;
BEGIN; SAVEPOINT s; INSERT INTO orders VALUES (4, 4, 'paid', 500); ROLLBACK TO s; COMMIT;
SELECT judged();
-- A customer who does not exist.
INSERT INTO orders VALUES (5, 55, 'paid', 500);
SELECT judged(), members();
INSERT INTO customers VALUES (55, 'city 3');
SELECT judged(), members();
-- Moved orders: both customers. A product's category: its buyers.
UPDATE orders SET customer_id = 6 WHERE id = 5;
SELECT judged(), members();
INSERT INTO lines VALUES (5, 2, 1);
SELECT judged(), members();
UPDATE products SET category = 'shoes' WHERE id = 2;
SELECT judged(), members();
SELECT * FROM segmentation.verify();

-- The order of a transaction that becomes read-only.
BEGIN; INSERT INTO orders VALUES (7, 7, 'paid', 700); SET TRANSACTION READ ONLY; COMMIT;
SELECT judged(), members();

-- The transaction's own changes, before its commit.
BEGIN;
INSERT INTO orders VALUES (8, 8, 'paid', 800);
SELECT segmentation.is_member('spends', 8), segmentation.is_member('spends', '8'), segmentation.segments_of(8);
SELECT members FROM segmentation.members('spends') AS members ORDER BY 1;
SELECT * FROM segmentation.segments_of(ARRAY[6, 8]);
SELECT member_count FROM segmentation.member_count('spends');
SELECT segmentation.flush();
SELECT member_count FROM segmentation.member_count('spends');
ROLLBACK;
SELECT segmentation.is_member('spends', 8), judged();
-- Flushed in a savepoint that is rolled back.
BEGIN;
INSERT INTO orders VALUES (8, 8, 'paid', 800);
SAVEPOINT s;
SELECT segmentation.flush();
ROLLBACK TO s;
COMMIT;
SELECT segmentation.is_member('spends', 8), judged();

-- More customers than a commit may take.
SET segmentation.commit_limit = 2;
SET client_min_messages = notice;
UPDATE customers SET city = 'city 3' WHERE id < 6;
SET client_min_messages = warning;
SELECT judged(), members();
SELECT count(*) FILTER (WHERE pending) AS pending, count(*) FILTER (WHERE NOT pending) AS wrong FROM segmentation.verify();
SELECT queued FROM segmentation.status;
CALL segmentation.tick();
SELECT queued FROM segmentation.status;
SELECT * FROM segmentation.verify();
RESET segmentation.commit_limit;

-- History: since when, until when, why.
DELETE FROM customers WHERE id = 4;
SELECT segmentation.alter_segment('third', 'city = ''city 7''');
SELECT s.name, h.customer_id, h.left_at IS NULL AS still, h.entered_reason, h.left_reason, h.changed_by IS NOT NULL AS by_somebody
FROM segmentation.membership_history AS h JOIN segmentation.segment AS s ON s.id = h.segment_id WHERE s.name = 'third' ORDER BY 1, 2, 3;
SELECT count(*) AS overlapping FROM segmentation.membership_history AS a JOIN segmentation.membership_history AS b
  ON a.segment_id = b.segment_id AND a.customer_id = b.customer_id AND a.entered_at < b.entered_at AND coalesce(a.left_at, 'infinity') > b.entered_at;
SELECT (SELECT count(*) FROM segmentation.members_at('third', now() - interval '1 hour')) AS an_hour_ago,
       (SELECT string_agg(m::text, ' ' ORDER BY m) FROM segmentation.members_at('third', clock_timestamp()) AS m) AS now;
SELECT * FROM segmentation.verify();

-- A key that is computed.
CREATE TABLE visits (id integer PRIMARY KEY, who text);
SELECT segmentation.bind_source('visits', 'visits', key => 'id');
SELECT segmentation.bind_column('visits', 'visitor', $$nullif(split_part(who, ':', 2), '')::integer$$);
SELECT segmentation.bind_source('visits', 'visits', key => 'visitor', replace => true);
SELECT segmentation.create_segment('visitors', 'visits MATCHES (count >= 2)');
SELECT judged() IS NOT NULL;
INSERT INTO visits VALUES (1, 'web:1'), (2, 'web:1'), (3, 'app:2'), (4, 'nobody'), (5, NULL);
SELECT judged(), members();
UPDATE visits SET who = 'web:2' WHERE id IN (1, 4);
SELECT judged(), members();
DELETE FROM visits WHERE id = 3;
SELECT judged(), members();
-- One that cannot be computed stops nobody's work: everyone is queued, and waits until it can.
INSERT INTO visits VALUES (6, 'web:x');
SELECT judged(), (SELECT queued FROM segmentation.status);
UPDATE visits SET who = 'web:2' WHERE id = 6;
CALL segmentation.tick();
SELECT * FROM segmentation.verify();
SELECT queued, set_aside FROM segmentation.status;
