-- Sources that define_source makes, and key-value fields: what may be defined, what is refused, what follows.
\pset format unaligned
\pset null null
SET client_min_messages = warning;
CREATE FUNCTION refused(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
  EXECUTE call;
  RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE TABLE customers (id integer PRIMARY KEY, name text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, created_at timestamptz, total numeric(10,2), status text);
CREATE TABLE items (id integer PRIMARY KEY, order_id integer, product_id integer, quantity integer);
CREATE TABLE extra (customer_id integer, field text, value text, n integer, PRIMARY KEY (customer_id, field));
CREATE INDEX ON orders (customer_id); CREATE INDEX ON items (order_id);
INSERT INTO customers VALUES (1, 'Ana'), (2, 'Boris'), (3, 'Vera');
INSERT INTO orders VALUES (10, 1, now(), 50, 'paid'), (11, 1, now(), 20, 'cancelled'), (12, 2, now(), 70, 'cancelled');
INSERT INTO items VALUES (1, 10, 7, 2), (2, 10, 8, 1), (3, 11, 7, 5), (4, 12, 9, 1);
INSERT INTO extra VALUES (1, 'size', '38.5', 1), (2, 'size', 'L', 2), (3, 'size', ' 41 ', 3), (1, 'born', '2000-02-29', 4), (2, 'born', '2000-02-30', 5),
  (1, 'news', 'YES', 6), (2, 'news', '0', 7), (3, 'news', 'perhaps', 8);
SELECT refused($$SELECT segmentation.define_source('x', 'orders')$$);
SELECT segmentation.bind_customers('customers', timezone => 'UTC');
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'created_at');
SELECT segmentation.bind_source('items', 'items', 'order_id', of => 'orders');

SELECT segmentation.define_source('orders_placed', 'orders', '{"amount": "total"}', $$status != 'cancelled'$$, 'What was ordered and stands');
SELECT segmentation.define_source('products_purchased', 'items', '{"id": "product_id", "order_total": "orders.total"}', $$orders.status != 'cancelled'$$);
SELECT segmentation.define_source('large', 'ORDERS_placed', NULL, 'amount > 40');
SELECT * FROM segmentation.sources;
SELECT c.name, segmentation.matches('orders_placed MATCHES (sum_amount >= 50)', c.id) AS spent,
       segmentation.matches('products_purchased(id: 7) = true', c.id) AS seven, segmentation.matches('large IS NOT NULL', c.id) AS large
FROM customers AS c ORDER BY c.id;

-- What is refused, and that nothing is left behind.
SELECT refused(format('SELECT segmentation.define_source(%s)', call)) FROM unnest(ARRAY[
  $$NULL, 'orders'$$, $$'x', NULL$$, $$'', 'orders'$$, $$'segments', 'orders'$$, $$'orders', 'items'$$, $$'Large', 'items'$$,
  $$'x', 'nowhere'$$, $$'x', 'customers'$$, $$'x', 'orders', '[]'$$, $$'x', 'orders', '{"a": 1}'$$, $$'x', 'orders', '{"date": "created_at"}'$$,
  $$'x', 'orders', '{"Count": "total"}'$$, $$'x', 'orders', '{"X": "total", "x": "id"}'$$, $$'customer_within_distance', 'orders'$$, $$'Customer.x', 'orders'$$,
  $$'storefront_event.x', 'orders'$$, $$'x', 'orders', '{" ": "total"}'$$, $$'x', 'orders', '{"a": "colour"}'$$, $$'x', 'orders', '{"a": "total + 1"}'$$,
  $$'x', 'orders', '{"a": "total >"}'$$, $$'x', 'orders', NULL, 'totl > 1'$$, $$'x', 'orders', NULL, 'total >'$$, $$'x', 'orders', NULL, 'count > 1'$$,
  $$'x', 'orders', NULL, 'sum(total) > 1'$$, $$'orders_placed', 'large', replace => true$$]) AS call;
SELECT refused($$SELECT segmentation.bind_source('large', 'orders', 'customer_id')$$);
SELECT refused($$SELECT segmentation.define_attribute('large', 'count(orders)')$$);
SELECT count(*) FROM segmentation.sources;

