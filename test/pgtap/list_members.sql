-- list_members: page after page it tells all members once, by key or as the rule orders them, as they are at now().
SET client_min_messages = warning;
SET timezone = 'America/New_York'; -- not the shop's
CREATE TABLE customers (id integer PRIMARY KEY, name text, points numeric, joined date);
CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id integer REFERENCES customers ON DELETE CASCADE, placed timestamptz);
CREATE INDEX ON orders (customer_id);
INSERT INTO customers SELECT i, 'c' || i % 7, nullif(i % 5, 0), DATE '2020-01-01' + i % 3 FROM generate_series(1, 40) AS i;
INSERT INTO orders (customer_id, placed) SELECT i, now() - interval '2 h' FROM generate_series(2, 40, 2) AS i;
SELECT segmentation.bind_customers('customers', timezone => 'Europe/Sofia') \g /dev/null
SELECT segmentation.bind_source('orders', 'orders', 'customer_id', date => 'placed') \g /dev/null
SELECT no_plan();

SET client_min_messages = error; -- nothing looks at the clock here, and LIMIT is told
SELECT segmentation.create_segment(n, r) FROM (VALUES
  ('most', 'id > 3'), ('quiet', 'orders NOT MATCHES (date > -1h)'),
  ('ranked', 'FROM customers SHOW points, name WHERE id > 3 ORDER BY points DESC, joined'),
  ('first', 'FROM customers SHOW name WHERE id > 3 LIMIT 12'), ('best', 'id > 3 ORDER BY points DESC LIMIT 12'),
  ('active', 'orders MATCHES () ORDER BY name DESC')) AS s (n, r) \g /dev/null
SELECT segmentation.create_group('press') \g /dev/null
SELECT segmentation.add_members('press', ARRAY[5, 7, 9]) \g /dev/null
SET client_min_messages = warning;

-- Returns who is told page after page.
CREATE FUNCTION walk(name text, lim integer) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
  seen  integer[] := '{}';
  page  integer[];
BEGIN
  LOOP
    page := ARRAY(SELECT l.customer FROM segmentation.list_members(name, seen[cardinality(seen)], lim) AS l);
    seen := seen || page;
    EXIT WHEN cardinality(page) < lim OR cardinality(seen) > 1000;
  END LOOP;
  RETURN seen;
