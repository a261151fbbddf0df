-- Rows that are described by rows of their own table: a change of one is also one of those that it describes, whatever is kept of them.
SET client_min_messages = warning;
SELECT plan(12);
\o /dev/null
CREATE TABLE customers (id integer PRIMARY KEY, email text, invited_by integer);
CREATE INDEX ON customers (invited_by);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, total integer, instead_of integer);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (instead_of);
INSERT INTO customers SELECT i, 'x', CASE WHEN i > 1 THEN i - 1 END FROM generate_series(1, 6) AS i;
INSERT INTO orders SELECT i, i, 10, CASE WHEN i > 1 THEN i - 1 END FROM generate_series(1, 6) AS i;
SELECT segmentation.bind_customers('customers');
SELECT segmentation.bind_set('invited_by_mail', 'customers', 'id', 'email', via => 'invited_by', target => 'customers');
SELECT segmentation.bind_source('orders', 'orders', 'customer_id');
SELECT segmentation.bind_lookup('old', 'orders', of => 'orders', key => 'instead_of');
SELECT segmentation.bind_column('orders', 'old_total', 'old.total');
SELECT segmentation.bind_lookup('inviter', 'customers', of => 'customers', key => 'invited_by');
SELECT segmentation.bind_column('customers', 'inviter_mail', 'inviter.email');
SELECT segmentation.create_segment('by links', 'invited_by_mail CONTAINS ''a'' OR invited_by_mail CONTAINS ''b''');
SELECT segmentation.create_segment('by lookup', 'inviter_mail = ''a''');
SELECT segmentation.create_segment('orders', 'sum(orders.old_total) >= 20');
CREATE FUNCTION found(segment text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(m::text, ' ' ORDER BY m::text) FROM segmentation.members(segment) AS m);
-- Something is kept of these when what describes them changes.
UPDATE customers SET email = 'y' WHERE id IN (2, 3, 4);
UPDATE orders SET total = 11 WHERE id IN (2, 3, 4);
\o
SELECT is(found('by links'), NULL, 'nobody yet');
UPDATE customers SET email = 'a' WHERE id = 2;
SELECT is(found('by links'), '3', 'whom a link of the customers'' own table leads there');
SELECT is(found('by lookup'), '3', 'who reads a lookup of the customers'' own table');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'which is right');
UPDATE customers SET email = 'b' WHERE id IN (2, 3);
SELECT is(found('by links'), '3 4', 'and when it changes again, with her own row');
SELECT is(found('by lookup'), NULL, 'for both');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'which is right');
UPDATE orders SET total = 30 WHERE id = 3;
SELECT is(found('orders'), '4', 'whose order reads another order');
UPDATE orders SET total = 5 WHERE id = 3;
SELECT is(found('orders'), NULL, 'and no more');
INSERT INTO orders VALUES (7, 5, 40, NULL), (8, 6, 1, 7);
SELECT is(found('orders'), '6', 'whose new order reads a new one');
DELETE FROM orders WHERE id = 7;
SELECT is(found('orders'), NULL, 'which goes again');
SELECT is_empty('SELECT * FROM segmentation.verify()', 'all is right');
SELECT * FROM finish();