-- Segments and attributes follow a change; what is needed cannot be dropped.
SELECT segmentation.define_attribute('spent', 'sum(orders_placed.amount)');
SELECT segmentation.create_segment('spenders', 'spent >= 50');
SELECT name FROM segments.spenders ORDER BY id;
SELECT segmentation.define_source('orders_placed', 'orders', '{"amount": "total"}', replace => true);
SELECT name FROM segments.spenders ORDER BY id;
SELECT description, condition FROM segmentation.sources WHERE name = 'orders_placed';
SELECT refused($$SELECT segmentation.define_source('orders_placed', 'orders', replace => true)$$);
SELECT refused($$SELECT segmentation.drop_source('orders_placed')$$);
SELECT refused($$SELECT segmentation.unbind('orders')$$);
SELECT refused($$SELECT segmentation.unbind('items')$$);
SELECT refused($$SELECT segmentation.drop_source('order_placed')$$);
SELECT refused($$SELECT segmentation.drop_source(NULL)$$);
SELECT segmentation.drop_segment('spenders');
SELECT refused($$SELECT segmentation.drop_source('orders_placed')$$);
SELECT segmentation.drop_attribute('spent');
SELECT refused($$SELECT segmentation.drop_source('orders_placed')$$);
SELECT segmentation.drop_source('large');
SELECT segmentation.drop_source('Orders_Placed');
SELECT name FROM segmentation.sources ORDER BY 1;

-- Fields: attributes at once, read as what they are compared with.
SELECT refused(format('SELECT segmentation.bind_fields(%s)', call)) FROM unnest(ARRAY[
  $$'f', 'extra', 'customer_id', NULL, 'value'$$, $$'f', 'extra', 'customer_id', 'field', NULL$$, $$'f', 'extra', 'customer_id', 'n', 'value'$$,
  $$'f', 'extra', 'customer_id', 'colour', 'value'$$, $$'f', 'extra', 'customer_id', 'field', 'value', of => 'orders'$$, $$'f', 'extra', 'customer_id', 'field', 'value', of => NULL$$]) AS call;
SELECT segmentation.bind_fields('f', 'extra', 'customer_id', 'field', 'value');
SELECT name, role, field, value FROM segmentation.bindings WHERE name = 'f';
SELECT rule, ARRAY(SELECT c.name FROM customers AS c WHERE segmentation.matches(rule::segmentation.rule, c.id) ORDER BY 1) AS who
FROM unnest(ARRAY['f.size > 38', 'f.size = ''L''', 'f.size IS NOT NULL', 'f.born = 2000-02-29', 'f.born IS NOT NULL', 'f.news', 'f.news = false', 'f.news != true',
  'f.colour IS NULL', 'f.size BETWEEN 38.5 AND 41', 'age(f.born) > 20', 'f MATCHES (count >= 3)']) AS rule;
SELECT refused($$SELECT segmentation.count_matching('f.size')$$), refused($$SELECT segmentation.count_matching('f > 3')$$);
-- A value with a type of its own is that.
SELECT segmentation.bind_fields('f', 'extra', 'customer_id', 'field', 'n', replace => true);
SELECT segmentation.count_matching('f.size >= 2'), refused($$SELECT segmentation.count_matching('f.size = ''L''')$$);
-- A customer has each field once.
CREATE TABLE loose (id integer PRIMARY KEY, customer_id integer, field text, value text);
CREATE INDEX ON loose (customer_id);
INSERT INTO loose VALUES (1, 1, 'a', 'x'), (2, 1, 'b', 'y'), (3, NULL, 'a', 'z'), (4, NULL, 'a', 'z');
SET client_min_messages = notice;
SELECT segmentation.bind_fields('loose', 'loose', 'customer_id', 'field', 'value');
RESET client_min_messages;
INSERT INTO loose VALUES (5, 1, 'a', 'x');
SELECT refused($$SELECT segmentation.bind_fields('loose', 'loose', 'customer_id', 'field', 'value', replace => true)$$);
