-- What explain says of one customer: rows, what is missing, when time changes it, words by hand, segments inside rules, segments being built.
\set QUIET 1
SET client_min_messages = warning;
SET timezone = 'Europe/Sofia';
CREATE TABLE customers (id bigint PRIMARY KEY, name text, city text, credit numeric(10,2), registered timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, total numeric(10,2), status text, created_at timestamptz);
CREATE TABLE items (order_id bigint, line integer, category text, PRIMARY KEY (order_id, line));
CREATE TABLE visits (customer_id bigint, at timestamptz);
CREATE TABLE tags (customer_id bigint, tag text);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON visits (customer_id);
CREATE INDEX ON tags (customer_id);
INSERT INTO customers VALUES (1, 'Anna', 'Sofia', 12.50, now() - interval '10 days'), (2, 'Boris', NULL, NULL, now());
INSERT INTO orders SELECT 1000 + g, 1, 3.5, CASE WHEN g <= 20 THEN 'paid' ELSE 'open' END, now() - g * interval '9 days' FROM generate_series(1, 25) AS g;
INSERT INTO items VALUES (1001, 1, 'Shoes'), (1001, 2, 'Bags'), (1003, 1, 'Shoes');
INSERT INTO visits VALUES (1, now() - interval '1 day'), (1, now() - interval '2 days');
INSERT INTO tags VALUES (1, 'News'), (1, 'Gold');
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia');
SELECT segmentation.bind_source('orders', 'orders', key => 'customer_id', date => 'created_at');
SELECT segmentation.bind_source('items', 'items', key => 'order_id', of => 'orders');
SELECT segmentation.bind_source('visits', 'visits', key => 'customer_id', date => 'at');
SELECT segmentation.bind_set('tags', 'tags', key => 'customer_id', value => 'tag');
SELECT plan(55);

-- One line: the condition, what was found, whether it holds, what is missing and which rows count.
CREATE FUNCTION said(rule text, customer bigint, line integer DEFAULT 1) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' | ', e.condition, e.actual, CASE WHEN e.holds THEN 'yes' ELSE 'no' END, e.missing, e.rows::text)
  FROM segmentation.explain(rule, customer) WITH ORDINALITY AS e(depth, condition, actual, holds, missing, rows, changes_at, n) WHERE n = line $$;
CREATE FUNCTION missing(rule text, customer bigint) RETURNS text LANGUAGE sql AS $$
  SELECT e.missing FROM segmentation.explain(rule::segmentation.rule, customer) AS e LIMIT 1 $$;

-- Rows by their keys.
SELECT is((SELECT e.rows FROM segmentation.explain('count(orders) > 3', 1) AS e)::text,
  (ARRAY(SELECT (1000 + g)::text FROM generate_series(1, 20) AS g) || '... 5 more'::text)::text, 'rows are the newest twenty, and how many more');
SELECT is(said('orders MATCHES (status = ''open'', date < -200d)', 1), 'orders MATCHES (status = ''open'', date < -200d) | 3 | yes | {1023,1024,1025}', 'of orders their keys');
SELECT is(said('items MATCHES (category = ''Shoes'')', 1), 'items MATCHES (category = ''Shoes'') | 2 | yes | {1001/1,1003/1}', 'of items below orders their own, of two columns');
SELECT is(said('visits MATCHES (count >= 3)', 1), 'visits MATCHES (count >= 3) | 2 | no | one more visit | {"2 without a key"}', 'rows without a key say so');
SELECT is(said('items MATCHES (category = ''Boots'')', 1), 'items MATCHES (category = ''Boots'') | 0 | no | one item with category = ''Boots'' | {}', 'there may be none');
SELECT is(said('list(orders.status) CONTAINS ALL (''paid'', ''lost'')', 2), 'list(orders.status) CONTAINS ALL (''paid'', ''lost'') | none | no | ''lost'' in the list and ''paid'' in the list | {}', 'an empty list');
SELECT is(said('city = ''Varna''', 2), 'city = ''Varna'' | missing | no | city = ''Varna''', 'what is missing is said to be');

