-- A basket as if it were hers, against the truth: the same rows inserted, judged by flush(), read from membership, and taken back.
SET client_min_messages = error;
SELECT no_plan();
SET timezone = 'America/New_York'; -- not the shop's
CREATE TABLE categories (id integer PRIMARY KEY, name text, above integer);
CREATE TABLE products (id integer PRIMARY KEY, name text, category_id integer REFERENCES categories, rate numeric);
CREATE TABLE product_tags (product_id integer, tag text);
CREATE TABLE customers (id bigint PRIMARY KEY, email text UNIQUE, city text, born date);
CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint REFERENCES customers, status text DEFAULT 'open',
  total numeric(10,2), paid boolean DEFAULT true, extra jsonb, created_at timestamptz DEFAULT now(), cents bigint GENERATED ALWAYS AS ((total * 100)::bigint) STORED, gone integer);
ALTER TABLE orders DROP COLUMN gone;
CREATE TABLE items (id bigserial PRIMARY KEY, order_id integer REFERENCES orders, product_id integer, quantity integer NOT NULL DEFAULT 1, price numeric(10,2));
CREATE TABLE coupons (order_id integer, code text, PRIMARY KEY (order_id, code));
CREATE TABLE carts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text, amount numeric, left_on timestamp DEFAULT now());
CREATE TABLE tags (customer_id bigint, tag text);
INSERT INTO categories VALUES (1, 'Clothes', NULL), (2, 'Shoes', 1), (3, 'Boots', 2), (4, 'Books', NULL);
INSERT INTO products SELECT i, 'p' || i, 1 + i % 4, i FROM generate_series(1, 12) AS i;
INSERT INTO product_tags SELECT i, t FROM generate_series(1, 12) AS i, unnest('{sale,new,"old one"}'::text[]) AS t WHERE (i * length(t)) % 5 < 2;
INSERT INTO customers SELECT i, 'c' || i || '@x.bg', (ARRAY['Sofia','Varna',NULL])[1 + i % 3], date '1980-01-01' + i * 100 FROM generate_series(1, 60) AS i;
SELECT setseed(0.7) \g /dev/null
INSERT INTO orders (customer_id, status, total, paid, extra, created_at)
SELECT 1 + (i * i) % 50, (ARRAY['open','paid','returned'])[1 + i % 3], (random() * 200)::numeric(10,2), random() < 0.7, jsonb_build_object('channel', (ARRAY['web','shop'])[1 + i % 2]),
  now() - random() * interval '200 days' FROM generate_series(1, 120) AS i;
INSERT INTO items (order_id, product_id, quantity, price) SELECT 1 + i % 120, 1 + i % 12, 1 + i % 3, (random() * 90)::numeric(10,2) FROM generate_series(1, 300) AS i;
INSERT INTO coupons SELECT i, 'C' || i % 5 FROM generate_series(1, 120, 7) AS i;
INSERT INTO carts (email, amount, left_on) SELECT 'c' || i || '@x.bg', i * 3, now() - i * interval '1 day' FROM generate_series(1, 40, 3) AS i;
INSERT INTO tags SELECT i, 'vip' FROM generate_series(1, 60, 11) AS i;
CREATE INDEX ON orders (customer_id); CREATE INDEX ON items (order_id); CREATE INDEX ON carts (email); CREATE INDEX ON tags (customer_id);
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia'),
  segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'created_at'),
  segmentation.bind_source('sales', 'orders', key => 'customer_id', date => 'created_at', condition => 'paid AND status != ''returned'''),
  segmentation.bind_source('items', 'items', key => 'order_id', of => 'orders'),
  segmentation.bind_lookup('product', 'products', of => 'items', key => 'product_id'),
  segmentation.bind_lookup('category', 'categories', of => 'product', key => 'category_id', lookup_key => 'id', parent => 'above'),
  segmentation.bind_set('product_tags', 'product_tags', 'product_id', 'tag', of => 'product', of_key => 'id'),
  segmentation.bind_set('coupons', 'coupons', 'order_id', 'code', of => 'orders'),
  segmentation.bind_source('carts', 'carts', key => 'email', of_key => 'email', date => 'left_on'),
  segmentation.bind_set('tags', 'tags', 'customer_id', 'tag'),
  segmentation.bind_column('orders', 'net', 'total / 1.2'), segmentation.bind_column('items', 'amount', 'quantity * price * product.rate'),
  segmentation.define_attribute('unsold', 'sum(orders.total) - sum(sales.total)'),
  segmentation.define_attribute('open_share', 'sum(orders.total MATCHES (status = ''open'', paid = true)) / count(orders)'),
  segmentation.create_group('press') \g /dev/null