END $$;
-- Returns where page after page differs from what a query tells.
CREATE FUNCTION differs(name text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  wanted integer[];
BEGIN
  EXECUTE format('SELECT ARRAY(%s)', query) INTO wanted;
  RETURN QUERY SELECT format('by %s: %s, not %s', l, walk(name, l), wanted) FROM unnest('{1,2,3,12,1000}'::integer[]) AS l WHERE walk(name, l) <> wanted;
END $$;

SELECT is_empty($$SELECT differs('most', 'SELECT id FROM customers WHERE id > 3 ORDER BY id')$$, 'by key');
SELECT is_empty($$SELECT differs('press', 'VALUES (5), (7), (9)')$$, 'a group, which has no rule');
SELECT is_empty($$SELECT differs('ranked', 'SELECT id FROM customers WHERE id > 3 ORDER BY points DESC NULLS LAST, joined, id')$$, 'in the order of the rule, what is missing last');
SELECT is_empty($$SELECT differs('first', 'SELECT id FROM customers WHERE id > 3 ORDER BY id LIMIT 12')$$, 'within LIMIT');
SELECT is_empty($$SELECT differs('best', 'SELECT id FROM customers WHERE id > 3 ORDER BY points DESC NULLS LAST, id LIMIT 12')$$, 'within LIMIT in an order');
SELECT results_eq($$SELECT l.customer FROM segmentation.list_members('ranked') AS l$$, $$SELECT id FROM segments.ranked AS v JOIN customers AS c USING (id)$$,
  'as the view orders them');
SELECT is((SELECT count(*) FROM segmentation.list_members('most')), 37::bigint, 'a hundred at most, unless said');
SELECT is((SELECT string_agg(l.customer::text, ',') FROM segmentation.list_members('most', '38') AS l), '39,40', 'a key by an untyped literal');
SELECT is((SELECT string_agg(l.customer::text, ',') FROM segmentation.list_members('MOST', 38::smallint, 1) AS l), '39', 'or any integer');
SELECT is_empty($$SELECT FROM segmentation.list_members('most', 99999999999)$$, 'behind a number too large for a key is nobody');
SELECT is((SELECT count(*) FROM segmentation.list_members('most', -99999999999)), 37::bigint, 'and behind one too small everybody');
SELECT is((SELECT string_agg(l.customer::text, ',') FROM segmentation.list_members('most', 37) AS l), '38,39,40', 'behind a customer who need not be a member');
SELECT is((SELECT string_agg(l.customer::text, ',') FROM segmentation.list_members('most', 3, 1) AS l), '4', 'nor is she told');
SELECT is_empty($$SELECT FROM segmentation.list_members('best', 1)$$, 'whose place in the order is by her own values: there the LIMIT has ended');
SELECT is((SELECT string_agg(l.customer::text, ',') FROM segmentation.list_members('ranked', 3, 2) AS l),
  (SELECT string_agg(id::text, ',') FROM (SELECT id FROM customers, (SELECT points, joined FROM customers WHERE id = 3) AS a (p, j)
     WHERE id > 3 AND (points < p OR points IS NULL OR points = p AND (joined, id) > (j, 3)) ORDER BY points DESC NULLS LAST, joined, id LIMIT 2) AS page), 'without one others come');
SELECT is_empty($$SELECT FROM segmentation.list_members('most', lim => 0)$$, 'nobody where nobody is asked for');

-- Values.
SELECT is((SELECT l.values FROM segmentation.list_members('ranked', lim => 1) AS l), '{"points": 4, "name": "c2"}', 'the columns of SHOW');
SELECT is((SELECT l.values FROM segmentation.list_members('most', lim => 1) AS l), '{}', 'none without SHOW');
SELECT is((SELECT l.values FROM segmentation.list_members('most', lim => 1, columns => '{JOINED,orders}') AS l), '{"JOINED": "2020-01-02", "orders": 1}', 'or those that are named');
SELECT is((SELECT l.values FROM segmentation.list_members('ranked', lim => 1, columns => '{}') AS l), '{}', 'or none of these');
SELECT results_eq($$SELECT l.customer, l.entered_at FROM segmentation.list_members('most') AS l$$,
  $$SELECT m.customer_id, m.entered_at FROM segmentation.membership AS m WHERE m.segment_id = segmentation._segment_id('most') ORDER BY 1$$, 'since when');

-- As they are at now(): this transaction's own changes,
BEGIN;
UPDATE customers SET points = 100 WHERE id IN (4, 20);
DELETE FROM customers WHERE id IN (5, 6, 40);
INSERT INTO customers SELECT i, 'new', 3, '2020-01-01' FROM unnest('{41,42,43}'::integer[]) AS i;
INSERT INTO orders (customer_id, placed) VALUES (7, now()), (42, now());
UPDATE customers SET id = 2 + 100 WHERE id = 39;
SELECT is_empty($$SELECT differs('most', 'SELECT id FROM customers WHERE id > 3 ORDER BY id')$$, 'this transaction''s changes, by key');
SELECT is_empty($$SELECT differs('first', 'SELECT id FROM customers WHERE id > 3 ORDER BY id LIMIT 12')$$, 'within LIMIT');
SELECT is_empty($$SELECT differs('ranked', 'SELECT id FROM customers WHERE id > 3 ORDER BY points DESC NULLS LAST, joined, id')$$, 'in an order');
SELECT is_empty($$SELECT differs('best', 'SELECT id FROM customers WHERE id > 3 ORDER BY points DESC NULLS LAST, id LIMIT 12')$$, 'and both');
SELECT is_empty($$SELECT differs('active', 'SELECT c.id FROM customers AS c WHERE EXISTS (SELECT FROM orders AS o WHERE o.customer_id = c.id) ORDER BY c.name DESC, c.id')$$, 'of rows');
SELECT is((SELECT array_agg(l.customer) FROM segmentation.list_members('most') AS l WHERE l.entered_at IS NULL), '{41,42,43,102}', 'who is not stored yet has no instant');
SELECT throws_ok($$SELECT FROM segmentation.list_members('ranked', 40)$$, '23503', 'customer "40" does not exist', 'where there is an order, one who is gone has no place');
ROLLBACK;
BEGIN;
TRUNCATE orders;
INSERT INTO orders (customer_id, placed) VALUES (8, now()), (3, now());
SELECT is((SELECT count(*) FROM segmentation._news() AS n WHERE n IS NULL), 1::bigint, 'everyone may have changed');
SELECT is_empty($$SELECT differs('quiet', 'SELECT id FROM customers WHERE id NOT IN (3, 8) ORDER BY id')$$, 'everyone, by key');
SELECT is_empty($$SELECT differs('active', 'SELECT id FROM customers WHERE id IN (3, 8) ORDER BY name DESC, id')$$, 'and in an order');
ROLLBACK;
-- and what time has changed.
INSERT INTO orders (customer_id, placed) SELECT i, now() - interval '1 hour' + interval '1 s' FROM generate_series(1, 39, 3) AS i;
SELECT is_empty($$SELECT differs('quiet', 'SELECT id FROM customers WHERE id % 3 <> 1 OR id = 40 ORDER BY id')$$, 'before');
SELECT pg_sleep(1.2) \g /dev/null
SELECT is((SELECT count(*) FROM segmentation.membership AS m WHERE m.segment_id = segmentation._segment_id('quiet')), 27::bigint, 'the clock has not looked');
SELECT is_empty($$SELECT differs('quiet', 'SELECT id FROM customers ORDER BY id')$$, 'after');
CALL segmentation.tick();
SELECT is_empty($$SELECT differs('quiet', 'SELECT id FROM customers ORDER BY id')$$, 'and when it has looked');

-- A page by key reads itself only, however many come behind.
CREATE FUNCTION rows_read() RETURNS bigint LANGUAGE sql VOLATILE AS
  $$SELECT sum(pg_stat_get_xact_tuples_returned(c.oid))::bigint FROM pg_class AS c WHERE c.relname ~ '^membership(_pkey|_customer_id_idx|)$'$$;
INSERT INTO customers SELECT i, 'c', 1, NULL FROM generate_series(1000, 6000) AS i;
VACUUM ANALYZE segmentation.membership;
BEGIN; -- within one, counts are not sent away
SELECT rows_read() AS before \gset
SELECT count(*) FROM segmentation.list_members('most', 3000, 10) \g /dev/null
SELECT is(rows_read() - :before, 10::bigint, 'a page of ten reads ten of thousands of rows');
ROLLBACK;
DELETE FROM customers WHERE id >= 1000;

-- Who moved: the next page begins where she stands now.
SELECT is((SELECT array_agg(l.customer) FROM segmentation.list_members('active', lim => 3) AS l), ARRAY(SELECT c.id FROM customers AS c
  WHERE EXISTS (SELECT FROM orders AS o WHERE o.customer_id = c.id) ORDER BY c.name DESC, c.id LIMIT 3), 'a first page');
UPDATE customers SET name = 'a' WHERE id = (SELECT max(l.customer) FROM segmentation.list_members('active', lim => 3) AS l);
SELECT is_empty($$SELECT FROM segmentation.list_members('active', (SELECT id FROM customers WHERE name = 'a'))$$, 'who became the last has nobody behind her');

-- Mistakes.
SELECT throws_ok($$SELECT FROM segmentation.list_members('moist')$$, '42704', 'segment "moist" does not exist', 'an unknown segment');
SELECT throws_ok($$SELECT FROM segmentation.list_members('most', 'x')$$, '22P02', '"x" is no key of a customer', 'what is no key');
SELECT throws_ok($$SELECT FROM segmentation.list_members('most', lim => 10001)$$, '22023', 'lim must be between 0 and 10000, not 10001', 'too many');
SELECT throws_ok($$SELECT FROM segmentation.list_members('most', lim => NULL)$$, '22023', 'lim must be between 0 and 10000, not null', 'or no number');
SELECT throws_ok($$SELECT FROM segmentation.list_members('most', columns => '{nme}')$$, '42703', 'attribute "nme" does not exist', 'an unknown column');
SELECT throws_ok($$SELECT FROM segmentation.list_members('most', columns => ARRAY['name, (SELECT 1)'])$$, '42601', NULL, 'no SQL');

-- As drivers call them: parameters without a type, and of type varchar.
PREPARE untyped AS SELECT l.customer FROM segmentation.list_members($1, $2, $3, $4) AS l;
SELECT results_eq($$EXECUTE untyped('most', '38', '1', '{name}')$$, ARRAY[39], 'untyped parameters');
SELECT results_eq($$EXECUTE untyped('most', NULL, '1', NULL)$$, ARRAY[4], 'of which one is null');
PREPARE typed(varchar, varchar, integer) AS SELECT l.customer FROM segmentation.list_members($1, $2, $3) AS l;
SELECT results_eq($$EXECUTE typed('most', '38', 1)$$, ARRAY[39], 'parameters of type varchar');

-- Whose rights.
CREATE ROLE pager;
SELECT segmentation.grant_access('pager', 'read') \g /dev/null
SET ROLE pager;
SELECT is((SELECT count(*) FROM segmentation.list_members('most', lim => 5)), 5::bigint, 'who may read members pages through them');
SELECT throws_ok($$SELECT FROM segmentation.list_members('most', columns => '{name}')$$, '42501', 'permission denied for table customers', 'values are read by his own rights');
SELECT throws_ok($$SELECT FROM segmentation.list_members('ranked')$$, '42501', 'permission denied for table customers', 'and so is what puts them in order');
RESET ROLE;
GRANT SELECT ON customers TO pager;
SET ROLE pager;
SELECT is((SELECT l.values FROM segmentation.list_members('most', lim => 1, columns => '{name}') AS l), '{"name": "c4"}', 'which he may have');
RESET ROLE;
DROP OWNED BY pager;
DROP ROLE pager;

-- Keys that are texts, in the order that they have in the shop's table.
SELECT segmentation.drop_segment(name, true) FROM segmentation.segments WHERE name IN (SELECT name FROM segmentation.segments) \g /dev/null
SELECT segmentation.unbind('orders') \g /dev/null
CREATE TABLE people (id text COLLATE "C" PRIMARY KEY, city text);
INSERT INTO people VALUES ('a', 'x'), ('B', 'x'), ('Č', 'y'), ('d''', NULL), ('E e', 'x'), ('f\', 'z');
SELECT segmentation.bind_customers('people', timezone => 'UTC', replace => true) \g /dev/null
SELECT segmentation.create_segment('all', 'city IS NULL OR city IS NOT NULL'), segmentation.create_segment('by city', 'city IS NULL OR city IS NOT NULL ORDER BY city') \g /dev/null
CREATE FUNCTION walk_text(name text, lim integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  seen text[] := '{}';
  page text[];
BEGIN
  LOOP
    page := ARRAY(SELECT l.customer FROM segmentation.list_members(name, seen[cardinality(seen)], lim) AS l);
    seen := seen || page;
    EXIT WHEN cardinality(page) < lim OR cardinality(seen) > 100;
  END LOOP;
  RETURN array_to_string(seen, ',');
END $$;
SELECT is(walk_text('all', l), 'B,E e,a,d'',f\,Č', 'texts by their own order, by ' || l) FROM unnest('{1,4,9}'::integer[]) AS l;
SELECT is(walk_text('by city', l), 'B,E e,a,Č,f\,d''', 'and in another, by ' || l) FROM unnest('{1,4,9}'::integer[]) AS l;
BEGIN;
INSERT INTO people VALUES ('C', 'x'), ('~', 'y');
DELETE FROM people WHERE id = 'a';
SELECT is(walk_text('all', l), 'B,C,E e,d'',f\,~,Č', 'with this transaction''s changes, by ' || l) FROM unnest('{1,4,9}'::integer[]) AS l;
SELECT is(walk_text('by city', l), 'B,C,E e,~,Č,f\,d''', 'in another, by ' || l) FROM unnest('{1,4,9}'::integer[]) AS l;
ROLLBACK;
SELECT * FROM finish();