-- What is missing.
SELECT is(missing('sum(orders.total) >= 100', 1), '12.50 more', 'money as money');
SELECT is(missing('sum(orders.total) > 100', 1), '12.51 more', 'the next cent');
SELECT is(missing('count(orders) >= 26', 1), 'one more order', 'one more order');
SELECT is(missing('count(orders) >= 26 OR sum(orders.total) >= 100', 1), 'one more order, or 12.50 more', 'of OR either');
SELECT is(missing('count(orders) >= 27 AND sum(orders.total) >= 100 AND credit > 1', 1), '2 more orders and 12.50 more', 'of AND all that do not hold');
SELECT is(missing('city = ''Varna'' AND (count(orders) > 25 OR sum(orders.total) > 100)', 1), 'city = ''Varna'' and (one more order, or 12.51 more)', 'nested');
SELECT is(missing('count(orders) < 20', 1), '6 fewer orders', 'too many');
SELECT is(missing('orders NOT MATCHES (status = ''open'', total > 3)', 1), '5 fewer orders with status = ''open'', total > 3', 'rows that would have to go');
SELECT is(missing('NOT (count(orders) >= 25 AND city = ''Sofia'')', 1), 'one fewer order, or NOT city = ''Sofia''', 'NOT turns it round');
SELECT is(missing('NOT (count(orders) > 30 OR city = ''Sofia'')', 1), 'NOT city = ''Sofia''', 'and names what stands in the way');
SELECT is(missing('count(orders) < 0', 1), NULL, 'nothing, where nothing would do');
SELECT is(missing('credit BETWEEN 20 AND 30', 1), '7.50 more credit', 'below a range');
SELECT is(missing('credit BETWEEN 1 AND 10', 1), '2.50 less credit', 'above one');
SELECT is(missing('credit = 20', 1), '7.50 more credit', 'equality');
SELECT is(missing('credit > 20', 2), 'credit > 20', 'of a value that is missing the condition');
SELECT is(missing('avg(orders.total) >= 5', 1), '1.5 more in avg(orders.total)', 'averages');
SELECT is(missing('items MATCHES (distinct_category >= 4)', 1), '2 more different values of category', 'different values');
SELECT is(missing('orders MATCHES (days >= 26)', 1), 'one more day of orders', 'days');
SELECT is(missing('tags CONTAINS ALL (''gold'', ''vip'')', 1), '''vip'' in tags', 'of several tags those that are not there');
SELECT is(missing('tags NOT CONTAINS ''gold''', 1), 'no ''gold'' in tags', 'tags that are in the way');
SELECT is(missing('registered < -30d', 1), '21 more days', 'days to wait');
SELECT is(missing('registered >= -5d', 1), '5 days later', 'a date that is too old, by whole days');
SELECT is(missing('last(orders.created_at) >= -5d', 1), format('one more order since %s', (now() AT TIME ZONE 'Europe/Sofia')::date - 5), 'a last order that is too old');

-- When time alone changes it: the instant, not the first one at which it might.
SELECT is((SELECT e.changes_at FROM segmentation.explain('orders MATCHES (date >= -100d, count >= 5)', 1) AS e),
  (((now() - interval '45 days') AT TIME ZONE 'Europe/Sofia')::date + 101)::timestamp AT TIME ZONE 'Europe/Sofia', 'when the fifth youngest leaves, six others having left before');
SELECT is((SELECT e.changes_at FROM segmentation.explain('orders MATCHES (date >= -100d, count >= 50)', 1) AS e), NULL, 'never, though rows leave');
SELECT is((SELECT e.changes_at FROM segmentation.explain('age(registered) >= 0', 1) AS e), NULL, 'never, where she is old enough');
SELECT is((SELECT (e.changes_at AT TIME ZONE 'Europe/Sofia')::date FROM segmentation.explain('age(registered) < 1', 1) AS e), (((now() - interval '10 days') AT TIME ZONE 'Europe/Sofia')::date + interval '1 year')::date,
  'when she is too old');
SELECT is((SELECT e.changes_at FROM segmentation.explain('registered < -30d AND credit > 100', 1) AS e LIMIT 1), NULL, 'never, where another condition decides');