SELECT segmentation.create_segment(format('r%s', n), r) FROM unnest(ARRAY[
  'orders MATCHES (count >= 3)', 'orders MATCHES (total > 100, count >= 2)', 'sales MATCHES (sum_total > 300)', 'unsold > 50',
  'orders MATCHES (date >= -30d, count >= 1)', 'orders MATCHES (date >= -60d, count BETWEEN 1 AND 2)', 'orders NOT MATCHES (date > -90d)', 'last(orders.total) > 90', 'first(orders.status) = ''open''',
  'max(orders.created_at) >= today', 'min(orders.created_at) < -100d', 'orders MATCHES (months >= 3)', 'avg(orders.total) < 80', 'mode(orders.status) = ''open''', 'count(DISTINCT items.product_id) >= 4',
  'items MATCHES (product.name = ''p3'')', 'items MATCHES (category.path CONTAINS ''clothes'', sum_quantity >= 5)', 'items MATCHES (category.name = ''Shoes'') AND items NOT MATCHES (category.name = ''Books'')',
  'items MATCHES (product_tags CONTAINS ''sale'', sum_amount > 500)', 'items MATCHES (date >= -7d, price > 50)', 'items MATCHES (paid = true, quantity = 1, count >= 2)', 'orders MATCHES (coupons CONTAINS ''c1'')',
  'list(orders.status) CONTAINS ''paid''', 'list(items.product_id MATCHES (price > 40)) CONTAINS ALL (1, 2)', 'orders MATCHES (extra.channel = ''web'', sum_net > 100)', 'sum(orders.cents) > 40000', 'sum(orders.net) > 250 AND city IS NULL',
  'carts MATCHES (amount > 50)', 'carts MATCHES (date > -2d, count = 1) AND orders IS NOT NULL', 'tags CONTAINS ''VIP'' OR sum(orders.total) > 500', 'tags IS NULL AND orders IS NULL', 'city = ''Sofia'' AND age(born) > 40',
  'count(DISTINCT orders.id) = 2', 'last(items.price) > 60', 'segments CONTAINS ''r1'' AND NOT segments CONTAINS ''r2''', 'segments CONTAINS ''press'' OR orders MATCHES (total > 190)',
  'memberships MATCHES (segment = ''r5'', left_at IS NULL)', 'memberships MATCHES (segment = ''r37'', left_at IS NULL) AND memberships NOT MATCHES (segment = ''r31'', left_at IS NULL)', 'memberships MATCHES (segment = ''r7'', left_at >= today)',
  'open_share > 30', 'orders MATCHES (date >= -1h)']) WITH ORDINALITY AS u (r, n) \g /dev/null
SELECT segmentation.add_members('r1', ARRAY[3, 55]), segmentation.remove_members('r5', ARRAY[4, 8]), segmentation.add_members('press', 6) \g /dev/null

-- A basket at random: columns are given or not.
CREATE FUNCTION pick(VARIADIC of_these text[]) RETURNS jsonb LANGUAGE sql VOLATILE AS $$SELECT NULLIF(of_these[1 + floor(random() * cardinality(of_these))::integer], '')::jsonb$$;
CREATE FUNCTION some_items() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('product_id', 1 + floor(random() * 13)::integer, 'quantity', pick('', '1', '3', '"4"'), 'price', pick('', '10', '55.5', '88')))) FROM generate_series(1, 1 + floor(random() * 4)::integer) $$;
CREATE FUNCTION some_basket() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'orders', CASE WHEN random() < 0.9 THEN (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('total', pick('', '20', '120.50', '195', '600'), 'status', pick('', '"paid"', '"returned"'), 'paid', pick('', 'true', 'false'),
      'extra', pick('', '{"channel": "web"}'), 'created_at', CASE WHEN random() < 0.4 THEN to_jsonb(now() - random() * interval '220 days') END,
      'items', CASE WHEN random() < 0.7 THEN some_items() END, 'coupons', pick('', '["C1"]', '[{"code": "C9"}, "c1"]')))) FROM generate_series(1, 1 + floor(random() * 3)::integer)) END,
    'carts', pick('', '[{"amount": 70}]', '[{"amount": 5, "left_on": "2020-01-01"}, {}]'), 'tags', pick('', '', '["vip"]', '[{"tag": "new"}]'))) $$;

