-- Columns that are generated when they are read (PostgreSQL 18): the rows that triggers see have none, so nothing may be judged by
-- them; a table that has some is bound and kept as any other.
SET client_min_messages = warning;
SELECT current_setting('server_version_num')::integer >= 180000 AS has_them \gset
\if :has_them
SELECT no_plan();
\o /dev/null
CREATE TABLE customers (id integer PRIMARY KEY, city text, loud text GENERATED ALWAYS AS (upper(city)) VIRTUAL);
CREATE TABLE statuses (code text PRIMARY KEY, paid boolean, unpaid boolean GENERATED ALWAYS AS (NOT paid) VIRTUAL);
CREATE TABLE orders (
  id integer PRIMARY KEY, buyer text NOT NULL, status text, total numeric NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
  twice numeric GENERATED ALWAYS AS (total * 2) VIRTUAL,
  customer_id integer GENERATED ALWAYS AS (nullif(total, 0)::integer) VIRTUAL,
  day date GENERATED ALWAYS AS ((created_at AT TIME ZONE 'UTC')::date) VIRTUAL,
  key text GENERATED ALWAYS AS (status) VIRTUAL);
CREATE INDEX ON orders (status);
INSERT INTO customers SELECT i, CASE WHEN i % 2 = 0 THEN 'Sofia' ELSE 'Varna' END FROM generate_series(1, 20) AS i;
INSERT INTO statuses VALUES ('paid', true), ('open', false);
INSERT INTO orders SELECT i, 'c' || 1 + i % 20, 'paid', i FROM generate_series(1, 60) AS i;
SELECT segmentation.bind_customers('customers', key => 'id');
\o

-- As key, date, value.
CREATE FUNCTION message_of(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  EXECUTE call;
  RETURN 'none';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' / ', SQLSTATE, SQLERRM, hint);
END $$;
SELECT is(message_of($$SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'created_at')$$),
  '0A000 / column "customer_id" of public.orders is generated when it is read / Make it STORED, or give its expression to '
  'segmentation.bind_column and name that column.', 'as key');
SELECT segmentation.bind_source('orders', 'orders', key => 'id', date => 'created_at') \g /dev/null
SELECT throws_ok($$SELECT segmentation.bind_source('orders', 'orders', key => 'id', date => 'day', replace => true)$$,
  '0A000', 'column "day" of public.orders is generated when it is read', 'as date');
SELECT throws_ok($$SELECT segmentation.bind_lookup('statuses', 'statuses', of => 'orders', key => 'key')$$,
  '0A000', 'column "key" of public.orders is generated when it is read', 'as key of a lookup');

-- In expressions: a row's own, under both its names, and a lookup's.
SELECT segmentation.bind_lookup('statuses', 'statuses', of => 'orders', key => 'status') \g /dev/null
SELECT is(message_of($$SELECT segmentation.bind_column('orders', 'four', 'twice * 2')$$),
  '0A000 / computed column "four" of "orders": column "twice" of public.orders is generated when it is read / Make it STORED, or '
  'write its expression here.', 'a row''s own');
SELECT throws_ok($$SELECT segmentation.bind_column('orders', 'four', 'orders.twice * 2')$$, '0A000',
  'computed column "four" of "orders": column orders.twice is generated when it is read', 'by the row''s name');
SELECT throws_ok($$SELECT segmentation.bind_column('orders', 'lost', 'statuses.unpaid')$$, '0A000',
  'computed column "lost" of "orders": column statuses.unpaid is generated when it is read', 'a lookup''s');
SELECT throws_ok($$SELECT segmentation.bind_column('orders', 'lost', 'unpaid')$$, '0A000',
  'computed column "lost" of "orders": column "unpaid" of public.statuses is generated when it is read', 'a lookup''s, by its name alone');
SELECT lives_ok($$SELECT segmentation.bind_column('orders', 'done', 'statuses.paid')$$, 'what is stored beside it may be read');
SELECT throws_ok($$SELECT segmentation.bind_column('orders', 'four', 'nowhere * 2')$$, '42703',
  'computed column "four" of "orders": column "nowhere" does not exist', 'another that does not exist');

-- The rows' owner by a computed column: images of rows become rows again, without what is generated.
SELECT segmentation.bind_column('orders', 'customer', $$substr(buyer, 2)::integer$$) \g /dev/null
SELECT segmentation.bind_source('orders', 'orders', key => 'customer', date => 'created_at', replace => true) \g /dev/null

-- In rules.
SELECT is(message_of($$SELECT segmentation.create_segment('loud', 'loud = ''SOFIA''')$$),
  '0A000 / column "loud" of "customers" is generated when it is read, and rules cannot use it / Make it STORED, or give its '
  'expression to segmentation.bind_column.', 'a customer''s');
SELECT throws_ok(format('SELECT segmentation.count_matching(%L)', rule), '0A000',
  format('column "%s" of "%s" is generated when it is read, and rules cannot use it', name, relation), rule)
FROM (VALUES ('customers.loud IS NOT NULL', 'loud', 'customers'), ('orders MATCHES (twice > 5)', 'twice', 'orders'),
             ('orders MATCHES (sum_twice > 5)', 'twice', 'orders'), ('sum(orders.twice) > 5', 'twice', 'orders'),
             ('orders MATCHES (statuses.unpaid)', 'unpaid', 'statuses'), ('orders MATCHES (unpaid)', 'unpaid', 'statuses'))
  AS r(rule, name, relation);
SELECT is_empty($$SELECT completion FROM segmentation.suggest('l') WHERE completion ~ 'loud'$$, 'no word to complete is one');

-- What is stored is kept as in any table.
SELECT segmentation.create_segment('spent', 'sum(orders.total MATCHES (statuses.paid)) >= 100') \g /dev/null
SELECT segmentation.create_segment('sofia', 'city = ''Sofia''') \g /dev/null
SELECT is_empty('SELECT * FROM segmentation.verify()', 'as built');
INSERT INTO orders VALUES (100, 'c7', 'paid', 500), (101, 'c8', 'open', 500);
UPDATE orders SET total = 200, buyer = 'c9' WHERE id = 50;
DELETE FROM orders WHERE id = 60;
UPDATE statuses SET paid = NOT paid;
UPDATE customers SET city = 'Sofia' WHERE id = 3;
SELECT is_empty('SELECT * FROM segmentation.verify()', 'as kept');
SELECT set_eq($$SELECT m.customer_id FROM segmentation.membership AS m JOIN segmentation.segment AS s ON s.id = m.segment_id
  WHERE s.name = 'spent'$$, ARRAY[8], 'who spent');
-- Columns that a rule and a binding need become such behind our back: the shop goes on.
SET event_triggers = off;
ALTER TABLE customers DROP COLUMN city CASCADE, ADD COLUMN city text GENERATED ALWAYS AS ('Sofia') VIRTUAL;
SELECT lives_ok('INSERT INTO customers (id) VALUES (21)', 'the shop goes on where a rule''s column is one');
ALTER TABLE orders DROP COLUMN created_at CASCADE, ADD COLUMN created_at timestamptz GENERATED ALWAYS AS ('2026-01-01 00:00Z') VIRTUAL;
SELECT throws_ok($$SELECT segmentation.count_matching('orders MATCHES (count > 1)')$$, '0A000',
  'column "created_at" of binding "orders" is generated when it is read', 'a date that is one by now');
SELECT lives_ok($$INSERT INTO orders VALUES (102, 'c7', 'paid', 5)$$, 'the shop goes on there, too');
SELECT finish();
\else
SELECT plan(1);
SELECT skip('needs virtual generated columns, of PostgreSQL 18', 1);
\endif