-- Segments inside rules, words by hand.
SELECT segmentation.create_segment('rich', 'sum(orders.total) >= 100');
SELECT segmentation.create_segment('dear', 'credit > 100');
SELECT segmentation.create_group('press');
SELECT segmentation.add_members('dear', 1, 'a friend');
SELECT segmentation.remove_members('dear', 2);
SELECT is(missing('segments CONTAINS ''rich''', 1), 'segment ''rich'' (12.50 more)', 'what a segment lacks is missing');
SELECT is(said('segments CONTAINS ''rich'' OR city IS NULL', 1, 3), 'in segment "rich": sum(orders.total) >= 100 | 87.50 | no | 12.50 more | {' ||
  (SELECT string_agg((1000 + g)::text, ',') FROM generate_series(1, 20) AS g) || ',"... 5 more"}', 'its conditions are told below');
SELECT is(missing('segments CONTAINS ''press''', 1), 'segments CONTAINS ''press''', 'of a group nothing but itself');
SELECT is(said('segments CONTAINS ''press''', 1, 2), 'in segment "press": not put in by hand | no', 'and that she is not in it');
SELECT is(missing('NOT segments CONTAINS ''dear''', 1), 'not segment ''dear'' (not put in by hand)', 'a word by hand may stand in the way');
SELECT is(said('segments CONTAINS ''dear''', 1, 2), format('in segment "dear": put in by hand by %s (a friend) | yes', session_user), 'who said it, and why');
SELECT is(said('segments CONTAINS ''dear''', 1, 3), 'in segment "dear": credit > 100 | 12.50 | no | 87.51 more credit', 'beside what the rule says');
SELECT is(said('dear', 2), format('kept out by hand by %s | no', session_user), 'kept out');

-- A segment whose members are being written.
SELECT segmentation.create_segment('slow', 'credit > 5', wait => false);
SELECT is(said('slow', 1), 'credit > 5 | 12.50 | yes', 'a segment being built is explained');
SELECT is(said('slow', 1, 2), 'being built: its members are not all written yet | no', 'and says that it is, and that she is no member yet');
CALL segmentation.build_segment('slow');
SELECT is(said('slow', 1, 2), NULL, 'until it is done');
SELECT segmentation.alter_segment('slow', 'credit > 50', wait => false);
SELECT is(said('slow', 1), 'credit > 5 | 12.50 | yes', 'a segment being altered goes by its old rule');
SELECT is(said('slow', 1, 2), 'being altered: it will have the rule credit > 50 | yes', 'and tells the new one');

-- Whom and what.
SELECT throws_ok($$SELECT * FROM segmentation.explain('rich', 99)$$, '23503', 'customer "99" does not exist');
SELECT throws_ok($$SELECT * FROM segmentation.explain('nobody knows', 1)$$, '42601');
SELECT is((SELECT count(*) FROM segmentation.explain('rich', '1'::text)), 1::bigint, 'a key as text');
SELECT is_empty($$SELECT c.id, t FROM customers AS c, unnest(ARRAY['count(orders) > 3', 'NOT tags CONTAINS ''gold''', 'segments CONTAINS ANY (''rich'', ''dear'')',
  'city IS NULL OR credit < 100', 'orders MATCHES (date >= -7d) AND visits NOT MATCHES (date < -3d)']) AS t, segmentation.explain(t::segmentation.rule, c.id) AS e
  WHERE e.depth = 0 AND e.holds <> segmentation.matches(t::segmentation.rule, c.id)$$, 'the first line is what matches says');
SELECT is_empty($$SELECT e.condition FROM customers AS c, unnest(ARRAY['count(orders) > 3 AND city = ''x''', 'segments CONTAINS ''rich'' OR credit < 1']) AS t,
  segmentation.explain(t, c.id) AS e WHERE e.holds = (e.missing IS NOT NULL)$$, 'something is missing of what does not hold, and of nothing else');
SELECT is(left(said(format('name = %L', repeat('x', 500)), 1), 7), 'name = ', 'long texts');
UPDATE customers SET name = repeat('ü', 500) WHERE id = 2;
SELECT is((SELECT e.actual FROM segmentation.explain('name = ''x''', 2) AS e), repeat('ü', 100) || '...', 'are cut between two characters');
SELECT * FROM finish();