-- Inserts it, with only the columns that it has.
CREATE FUNCTION put_row(relation text, row_of jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  answer jsonb;
BEGIN
  EXECUTE format('INSERT INTO %1$I AS r (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$I, $1) RETURNING to_jsonb(r)', relation, (SELECT string_agg(k, ', ') FROM jsonb_object_keys(row_of) AS k)) INTO answer USING row_of;
  RETURN answer;
END $$;
CREATE FUNCTION names(customer bigint) RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(s.name, ' ' ORDER BY s.id) FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id WHERE m.customer_id = customer AND s.kind = 'rule'$$;
CREATE FUNCTION truth(customer bigint, basket jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  one jsonb; made jsonb; below jsonb; said text;
BEGIN
  BEGIN
    FOR one IN SELECT jsonb_array_elements(basket -> 'orders') LOOP
      made := put_row('orders', one - 'items' - 'coupons' || jsonb_build_object('customer_id', customer));
      FOR below IN SELECT jsonb_array_elements(one -> 'items') LOOP PERFORM put_row('items', below || jsonb_build_object('order_id', made -> 'id')); END LOOP;
      FOR below IN SELECT jsonb_array_elements(one -> 'coupons') LOOP
        INSERT INTO coupons VALUES ((made ->> 'id')::integer, CASE jsonb_typeof(below) WHEN 'string' THEN below #>> '{}' ELSE below ->> 'code' END);
      END LOOP;
    END LOOP;
    FOR one IN SELECT jsonb_array_elements(basket -> 'carts') LOOP PERFORM put_row('carts', one || jsonb_build_object('email', (SELECT c.email FROM customers AS c WHERE c.id = customer))); END LOOP;
    FOR one IN SELECT jsonb_array_elements(basket -> 'tags') LOOP INSERT INTO tags VALUES (customer, CASE jsonb_typeof(one) WHEN 'string' THEN one #>> '{}' ELSE one ->> 'tag' END); END LOOP;
    PERFORM segmentation.flush();
    said := names(customer);
    RAISE EXCEPTION 'taken back';
  EXCEPTION WHEN raise_exception THEN RETURN said;
  END;
END $$;
CREATE TABLE tried AS SELECT n, 1 + n % 60 AS customer, some_basket() AS basket FROM generate_series(1, 130) AS n;
ALTER TABLE tried ADD expected text, ADD before text, ADD said text, ADD said_before text;
UPDATE tried SET before = names(customer), expected = truth(customer, basket);
UPDATE tried SET (said, said_before) = (SELECT string_agg(w.segment, ' ') FILTER (WHERE w."then"), string_agg(w.segment, ' ') FILTER (WHERE w.now) FROM segmentation.what_if(customer, basket) AS w);
SELECT is_empty('SELECT n, customer, basket, expected, said FROM tried WHERE said IS DISTINCT FROM expected LIMIT 3', 'as if it were hers');
SELECT is_empty('SELECT n, customer, before, said_before FROM tried WHERE said_before IS DISTINCT FROM before LIMIT 3', 'and as it is');
SELECT is_empty($$SELECT s.name FROM segmentation.segment AS s WHERE s.kind = 'rule' AND s.name <> 'r32' AND NOT EXISTS
  (SELECT FROM tried AS t WHERE (s.name = ANY (string_to_array(t.before, ' '))) IS DISTINCT FROM (s.name = ANY (string_to_array(t.expected, ' '))))$$, 'every rule was made to change by some basket');

-- A guest is a customer of whom nothing is known: held against a new customer with nothing but a key and a way to be found.
CREATE FUNCTION as_guest(basket jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text;
BEGIN
  BEGIN
    INSERT INTO customers (id, email) VALUES (-1, 'nobody');
    said := truth(-1, basket);
    RAISE EXCEPTION 'taken back';
  EXCEPTION WHEN raise_exception THEN RETURN said;
  END;
END $$;
SELECT is_empty($$SELECT t.n FROM (SELECT n, basket FROM tried WHERE n <= 25) AS t,
  LATERAL (SELECT string_agg(w.segment, ' ') FILTER (WHERE w."then") AS said FROM segmentation.what_if(NULL, t.basket) AS w) AS w WHERE w.said IS DISTINCT FROM as_guest(t.basket)$$, 'a guest''s basket');
SELECT is((SELECT count(*) FROM segmentation.what_if(NULL, '{}')), (SELECT count(*) FROM segmentation.segment AS s WHERE s.kind = 'rule'), 'all segments with rules');
SELECT set_eq($$SELECT w.segment FROM segmentation.what_if(59, '{"orders": [{"total": 250}]}', only_changes => true) AS w$$,
  $$SELECT w.segment FROM segmentation.what_if('59', '{"orders": [{"total": 250}]}') AS w WHERE w.now <> w."then"$$, 'only what changes');
BEGIN;
SELECT count(*) FROM segmentation.what_if(3, '{"orders": [{"total": 250, "items": [{"product_id": 1}]}]}') \g /dev/null
SELECT pg_current_xact_id_if_assigned() IS NULL AS unwritten, (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid' AND mode <> 'AccessShareLock') AS locks \gset
COMMIT;
SELECT ok(:'unwritten', 'nothing is written');
SELECT is(:locks, 0, 'nothing is locked');
BEGIN TRANSACTION READ ONLY;
SELECT lives_ok($$SELECT * FROM segmentation.what_if(3, '{"orders": [{"total": 250}]}')$$, 'in a transaction that may not write');
COMMIT;

-- Names, as rules have them.
ALTER TABLE orders RENAME COLUMN total TO grand_total;
SELECT results_eq($$SELECT * FROM segmentation.what_if(2, '{"Orders": [{"TOTAL": 500}]}')$$, $$SELECT * FROM segmentation.what_if(2, '{"orders": [{"grand_total": 500}]}')$$, 'names in any case, and a column''s old name');
SELECT throws_like(format('SELECT * FROM segmentation.what_if(3, %L)', g), m, g)
FROM (VALUES ('{"order": []}', 'rows: source "order" is unknown here'), ('{"items": []}', 'rows: source "items" is unknown here'), ('{"memberships": []}', '%unknown here'), ('{"by_hand": []}', '%unknown here'),
  ('{"orders": [{"totl": 1}]}', 'orders[0]: column "totl" of "orders" does not exist'), ('{"orders": [{}, {"items": [{"quantity": 1}, {"sku": 2}]}]}', 'orders[1].items[1]: column "sku" of "items" does not exist'),
  ('{"orders": [{"net": 1}]}', 'orders[0]: column "net" of "orders" is computed'), ('{"orders": {"total": 1}}', 'orders must be an array of rows'), ('{"orders": [1]}', 'orders[0] must be an object'), ('[]', 'rows must be an object%'),
  ('{"orders": [{}, {"items": [{"quantity": "two"}]}]}', 'orders[1].items[0].quantity: invalid input syntax for type integer: "two"'), ('{"orders": [{"total": 1e12}]}', 'orders[0].total: numeric field overflow'),
  ('{"orders": [{"id": null, "items": [{}]}]}', 'orders[0]: "id" is missing, by which rows of "items" belong to it')) AS e (g, m);
SELECT throws_ok($$SELECT * FROM segmentation.what_if(3, '{"orders": [{"totl": 1}]}')$$, '42703');
SELECT throws_ok($$SELECT * FROM segmentation.what_if(3, '{"orders": [{"paid": "perhaps"}]}')$$, '22P02');
SELECT throws_ok($$SELECT * FROM segmentation.what_if(3, '{"items": []}')$$, '22023');
SELECT throws_ok($$SELECT * FROM segmentation.what_if(999, '{}')$$, '23503', 'customer "999" does not exist', 'an unknown customer');
SELECT throws_ok($$SELECT * FROM segmentation.what_if('x', '{}')$$, '23503', 'customer "x" does not exist', 'what is no key');
SELECT throws_ok($$SELECT * FROM segmentation.what_if(3, NULL)$$, '22004', NULL, 'no rows');
SELECT finish();
